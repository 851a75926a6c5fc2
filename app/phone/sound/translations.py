"""Words of the prompts that the sound packs of other languages lack, for the language's own voice.

Our own prompts. What a language's grammar needs and its pack has not is in that language's module
(app/phone/sound/languages).
"""

from app.phone.sound import call_words, menu_words, owner_words, prompts
from app.phone.sound.languages import pack_of

SPANISH = {
    "switchhook/which-mailbox": "Marque el número del buzón y pulse la tecla almohadilla.",
    "im-sorry": "Lo siento.",
    "one-moment-please": "Un momento, por favor.",
    "please-try-call-later": "Por favor, vuelva a llamar más tarde.",
    "switchhook/e-mail": "correo electrónico",
    "switchhook/e-mails": "correos electrónicos",
    "switchhook/nearly-full": "Su buzón está casi lleno. Borre algunos mensajes, por favor.",
    "switchhook/full": "Su buzón está lleno. Borre algunos mensajes, por favor.",
    "switchhook/mail-system-away": "El sistema de correo no está disponible en este momento."
    " Oirá los mensajes guardados aquí. Lo que borre o guarde se hará también allí"
    " cuando vuelva a estar disponible.",
    "switchhook/locked": "Demasiadas contraseñas incorrectas."
    " Este buzón queda bloqueado por un tiempo.",
    "switchhook/to-listen": "para escuchar sus mensajes.",
    "switchhook/to-previous": "para el mensaje anterior.",
    "switchhook/to-repeat": "para repetir este mensaje.",
    "switchhook/to-next": "para el mensaje siguiente.",
    "switchhook/to-delete": "para borrar este mensaje.",
    "switchhook/to-undelete": "para recuperar este mensaje.",
    "switchhook/to-save": "para guardar este mensaje.",
    "switchhook/cannot-play": "Este mensaje no se puede escuchar por teléfono."
    " Su programa de correo puede recibirlo.",
    "switchhook/rest-cannot-play": "El resto de este mensaje no se puede escuchar por teléfono."
    " Su programa de correo puede recibirlo.",
    "switchhook/no-messages-now": "En este momento no se pueden escuchar los mensajes.",
    "switchhook/claim-code": "El código para tomar posesión de este aparato es",
}

FRENCH = {
    "switchhook/which-mailbox": "Composez le numéro de la boîte vocale,"
    " puis appuyez sur la touche dièse.",
    "switchhook/e-mail": "courriel",
    "switchhook/e-mails": "courriels",
    "switchhook/nearly-full": "Votre boîte vocale est presque pleine."
    " Veuillez effacer quelques messages.",
    "switchhook/full": "Votre boîte vocale est pleine. Veuillez effacer quelques messages.",
    "switchhook/mail-system-away": "Le système de messagerie n'est pas joignable pour le moment."
    " Vous entendez les messages conservés ici. Ce que vous effacez ou gardez"
    " sera fait là-bas aussi dès son retour.",
    "switchhook/locked": "Trop de mots de passe erronés."
    " Cette boîte vocale est bloquée pour un moment.",
    "switchhook/to-listen": "pour écouter vos messages.",
    "switchhook/to-previous": "pour le message précédent.",
    "switchhook/to-repeat": "pour réécouter ce message.",
    "switchhook/to-next": "pour le message suivant.",
    "switchhook/to-delete": "pour effacer ce message.",
    "switchhook/to-undelete": "pour récupérer ce message.",
    "switchhook/to-save": "pour garder ce message.",
    "switchhook/cannot-play": "Ce message ne peut pas être écouté au téléphone."
    " Votre logiciel de messagerie peut le recevoir.",
    "switchhook/rest-cannot-play": "La suite de ce message ne peut pas être écoutée au téléphone."
    " Votre logiciel de messagerie peut la recevoir.",
    "switchhook/no-messages-now": "Les messages ne peuvent pas être écoutés pour le moment.",
    "switchhook/claim-code": "Le code pour prendre possession de cet appareil est",
}

ITALIAN = {
    "switchhook/which-mailbox": "Componga il numero della casella e prema il tasto cancelletto.",
    "switchhook/e-mail": "messaggio di posta elettronica",
    "switchhook/e-mails": "messaggi di posta elettronica",
    "switchhook/nearly-full": "La sua casella è quasi piena. Cancelli alcuni messaggi.",
    "switchhook/full": "La sua casella è piena. Cancelli alcuni messaggi.",
    "switchhook/mail-system-away": "Il sistema di posta al momento non è raggiungibile."
    " Ascolterà i messaggi conservati qui. Ciò che cancella o salva"
    " sarà fatto anche là quando tornerà disponibile.",
    "switchhook/locked": "Troppe password errate. Questa casella è bloccata per qualche tempo.",
    "switchhook/to-listen": "per ascoltare i suoi messaggi.",
    "switchhook/to-previous": "per il messaggio precedente.",
    "switchhook/to-repeat": "per riascoltare questo messaggio.",
    "switchhook/to-next": "per il messaggio successivo.",
    "switchhook/to-delete": "per cancellare questo messaggio.",
    "switchhook/to-undelete": "per recuperare questo messaggio.",
    "switchhook/to-save": "per salvare questo messaggio.",
    "switchhook/cannot-play": "Questo messaggio non si può ascoltare al telefono."
    " Il suo programma di posta può riceverlo.",
    "switchhook/rest-cannot-play": "Il resto di questo messaggio non si può ascoltare al telefono."
    " Il suo programma di posta può riceverlo.",
    "switchhook/no-messages-now": "Al momento non si possono ascoltare i messaggi.",
    "switchhook/claim-code": "Il codice per prendere possesso di questo apparecchio è",
}

RUSSIAN = {
    "switchhook/which-mailbox": "Наберите номер почтового ящика и нажмите решётку.",
    "switchhook/e-mail": "электронное письмо",
    "switchhook/e-mails": "электронных писем",
    "switchhook/nearly-full": "Ваш почтовый ящик почти полон. Удалите часть сообщений.",
    "switchhook/full": "Ваш почтовый ящик полон. Удалите часть сообщений.",
    "switchhook/mail-system-away": "Почтовая система сейчас недоступна."
    " Вы услышите сообщения, которые хранятся здесь. Всё, что вы удалите или сохраните,"
    " будет сделано и там, когда она снова заработает.",
    "switchhook/locked": "Слишком много неверных паролей. Ящик на время заблокирован.",
    "switchhook/to-listen": "чтобы прослушать сообщения.",
    "switchhook/to-previous": "чтобы перейти к предыдущему сообщению.",
    "switchhook/to-repeat": "чтобы повторить это сообщение.",
    "switchhook/to-next": "чтобы перейти к следующему сообщению.",
    "switchhook/to-delete": "чтобы удалить это сообщение.",
    "switchhook/to-undelete": "чтобы восстановить это сообщение.",
    "switchhook/to-save": "чтобы сохранить это сообщение.",
    "switchhook/cannot-play": "Это сообщение нельзя прослушать по телефону."
    " Ваша почтовая программа может его получить.",
    "switchhook/rest-cannot-play": "Остаток этого сообщения нельзя прослушать по телефону."
    " Ваша почтовая программа может его получить.",
    "switchhook/no-messages-now": "Сейчас сообщения нельзя прослушать.",
    "switchhook/claim-code": "Код для присвоения этого устройства:",
}

GERMAN = {
    "switchhook/which-mailbox": "Bitte wählen Sie die Nummer der Mailbox"
    " und drücken Sie dann die Rautetaste.",
    "switchhook/e-mail": "E-Mail",
    "switchhook/e-mails": "E-Mails",
    "switchhook/nearly-full": "Ihr Postfach ist fast voll. Bitte löschen Sie einige Nachrichten.",
    "switchhook/full": "Ihr Postfach ist voll. Bitte löschen Sie einige Nachrichten.",
    "switchhook/mail-system-away": "Das Mailsystem ist zurzeit nicht erreichbar."
    " Sie hören die Nachrichten, die hier gespeichert sind. Was Sie löschen oder speichern,"
    " geschieht auch dort, sobald es wieder da ist.",
    "switchhook/locked": "Zu viele falsche Passwörter."
    " Dieses Postfach ist eine Zeit lang gesperrt.",
    "switchhook/to-listen": "um Ihre Nachrichten zu hören.",
    "switchhook/to-previous": "für die vorige Nachricht.",
    "switchhook/to-repeat": "um diese Nachricht zu wiederholen.",
    "switchhook/to-next": "für die nächste Nachricht.",
    "switchhook/to-delete": "um diese Nachricht zu löschen.",
    "switchhook/to-undelete": "um diese Nachricht wiederherzustellen.",
    "switchhook/to-save": "um diese Nachricht zu speichern.",
    "switchhook/cannot-play": "Diese Nachricht kann am Telefon nicht abgespielt werden."
    " Ihr Mailprogramm kann sie abholen.",
    "switchhook/rest-cannot-play": "Der Rest dieser Nachricht kann am Telefon nicht abgespielt"
    " werden. Ihr Mailprogramm kann ihn abholen.",
    "switchhook/no-messages-now": "Nachrichten können zurzeit nicht abgehört werden.",
    "switchhook/claim-code": "Der Code, um dieses Gerät zu übernehmen, lautet",
}

TRANSLATED = {
    "de": GERMAN | call_words.GERMAN,
    "es": SPANISH | call_words.SPANISH,
    "fr": FRENCH | call_words.FRENCH,
    "it": ITALIAN | call_words.ITALIAN,
    "ru": RUSSIAN | call_words.RUSSIAN,
}

for _language, _words in TRANSLATED.items():
    _words |= menu_words.words_in(_language)
    _words |= owner_words.words_in(_language)


def words(name: str, language: str) -> str | None:
    """What a prompt says in a language that has no recording of it; None if that is not known."""
    if language == prompts.LANGUAGE:
        return None
    own = TRANSLATED.get(language, {}).get(name) or pack_of(language).words.get(name)
    return own or prompts.in_figures(name)
