"""Words of an owner's own settings, first use and e-mails in every language, a row a prompt.

Names begin with "switchhook/". What the packs have recorded is not here (prompts.py).
"""

from collections.abc import Mapping

_WORDS: dict[str, tuple[str, str, str, str, str, str]] = {
    # name: English, German, Spanish, French, Italian, Russian
    "to-options": (
        "for your mailbox settings.", "für die Einstellungen Ihres Postfachs.",
        "para la configuración de su buzón.", "pour les réglages de votre boîte vocale.",
        "per le impostazioni della sua casella.", "чтобы изменить настройки почтового ящика.",
    ),
    "possible-number": (
        "possible number:", "mögliche Nummer:", "número posible:", "numéro possible :",
        "numero possibile:", "возможный номер:",
    ),
    "to-mail": (
        "for your e-mails.", "für Ihre E-Mails.", "para sus correos electrónicos.",
        "pour vos courriels.", "per la sua posta elettronica.",
        "чтобы прослушать электронную почту.",
    ),
    "to-missed": (
        "for your missed calls.", "für die verpassten Anrufe.", "para las llamadas perdidas.",
        "pour les appels manqués.", "per le chiamate perse.",
        "чтобы узнать о пропущенных вызовах.",
    ),
    "missed-calls": (
        "Missed calls since you last asked:", "Verpasste Anrufe seit Ihrer letzten Abfrage:",
        "Llamadas perdidas desde su última consulta:",
        "Nombre d'appels manqués depuis votre dernière consultation :",
        "Chiamate perse dalla sua ultima consultazione:",
        "Пропущенных вызовов с последней проверки:",
    ),
    "to-greetings": (
        "for your greetings.", "für Ihre Ansagen.", "para sus saludos.",
        "pour vos annonces d'accueil.", "per i suoi messaggi di benvenuto.",
        "чтобы изменить приветствия.",
    ),
    "to-pin": (
        "to change your PIN.", "um Ihre PIN zu ändern.", "para cambiar su clave.",
        "pour changer votre code secret.", "per cambiare il suo codice.",
        "чтобы изменить ваш пин-код.",
    ),
    "to-presence": (
        "to say whether you can be reached.", "um zu sagen, ob Sie erreichbar sind.",
        "para indicar si se le puede localizar.", "pour dire si vous êtes joignable.",
        "per dire se è raggiungibile.", "чтобы указать, можно ли до вас дозвониться.",
    ),
    "to-language": (
        "for the language.", "für die Sprache.", "para el idioma.", "pour la langue.",
        "per la lingua.", "чтобы выбрать язык.",
    ),
    "to-keys": (
        "for the keys of the menus.", "für die Tasten der Menüs.", "para las teclas de los menús.",
        "pour les touches des menus.", "per i tasti dei menu.", "чтобы выбрать клавиши меню.",
    ),
    "to-follow-me": (
        "for follow-me.", "für die Rufweiterleitung.", "para el sígueme.",
        "pour le suivi d'appels.", "per il seguimi.", "для переадресации.",
    ),
    "follow-me-not-here": (
        "Follow-me can be changed only at your own telephone.",
        "Die Rufweiterleitung können Sie nur an Ihrem eigenen Telefon ändern.",
        "El sígueme solo se puede cambiar desde su propio teléfono.",
        "Le suivi d'appels ne peut être modifié que sur votre propre téléphone.",
        "Il seguimi può essere cambiato solo dal suo telefono.",
        "Переадресацию можно изменить только с вашего собственного телефона.",
    ),
    "follow-me-at": (
        "You are also called at", "Sie werden auch angerufen unter",
        "También se le llama al", "Vous êtes aussi appelé au",
        "Lei viene chiamato anche al", "Вам также звонят по номеру",
    ),
    "follow-me-no": (
        "You are called at no other number.", "Sie werden unter keiner anderen Nummer angerufen.",
        "No se le llama a ningún otro número.", "Vous n'êtes appelé à aucun autre numéro.",
        "Lei non viene chiamato a nessun altro numero.", "По другим номерам вам не звонят.",
    ),
    "to-follow-me-number": (
        "for a new number.", "für eine neue Nummer.", "para un número nuevo.",
        "pour un nouveau numéro.", "per un nuovo numero.", "чтобы ввести новый номер.",
    ),
    "to-follow-me-off": (
        "to turn follow-me off.", "um die Rufweiterleitung auszuschalten.",
        "para desactivar el sígueme.", "pour désactiver le suivi d'appels.",
        "per disattivare il seguimi.", "чтобы отключить переадресацию.",
    ),
    "follow-me-dial": (
        "Dial the number as on an outside line, without the access digit, and then the pound key.",
        "Wählen Sie die Nummer wie auf einer Amtsleitung, ohne Amtskennziffer,"
        " und danach die Raute.",
        "Marque el número como en una línea exterior, sin el dígito de acceso,"
        " y después almohadilla.",
        "Composez le numéro comme sur une ligne extérieure, sans le chiffre d'accès,"
        " puis la touche dièse.",
        "Componga il numero come su una linea esterna, senza la cifra di accesso,"
        " e poi il tasto cancelletto.",
        "Наберите номер, как на внешней линии, без цифры выхода, и затем решётку.",
    ),
    "follow-me-wrong": (
        "Nobody can be called at this number.",
        "Unter dieser Nummer kann niemand angerufen werden.",
        "No se puede llamar a nadie a ese número.", "Personne ne peut être appelé à ce numéro.",
        "A questo numero non si può chiamare nessuno.", "По этому номеру позвонить нельзя.",
    ),
    "to-return": (
        "to go back.", "um zurückzugehen.", "para volver.", "pour revenir.",
        "per tornare indietro.", "чтобы вернуться.",
    ),
    "to-skip": (
        "to skip this.", "um dies zu überspringen.", "para omitirlo.", "pour passer cette étape.",
        "per saltare questo passo.", "чтобы пропустить этот шаг.",
    ),
    "to-record": (
        "to record it.", "um aufzunehmen.", "para grabarlo.", "pour enregistrer.",
        "per registrare.", "чтобы записать.",
    ),
    "to-hear": (
        "to hear it.", "um es anzuhören.", "para escucharlo.", "pour écouter.", "per ascoltare.",
        "чтобы прослушать.",
    ),
    "to-remove": (
        "to remove it.", "um es zu entfernen.", "para eliminarlo.", "pour supprimer.",
        "per eliminare.", "чтобы удалить.",
    ),
    "welcome": (
        "Welcome to your mailbox. A few steps make it yours.",
        "Willkommen in Ihrem Postfach. Mit wenigen Schritten richten Sie es ein.",
        "Bienvenido a su buzón. Unos pocos pasos bastan para configurarlo.",
        "Bienvenue dans votre boîte vocale. Quelques étapes suffisent pour la configurer.",
        "Benvenuto nella sua casella. Bastano pochi passi per configurarla.",
        "Добро пожаловать в ваш почтовый ящик. Его нужно настроить, это несколько шагов.",
    ),
    "own-pin-needed": (
        "First choose a PIN that nobody else knows.",
        "Wählen Sie zuerst eine PIN, die sonst niemand kennt.",
        "Primero elija una clave que nadie más conozca.",
        "Choisissez d'abord un code secret que personne d'autre ne connaît.",
        "Per prima cosa scelga un codice che nessun altro conosce.",
        "Сначала выберите пин-код, который больше никто не знает.",
    ),
    "pin-same": (
        "This is the PIN that you have now.", "Diese PIN haben Sie bereits.",
        "Esta es la clave que ya tiene.", "C'est le code que vous avez déjà.",
        "È il codice che ha già.", "Это ваш нынешний пин-код.",
    ),
    "pin-short": (
        "A PIN has four to sixteen digits.", "Eine PIN hat vier bis sechzehn Ziffern.",
        "Una clave tiene de cuatro a dieciséis cifras.",
        "Un code secret a de quatre à seize chiffres.",
        "Un codice ha da quattro a sedici cifre.",
        "В пин-коде должно быть от четырёх до шестнадцати цифр.",
    ),
    "pin-repeats": (
        "This PIN only repeats the same digits.", "Diese PIN wiederholt nur die gleichen Ziffern.",
        "Esta clave solo repite las mismas cifras.",
        "Ce code ne fait que répéter les mêmes chiffres.",
        "Questo codice ripete solo le stesse cifre.",
        "В этом пин-коде только повторяются одни и те же цифры.",
    ),
    "pin-runs": (
        "The digits of this PIN only count up or down.",
        "Die Ziffern dieser PIN zählen nur auf- oder abwärts.",
        "Las cifras de esta clave solo suben o bajan de una en una.",
        "Les chiffres de ce code ne font que se suivre.",
        "Le cifre di questo codice sono solo in sequenza.",
        "Цифры этого пин-кода просто идут по порядку.",
    ),
    "pin-own-number": (
        "This PIN is too much like your own number.",
        "Diese PIN ist Ihrer eigenen Nummer zu ähnlich.",
        "Esta clave se parece demasiado a su propio número.",
        "Ce code ressemble trop à votre propre numéro.",
        "Questo codice somiglia troppo al suo numero.",
        "Этот пин-код слишком похож на ваш номер.",
    ),
    "pin-choose-other": (
        "Please choose another one.", "Bitte wählen Sie eine andere.", "Elija otra, por favor.",
        "Veuillez en choisir un autre.", "Ne scelga un altro, per favore.",
        "Пожалуйста, выберите другой.",
    ),
    "greeting-unavailable": (
        "for the usual greeting.", "für die übliche Ansage.", "para el saludo habitual.",
        "pour l'annonce habituelle.", "per il messaggio abituale.", "для обычного приветствия.",
    ),
    "greeting-busy": (
        "for the greeting while you are on the telephone.",
        "für die Ansage, während Sie telefonieren.",
        "para el saludo cuando esté hablando por teléfono.",
        "pour l'annonce quand vous êtes en ligne.",
        "per il messaggio quando è al telefono.",
        "для приветствия, когда вы говорите по телефону.",
    ),
    "greeting-night": (
        "for the greeting at night.", "für die Ansage bei Nacht.", "para el saludo nocturno.",
        "pour l'annonce de nuit.", "per il messaggio notturno.", "для ночного приветствия.",
    ),
    "greeting-temporary": (
        "for a temporary greeting.", "für eine vorübergehende Ansage.", "para un saludo temporal.",
        "pour une annonce temporaire.", "per un messaggio temporaneo.",
        "для временного приветствия.",
    ),
    "greeting-out": (
        "for the greeting while you are out.", "für die Ansage, während Sie außer Haus sind.",
        "para el saludo cuando haya salido.", "pour l'annonce quand vous êtes sorti.",
        "per il messaggio quando è fuori.", "для приветствия, когда вас нет на месте.",
    ),
    "greeting-meeting": (
        "for the greeting while you are in a meeting.",
        "für die Ansage, während Sie in einer Besprechung sind.",
        "para el saludo cuando esté en una reunión.",
        "pour l'annonce quand vous êtes en réunion.",
        "per il messaggio quando è in riunione.", "для приветствия, когда вы на совещании.",
    ),
    "greeting-away": (
        "for the greeting while you are away.", "für die Ansage, während Sie verreist sind.",
        "para el saludo cuando esté de viaje.", "pour l'annonce quand vous êtes absent.",
        "per il messaggio quando è assente.", "для приветствия, когда вы в отъезде.",
    ),
    "greeting-dnd": (
        "for the greeting while you are not to be disturbed.",
        "für die Ansage, während Sie nicht gestört werden wollen.",
        "para el saludo cuando no quiera que le molesten.",
        "pour l'annonce quand vous ne voulez pas être dérangé.",
        "per il messaggio quando non vuole essere disturbato.",
        "для приветствия, когда вас нельзя беспокоить.",
    ),
    "greeting-name": (
        "for your name.", "für Ihren Namen.", "para su nombre.", "pour votre nom.",
        "per il suo nome.", "для вашего имени.",
    ),
    "greeting-none": (
        "Nothing is recorded.", "Es ist nichts aufgenommen.", "No hay nada grabado.",
        "Rien n'est enregistré.", "Non c'è niente di registrato.", "Ничего не записано.",
    ),
    "greeting-say": (
        "After the tone say what callers are to hear, then press pound.",
        "Sprechen Sie nach dem Ton, was Anrufer hören sollen, und drücken Sie dann die Raute.",
        "Después de la señal diga lo que deben oír quienes llamen y luego pulse almohadilla.",
        "Après le bip, dites ce que vos correspondants doivent entendre, puis appuyez sur dièse.",
        "Dopo il segnale dica ciò che deve sentire chi chiama, poi prema cancelletto.",
        "После сигнала скажите то, что должны услышать звонящие, затем нажмите решётку.",
    ),
    "greeting-empty": (
        "Nothing was said. Nothing is changed.", "Es wurde nichts gesprochen. Nichts ist geändert.",
        "No se ha dicho nada. No se ha cambiado nada.",
        "Rien n'a été dit. Rien n'est changé.", "Non è stato detto niente. Niente è cambiato.",
        "Ничего не было сказано. Ничего не изменено.",
    ),
    "greeting-days": (
        "For how many days? Dial the number, then press pound.",
        "Für wie viele Tage? Wählen Sie die Zahl und drücken Sie dann die Raute.",
        "¿Para cuántos días? Marque el número y luego pulse almohadilla.",
        "Pour combien de jours ? Composez le nombre, puis appuyez sur dièse.",
        "Per quanti giorni? Componga il numero, poi prema cancelletto.",
        "На сколько дней? Наберите число, затем нажмите решётку.",
    ),
    "is-changed": (
        "It is changed.", "Es ist geändert.", "Se ha cambiado.", "C'est changé.",
        "È stato cambiato.", "Изменено.",
    ),
    "is-removed": (
        "It is removed.", "Es ist entfernt.", "Se ha eliminado.", "C'est supprimé.",
        "È stato eliminato.", "Удалено.",
    ),
    "presence-in": (
        "if you can be reached.", "wenn Sie erreichbar sind.", "si se le puede localizar.",
        "si vous êtes joignable.", "se è raggiungibile.", "если до вас можно дозвониться.",
    ),
    "presence-out": (
        "if you are out.", "wenn Sie außer Haus sind.", "si ha salido.", "si vous êtes sorti.",
        "se è fuori.", "если вас нет на месте.",
    ),
    "presence-meeting": (
        "if you are in a meeting.", "wenn Sie in einer Besprechung sind.",
        "si está en una reunión.", "si vous êtes en réunion.", "se è in riunione.",
        "если вы на совещании.",
    ),
    "presence-away": (
        "if you are away.", "wenn Sie verreist sind.", "si está de viaje.",
        "si vous êtes absent.", "se è assente.", "если вы в отъезде.",
    ),
    "presence-dnd": (
        "if you do not want to be disturbed.", "wenn Sie nicht gestört werden wollen.",
        "si no quiere que le molesten.", "si vous ne voulez pas être dérangé.",
        "se non vuole essere disturbato.", "если вас нельзя беспокоить.",
    ),
    "away-until": (
        "On which day are you back? Dial month and day with two digits each,"
        " or pound if you do not know it.",
        "An welchem Tag sind Sie zurück? Wählen Sie Monat und Tag mit je zwei Ziffern,"
        " oder die Raute, wenn Sie es nicht wissen.",
        "¿Qué día vuelve? Marque el mes y el día con dos cifras cada uno,"
        " o almohadilla si no lo sabe.",
        "Quel jour revenez-vous ? Composez le mois et le jour, deux chiffres chacun,"
        " ou dièse si vous ne le savez pas.",
        "Che giorno torna? Componga il mese e il giorno con due cifre ciascuno,"
        " o cancelletto se non lo sa.",
        "В какой день вы вернётесь? Наберите месяц и день, по две цифры,"
        " или решётку, если вы не знаете.",
    ),
    "no-such-day": (
        "There is no such day.", "Diesen Tag gibt es nicht.", "No existe ese día.",
        "Ce jour n'existe pas.", "Quel giorno non esiste.", "Такого дня нет.",
    ),
    "language-en": (
        "for English.", "für Englisch.", "para inglés.", "pour l'anglais.", "per l'inglese.",
        "для английского языка.",
    ),
    "language-de": (
        "for German.", "für Deutsch.", "para alemán.", "pour l'allemand.", "per il tedesco.",
        "для немецкого языка.",
    ),
    "language-es": (
        "for Spanish.", "für Spanisch.", "para español.", "pour l'espagnol.", "per lo spagnolo.",
        "для испанского языка.",
    ),
    "language-fr": (
        "for French.", "für Französisch.", "para francés.", "pour le français.",
        "per il francese.", "для французского языка.",
    ),
    "language-it": (
        "for Italian.", "für Italienisch.", "para italiano.", "pour l'italien.",
        "per l'italiano.", "для итальянского языка.",
    ),
    "language-ru": (
        "for Russian.", "für Russisch.", "para ruso.", "pour le russe.", "per il russo.",
        "для русского языка.",
    ),
    "keys-switchhook": (
        "for the usual keys.", "für die üblichen Tasten.", "para las teclas habituales.",
        "pour les touches habituelles.", "per i tasti abituali.", "для обычных клавиш.",
    ),
    "keys-asterisk": (
        "for the keys of Asterisk.", "für die Tasten von Asterisk.",
        "para las teclas de Asterisk.", "pour les touches d'Asterisk.", "per i tasti di Asterisk.",
        "для клавиш системы Астериск.",
    ),
    "keys-unity": (
        "for the keys of Cisco Unity.", "für die Tasten von Cisco Unity.",
        "para las teclas de Cisco Unity.", "pour les touches de Cisco Unity.",
        "per i tasti di Cisco Unity.", "для клавиш системы Циско.",
    ),
    "keys-panasonic": (
        "for the keys of Panasonic.", "für die Tasten von Panasonic.",
        "para las teclas de Panasonic.", "pour les touches de Panasonic.",
        "per i tasti di Panasonic.", "для клавиш системы Панасоник.",
    ),
    "keys-swapped": (
        "for the usual keys, but seven to save and nine to delete.",
        "für die üblichen Tasten, aber sieben speichert und neun löscht.",
        "para las teclas habituales, pero siete guarda y nueve borra.",
        "pour les touches habituelles, mais sept garde et neuf efface.",
        "per i tasti abituali, ma sette conserva e nove cancella.",
        "для обычных клавиш, но семь сохраняет, а девять удаляет.",
    ),
    "subject": (
        "Subject:", "Betreff:", "Asunto:", "Objet :", "Oggetto:", "Тема:",
    ),
    "attachments": (
        "Number of attachments:", "Zahl der Anhänge:", "Número de archivos adjuntos:",
        "Nombre de pièces jointes :", "Numero di allegati:", "Число вложений:",
    ),
    "mail-empty": (
        "This e-mail has no text.", "Diese E-Mail hat keinen Text.",
        "Este correo electrónico no tiene texto.", "Ce courriel n'a pas de texte.",
        "Questo messaggio non ha testo.", "В этом письме нет текста.",
    ),
    "mail-unreadable": (
        "This e-mail cannot be read out. Your mail program can fetch it.",
        "Diese E-Mail kann nicht vorgelesen werden. Ihr Mailprogramm kann sie abholen.",
        "Este correo no se puede leer en voz alta. Su programa de correo puede recibirlo.",
        "Ce courriel ne peut pas être lu. Votre logiciel de messagerie peut le recevoir.",
        "Questo messaggio non si può leggere. Il suo programma di posta può riceverlo.",
        "Это письмо нельзя прочитать вслух. Его можно получить почтовой программой.",
    ),
    "mail-rest": (
        "The rest is not read out. Your mail program can fetch it.",
        "Der Rest wird nicht vorgelesen. Ihr Mailprogramm kann ihn abholen.",
        "El resto no se lee en voz alta. Su programa de correo puede recibirlo.",
        "La suite n'est pas lue. Votre logiciel de messagerie peut la recevoir.",
        "Il resto non viene letto. Il suo programma di posta può riceverlo.",
        "Остальное не читается вслух. Его можно получить почтовой программой.",
    ),
}  # fmt: skip

_LANGUAGES = ("en", "de", "es", "fr", "it", "ru")


def words_in(language: str) -> Mapping[str, str]:
    """The words of these prompts in a language [ISO 639-1], by the prompts' names."""
    place = _LANGUAGES.index(language)
    return {f"switchhook/{name}": row[place] for name, row in _WORDS.items()}
