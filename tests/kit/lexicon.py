"""What the recordings of each sound pack say, written down from hearing and from their transcripts.

Only what numbers, times, dates and counts are made of. With it a test reads names of prompts as the
sentence that a person hears, and compares it with what a grammar book says.
"""

from app.phone.sound import prompts, translations


def _below_digits(said: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in said.split())
    return {f"digits/{name}": words.replace("_", " ") for name, _, words in pairs}


def _series(prefix: str, said: str, first: int = 0) -> dict[str, str]:
    return {f"digits/{prefix}{n}": w for n, w in enumerate(said.split(), start=first)}


_TENS = range(20, 100, 10)


def _tens(said: str) -> dict[str, str]:
    return {f"digits/{n}": word for n, word in zip(_TENS, said.split(), strict=True)}


ENGLISH = (
    _series(
        "",
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen",
    )
    | _tens("twenty thirty forty fifty sixty seventy eighty ninety")
    | _series(
        "h-",
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
        " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
        1,
    )
    | _series(
        "mon-",
        "January February March April May June July August September October November December",
    )
    | _series("day-", "Sunday Monday Tuesday Wednesday Thursday Friday Saturday")
    | _below_digits(
        "h-30=thirtieth hundred=hundred thousand=thousand at=at oclock=o'clock oh=oh a-m=a.m."
        " p-m=p.m. today=today yesterday=yesterday"
    )
    | {
        "vm-youhave": "you have",
        "vm-no": "no",
        "vm-INBOX": "new",
        "vm-Old": "old",
        "vm-message": "message",
        "vm-messages": "messages",
        "minute": "minute",
        "minutes": "minutes",
        "second": "second",
        "seconds": "seconds",
    }
)

SPANISH = (
    _series(
        "",
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
        " dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés"
        " veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve",
    )
    | _tens("veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa")
    | _series(
        "mon-",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    | _series("day-", "domingo lunes martes miércoles jueves viernes sábado")
    | _below_digits(
        "1M=un 1F=una 20-and=veinti 100-and=ciento hundred=cien 200=doscientos 300=trescientos"
        " 400=cuatrocientos 500=quinientos 600=seiscientos 700=setecientos 800=ochocientos"
        " 900=novecientos thousand=mil and=y at=a_las at_s=a_la h-1=primero es-de=de es-el=el"
        " a-m=a.m. p-m=p.m. today=hoy yesterday=ayer"
    )
    | {
        "vm-youhave": "tiene",
        "vm-youhaveno": "no tiene",
        "vm-INBOXs": "nuevo",
        "vm-INBOX": "nuevos",
        "vm-Olds": "antiguo",
        "vm-Old": "antiguos",
        "vm-message": "mensaje",
        "vm-messages": "mensajes",
        "queue-minute": "minuto",
        "minutes": "minutos",
        "seconds": "segundos",
    }
)

FRENCH = (
    _series(
        "",
        "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze"
        " seize dix-sept dix-huit dix-neuf",
    )
    | _tens(
        "vingt trente quarante cinquante soixante soixante-dix quatre-vingt quatre-vingt-dix"
    )  # an s that is not heard
    | _series(
        "mon-",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    )
    | _series("day-", "dimanche lundi mardi mercredi jeudi vendredi samedi")
    | _below_digits(
        "hundred=cent thousand=mille et=et at=à oclock=heures h-1=premier today=aujourd'hui"
        " yesterday=hier"
    )
    | {
        "vm-youhave": "vous avez",
        "vm-INBOX": "nouveau(x)",
        "vm-Old": "ancien(s)",
        "vm-message": "message",
        "vm-messages": "messages",
        "minute": "minute",
        "minutes": "minutes",
        "seconds": "secondes",
    }
)

ITALIAN = (
    _series(
        "",
        "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici"
        " quattordici quindici sedici diciassette diciotto diciannove",
    )
    | _tens("venti trenta quaranta cinquanta sessanta settanta ottanta novanta")
    | _below_digits(
        "21=ventuno 28=ventotto 31=trentuno 38=trentotto 41=quarantuno 48=quarantotto"
        " 51=cinquantuno 58=cinquantotto 61=sessantuno 68=sessantotto 71=settantuno"
        " 78=settantotto 81=ottantuno 88=ottantotto 91=novantuno 98=novantotto"
        " hundred=cento thousand=mille thousands=mila un=un e=e at=alle hours=ore h-1=primo"
        " minutes=minuti today=oggi yesterday=ieri"
    )
    | _series(
        "mon-",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
        " dicembre",
    )
    | _series("day-", "domenica lunedì martedì mercoledì giovedì venerdì sabato")
    | {
        "vm-youhave": "ha",
        "vm-nuovo": "nuovo",
        "vm-nuovi": "nuovi",
        "vm-vecchio": "vecchio",
        "vm-vecchi": "vecchi",
        "vm-message": "messaggio",
        "vm-messages": "messaggi",
        "queue-minute": "minuto",
        "seconds": "secondi",
    }
)

RUSSIAN = (
    _series(
        "",
        "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать"
        " тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать",
    )
    | _tens("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")
    | _series(
        "mon-",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    )
    | _series("day-", "воскресенье понедельник вторник среда четверг пятница суббота")
    | _below_digits("1n=одно 2n=два hundred=сто thousand=тысяча at=в today=сегодня yesterday=вчера")
    | {
        "vm-youhave": "у вас",
        "vm-no": "нет",
        "vm-newn": "новое",
        "vm-newx": "новых",
        "vm-oldn": "старое",
        "vm-oldx": "старых",
        "vm-message": "сообщение",
        "vm-messagex1": "сообщения",
        "vm-messagex2": "сообщений",
        "queue-minute": "минута",
        "minutes": "минут",
        "hours": "часов",
        "seconds": "секунд",
    }
)

RECORDED = {"en": ENGLISH, "es": SPANISH, "fr": FRENCH, "it": ITALIAN, "ru": RUSSIAN}


def sentence(language: str, names: prompts.Names) -> str:
    """What a person hears of these prompts, in small letters, words by single spaces.

    Recordings come before words that are spoken, as on the box. Raises KeyError for a prompt that
    nothing is known of.
    """
    said = []
    for name in names:
        words = RECORDED[language].get(name) or _spoken(name, language)
        if words is None:
            raise KeyError(name)
        said.append(words)
    return " ".join(said).lower()


def _spoken(name: str, language: str) -> str | None:
    if language == prompts.LANGUAGE:
        return prompts.WORDS.get(name)
    return translations.words(name, language)
