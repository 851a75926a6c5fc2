"""What each language says of numbers, times, dates and counts, against grammar books.

The sentences here were written by hand as people of the language say them, not from the code; where
the language writes a number as one word and the pack says it in pieces, spaces do not count.
"""

from collections.abc import Iterator

import pytest

from app.phone.sound import prompts
from app.phone.sound.grammar import Kind, Noun
from app.phone.sound.languages import grammar_of
from tests.kit.lexicon import sentence
from tests.kit.prompt_names import recorded

LANGUAGES = ("en", "es", "fr", "it", "ru")

# fmt: off
NUMBERS: dict[int, tuple[str, str, str, str, str]] = {
    0: ("zero", "cero", "zéro", "zero", "ноль"),
    1: ("one", "uno", "un", "uno", "один"),
    2: ("two", "dos", "deux", "due", "два"),
    3: ("three", "tres", "trois", "tre", "три"),
    8: ("eight", "ocho", "huit", "otto", "восемь"),
    10: ("ten", "diez", "dix", "dieci", "десять"),
    11: ("eleven", "once", "onze", "undici", "одиннадцать"),
    12: ("twelve", "doce", "douze", "dodici", "двенадцать"),
    15: ("fifteen", "quince", "quinze", "quindici", "пятнадцать"),
    16: ("sixteen", "dieciséis", "seize", "sedici", "шестнадцать"),
    17: ("seventeen", "diecisiete", "dix-sept", "diciassette", "семнадцать"),
    19: ("nineteen", "diecinueve", "dix-neuf", "diciannove", "девятнадцать"),
    20: ("twenty", "veinte", "vingt", "venti", "двадцать"),
    21: ("twenty one", "veintiuno", "vingt et un", "ventuno", "двадцать один"),
    22: ("twenty two", "veintidós", "vingt deux", "ventidue", "двадцать два"),
    23: ("twenty three", "veintitrés", "vingt trois", "ventitre", "двадцать три"),
    26: ("twenty six", "veintiséis", "vingt six", "ventisei", "двадцать шесть"),
    28: ("twenty eight", "veintiocho", "vingt huit", "ventotto", "двадцать восемь"),
    30: ("thirty", "treinta", "trente", "trenta", "тридцать"),
    31: ("thirty one", "treinta y uno", "trente et un", "trentuno", "тридцать один"),
    38: ("thirty eight", "treinta y ocho", "trente huit", "trentotto", "тридцать восемь"),
    40: ("forty", "cuarenta", "quarante", "quaranta", "сорок"),
    42: ("forty two", "cuarenta y dos", "quarante deux", "quarantadue", "сорок два"),
    50: ("fifty", "cincuenta", "cinquante", "cinquanta", "пятьдесят"),
    60: ("sixty", "sesenta", "soixante", "sessanta", "шестьдесят"),
    61: ("sixty one", "sesenta y uno", "soixante et un", "sessantuno", "шестьдесят один"),
    69: ("sixty nine", "sesenta y nueve", "soixante neuf", "sessantanove", "шестьдесят девять"),
    70: ("seventy", "setenta", "soixante-dix", "settanta", "семьдесят"),
    71: ("seventy one", "setenta y uno", "soixante et onze", "settantuno", "семьдесят один"),
    72: ("seventy two", "setenta y dos", "soixante douze", "settantadue", "семьдесят два"),
    77: ("seventy seven", "setenta y siete", "soixante dix-sept", "settantasette",
         "семьдесят семь"),
    79: ("seventy nine", "setenta y nueve", "soixante dix-neuf", "settantanove",
         "семьдесят девять"),
    80: ("eighty", "ochenta", "quatre-vingt", "ottanta", "восемьдесят"),
    81: ("eighty one", "ochenta y uno", "quatre-vingt un", "ottantuno", "восемьдесят один"),
    88: ("eighty eight", "ochenta y ocho", "quatre-vingt huit", "ottantotto",
         "восемьдесят восемь"),
    90: ("ninety", "noventa", "quatre-vingt-dix", "novanta", "девяносто"),
    91: ("ninety one", "noventa y uno", "quatre-vingt onze", "novantuno", "девяносто один"),
    95: ("ninety five", "noventa y cinco", "quatre-vingt quinze", "novantacinque",
         "девяносто пять"),
    98: ("ninety eight", "noventa y ocho", "quatre-vingt dix-huit", "novantotto",
         "девяносто восемь"),
    99: ("ninety nine", "noventa y nueve", "quatre-vingt dix-neuf", "novantanove",
         "девяносто девять"),
    100: ("one hundred", "cien", "cent", "cento", "сто"),
    101: ("one hundred one", "ciento uno", "cent un", "centouno", "сто один"),
    111: ("one hundred eleven", "ciento once", "cent onze", "centoundici", "сто одиннадцать"),
    121: ("one hundred twenty one", "ciento veintiuno", "cent vingt et un", "centoventuno",
          "сто двадцать один"),
    171: ("one hundred seventy one", "ciento setenta y uno", "cent soixante et onze",
          "centosettantuno", "сто семьдесят один"),
    180: ("one hundred eighty", "ciento ochenta", "cent quatre-vingt", "centoottanta",
          "сто восемьдесят"),
    199: ("one hundred ninety nine", "ciento noventa y nueve", "cent quatre-vingt dix-neuf",
          "centonovantanove", "сто девяносто девять"),
    200: ("two hundred", "doscientos", "deux cent", "duecento", "двести"),
    342: ("three hundred forty two", "trescientos cuarenta y dos", "trois cent quarante deux",
          "trecentoquarantadue", "триста сорок два"),
    500: ("five hundred", "quinientos", "cinq cent", "cinquecento", "пятьсот"),
    700: ("seven hundred", "setecientos", "sept cent", "settecento", "семьсот"),
    900: ("nine hundred", "novecientos", "neuf cent", "novecento", "девятьсот"),
    1000: ("one thousand", "mil", "mille", "mille", "тысяча"),
    1001: ("one thousand one", "mil uno", "mille un", "milleuno", "тысяча один"),
    1100: ("one thousand one hundred", "mil cien", "mille cent", "millecento", "тысяча сто"),
    2000: ("two thousand", "dos mil", "deux mille", "duemila", "две тысячи"),
    2026: ("two thousand twenty six", "dos mil veintiséis", "deux mille vingt six",
           "duemilaventisei", "две тысячи двадцать шесть"),
    5000: ("five thousand", "cinco mil", "cinq mille", "cinquemila", "пять тысяч"),
    11_000: ("eleven thousand", "once mil", "onze mille", "undicimila", "одиннадцать тысяч"),
    21_000: ("twenty one thousand", "veintiún mil", "vingt et un mille", "ventunomila",
             "двадцать одна тысяча"),
    22_000: ("twenty two thousand", "veintidós mil", "vingt deux mille", "ventiduemila",
             "двадцать две тысячи"),
    100_000: ("one hundred thousand", "cien mil", "cent mille", "centomila", "сто тысяч"),
    101_000: ("one hundred one thousand", "ciento un mil", "cent un mille", "centounomila",
              "сто одна тысяча"),
    999_999: ("nine hundred ninety nine thousand nine hundred ninety nine",
              "novecientos noventa y nueve mil novecientos noventa y nueve",
              "neuf cent quatre-vingt dix-neuf mille neuf cent quatre-vingt dix-neuf",
              "novecentonovantanovemilanovecentonovantanove",
              "девятьсот девяносто девять тысяч девятьсот девяносто девять"),
}

TIMES: dict[tuple[int, int], tuple[str, str, str, str, str]] = {
    (0, 0): ("at twelve o'clock a.m.", "a las doce a.m.", "à zéro heures", "alle ore zero",
             "в ноль часов"),
    (0, 28): ("at twelve twenty eight a.m.", "a las doce y veintiocho a.m.",
              "à zéro heures vingt huit", "alle ore zero e ventotto",
              "в ноль часов двадцать восемь минут"),
    (1, 0): ("at one o'clock a.m.", "a la una a.m.", "à une heures", "alle ore una",
             "в один час"),
    (1, 1): ("at one oh one a.m.", "a la una y uno a.m.", "à une heures une",
             "alle ore una e uno", "в один час одна минута"),
    (2, 2): ("at two oh two a.m.", "a las dos y dos a.m.", "à deux heures deux",
             "alle ore due e due", "в два часа две минуты"),
    (4, 14): ("at four fourteen a.m.", "a las cuatro y catorce a.m.", "à quatre heures quatorze",
              "alle ore quattro e quattordici", "в четыре часа четырнадцать минут"),
    (5, 5): ("at five oh five a.m.", "a las cinco y cinco a.m.", "à cinq heures cinq",
             "alle ore cinque e cinque", "в пять часов пять минут"),
    (9, 30): ("at nine thirty a.m.", "a las nueve y treinta a.m.", "à neuf heures trente",
              "alle ore nove e trenta", "в девять часов тридцать минут"),
    (11, 11): ("at eleven eleven a.m.", "a las once y once a.m.", "à onze heures onze",
               "alle ore undici e undici", "в одиннадцать часов одиннадцать минут"),
    (12, 0): ("at twelve o'clock p.m.", "a las doce p.m.", "à douze heures", "alle ore dodici",
              "в двенадцать часов"),
    (13, 21): ("at one twenty one p.m.", "a la una y veintiuno p.m.",
               "à treize heures vingt et une", "alle ore tredici e ventuno",
               "в тринадцать часов двадцать одна минута"),
    (15, 5): ("at three oh five p.m.", "a las tres y cinco p.m.", "à quinze heures cinq",
              "alle ore quindici e cinque", "в пятнадцать часов пять минут"),
    (21, 0): ("at nine o'clock p.m.", "a las nueve p.m.", "à vingt et une heures",
              "alle ore ventuno", "в двадцать один час"),
    (22, 41): ("at ten forty one p.m.", "a las diez y cuarenta y uno p.m.",
               "à vingt deux heures quarante et une", "alle ore ventidue e quarantuno",
               "в двадцать два часа сорок одна минута"),
    (23, 59): ("at eleven fifty nine p.m.", "a las once y cincuenta y nueve p.m.",
               "à vingt trois heures cinquante neuf", "alle ore ventitre e cinquantanove",
               "в двадцать три часа пятьдесят девять минут"),
}

DATES: dict[tuple[int, int], tuple[str, str, str, str, str]] = {
    (1, 1): ("january first", "el primero de enero", "le premier janvier", "il primo gennaio",
             "первого января"),
    (2, 28): ("february twenty eighth", "el veintiocho de febrero", "le vingt huit février",
              "il ventotto febbraio", "двадцать восьмого февраля"),
    (3, 3): ("march third", "el tres de marzo", "le trois mars", "il tre marzo",
             "третьего марта"),
    (4, 11): ("april eleventh", "el once de abril", "le onze avril", "l'undici aprile",
              "одиннадцатого апреля"),
    (5, 8): ("may eighth", "el ocho de mayo", "le huit mai", "l'otto maggio", "восьмого мая"),
    (6, 20): ("june twentieth", "el veinte de junio", "le vingt juin", "il venti giugno",
              "двадцатого июня"),
    (7, 21): ("july twenty first", "el veintiuno de julio", "le vingt et un juillet",
              "il ventuno luglio", "двадцать первого июля"),
    (8, 30): ("august thirtieth", "el treinta de agosto", "le trente août", "il trenta agosto",
              "тридцатого августа"),
    (12, 31): ("december thirty first", "el treinta y uno de diciembre",
               "le trente et un décembre", "il trentuno dicembre", "тридцать первого декабря"),
}

WEEKDAYS: dict[int, tuple[str, str, str, str, str]] = {
    0: ("sunday", "el domingo", "dimanche", "domenica", "в воскресенье"),
    1: ("monday", "el lunes", "lundi", "lunedì", "в понедельник"),
    2: ("tuesday", "el martes", "mardi", "martedì", "во вторник"),
    3: ("wednesday", "el miércoles", "mercredi", "mercoledì", "в среду"),
    4: ("thursday", "el jueves", "jeudi", "giovedì", "в четверг"),
    5: ("friday", "el viernes", "vendredi", "venerdì", "в пятницу"),
    6: ("saturday", "el sábado", "samedi", "sabato", "в субботу"),
}

NEW_MESSAGES: dict[int, tuple[str, str, str, str, str]] = {
    0: ("you have no new messages", "no tiene mensajes nuevos",
        "vous n'avez aucun nouveau(x) message", "non ha nessun nuovo messaggio",
        "у вас нет новых сообщений"),
    1: ("you have one new message", "tiene un mensaje nuevo", "vous avez un nouveau(x) message",
        "ha un nuovo messaggio", "у вас одно новое сообщение"),
    2: ("you have two new messages", "tiene dos mensajes nuevos",
        "vous avez deux nouveau(x) messages", "ha due nuovi messaggi",
        "у вас два новых сообщения"),
    4: ("you have four new messages", "tiene cuatro mensajes nuevos",
        "vous avez quatre nouveau(x) messages", "ha quattro nuovi messaggi",
        "у вас четыре новых сообщения"),
    5: ("you have five new messages", "tiene cinco mensajes nuevos",
        "vous avez cinq nouveau(x) messages", "ha cinque nuovi messaggi",
        "у вас пять новых сообщений"),
    11: ("you have eleven new messages", "tiene once mensajes nuevos",
         "vous avez onze nouveau(x) messages", "ha undici nuovi messaggi",
         "у вас одиннадцать новых сообщений"),
    12: ("you have twelve new messages", "tiene doce mensajes nuevos",
         "vous avez douze nouveau(x) messages", "ha dodici nuovi messaggi",
         "у вас двенадцать новых сообщений"),
    21: ("you have twenty one new messages", "tiene veintiún mensajes nuevos",
         "vous avez vingt et un nouveau(x) messages", "ha ventuno nuovi messaggi",
         "у вас двадцать одно новое сообщение"),
    22: ("you have twenty two new messages", "tiene veintidós mensajes nuevos",
         "vous avez vingt deux nouveau(x) messages", "ha ventidue nuovi messaggi",
         "у вас двадцать два новых сообщения"),
    31: ("you have thirty one new messages", "tiene treinta y un mensajes nuevos",
         "vous avez trente et un nouveau(x) messages", "ha trentuno nuovi messaggi",
         "у вас тридцать одно новое сообщение"),
    101: ("you have one hundred one new messages", "tiene ciento un mensajes nuevos",
          "vous avez cent un nouveau(x) messages", "ha centouno nuovi messaggi",
          "у вас сто одно новое сообщение"),
    111: ("you have one hundred eleven new messages", "tiene ciento once mensajes nuevos",
          "vous avez cent onze nouveau(x) messages", "ha centoundici nuovi messaggi",
          "у вас сто одиннадцать новых сообщений"),
}

OLD_MESSAGES: dict[int, tuple[str, str, str, str, str]] = {
    1: ("you have one old message", "tiene un mensaje antiguo", "vous avez un ancien(s) message",
        "ha un vecchio messaggio", "у вас одно старое сообщение"),
    3: ("you have three old messages", "tiene tres mensajes antiguos",
        "vous avez trois ancien(s) messages", "ha tre vecchi messaggi",
        "у вас три старых сообщения"),
    6: ("you have six old messages", "tiene seis mensajes antiguos",
        "vous avez six ancien(s) messages", "ha sei vecchi messaggi",
        "у вас шесть старых сообщений"),
}

NEW_MAILS: dict[int, tuple[str, str, str, str, str]] = {
    1: ("you have one new e-mail", "tiene un correo electrónico nuevo",
        "vous avez un nouveau(x) courriel", "ha un nuovo messaggio di posta elettronica",
        "у вас одно новое электронное письмо"),
    2: ("you have two new e-mails", "tiene dos correos electrónicos nuevos",
        "vous avez deux nouveau(x) courriels", "ha due nuovi messaggi di posta elettronica",
        "у вас два новых электронных письма"),
    7: ("you have seven new e-mails", "tiene siete correos electrónicos nuevos",
        "vous avez sept nouveau(x) courriels", "ha sette nuovi messaggi di posta elettronica",
        "у вас семь новых электронных писем"),
}

LENGTHS: dict[int, tuple[str, str, str, str, str]] = {
    0: ("zero seconds", "cero segundos", "zéro seconde", "zero secondi", "ноль секунд"),
    1: ("one second", "un segundo", "une seconde", "un secondo", "одна секунда"),
    2: ("two seconds", "dos segundos", "deux secondes", "due secondi", "две секунды"),
    21: ("twenty one seconds", "veintiún segundos", "vingt et une secondes", "ventuno secondi",
         "двадцать одна секунда"),
    60: ("one minute", "un minuto", "une minute", "un minuto", "одна минута"),
    65: ("one minute five seconds", "un minuto cinco segundos", "une minute cinq secondes",
         "un minuto cinque secondi", "одна минута пять секунд"),
    122: ("two minutes two seconds", "dos minutos dos segundos", "deux minutes deux secondes",
          "due minuti due secondi", "две минуты две секунды"),
    300: ("five minutes", "cinco minutos", "cinq minutes", "cinque minuti", "пять минут"),
}
# fmt: on

COLUMN = pytest.mark.parametrize(("column", "language"), list(enumerate(LANGUAGES)))


Said = Iterator[tuple[str, str]]
"""What is heard, and what is right."""


def differing(said: Said) -> list[tuple[str, str]]:
    """Where the two are not the same; spaces, and the accent of "un" in a compound, aside."""
    return [(heard, right) for heard, right in said if _joined(heard) != _joined(right)]


def _joined(said: str) -> str:
    return said.replace(" ", "").replace("veintiún", "veintiun")


@COLUMN
def test_numbers(column: int, language: str) -> None:
    number = grammar_of(language).number
    said = ((sentence(language, number(value)), row[column]) for value, row in NUMBERS.items())
    assert differing(said) == []


@COLUMN
def test_times_of_day(column: int, language: str) -> None:
    at = grammar_of(language).at
    said = ((sentence(language, at(*time)), row[column]) for time, row in TIMES.items())
    assert differing(said) == []


@COLUMN
def test_dates(column: int, language: str) -> None:
    day = grammar_of(language).day
    said = ((sentence(language, day(*on, 0, 30)), row[column]) for on, row in DATES.items())
    assert differing(said) == []


@COLUMN
def test_weekdays(column: int, language: str) -> None:
    day = grammar_of(language).day
    said = ((sentence(language, day(5, 5, on, 3)), row[column]) for on, row in WEEKDAYS.items())
    assert differing(said) == []


@pytest.mark.parametrize(
    ("noun", "kind", "table"),
    [
        ("message", "new", NEW_MESSAGES),
        ("message", "old", OLD_MESSAGES),
        ("e-mail", "new", NEW_MAILS),
    ],
    ids=("new messages", "old messages", "new mails"),
)
@COLUMN
def test_counts_agree_with_what_is_counted(
    column: int, language: str, noun: Noun, kind: Kind, table: dict[int, tuple[str, ...]]
) -> None:
    have = grammar_of(language).have
    said = ((sentence(language, have(n, noun, kind)), row[column]) for n, row in table.items())
    assert differing(said) == []


@COLUMN
def test_lengths(column: int, language: str) -> None:
    lasting = grammar_of(language).lasting
    said = ((sentence(language, lasting(s)), row[column]) for s, row in LENGTHS.items())
    assert differing(said) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "one zero one two three"),
        ("es", "uno cero uno dos tres"),
        ("fr", "un zéro un deux trois"),
        ("it", "uno zero uno due tre"),
        ("ru", "один ноль один два три"),
    ],
)
def test_numbers_of_handsets_are_recorded_and_said_digit_by_digit(language: str, said: str) -> None:
    first, _, more = ["101", "102", "103"]
    names = prompts.digits(first + "23"), prompts.digits(more)
    assert sentence(language, names[0]) == said
    assert set(names[0]) | set(names[1]) <= recorded(language)
