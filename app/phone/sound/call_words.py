"""Words of our prompts for callers who are asked whom they want, and who is called outside."""

ENGLISH = {
    "switchhook/attendant": "Welcome. Please dial the extension of the person you want."
    " For the operator, press zero.",
    "switchhook/attendant-by-name": "To find somebody by name, press nine.",
    "switchhook/no-extension": "There is no such extension.",
    "switchhook/dial-name": "Please dial the first letters of the name, then press pound.",
    "switchhook/choose-name": "Press one for this person, or star for the next.",
    "switchhook/no-name": "Nobody of that name was found.",
    "switchhook/call-for": "There is a call for",
    "switchhook/accept-call": "Press one to accept it.",
    "switchhook/message-for": "There is a new message for",
    "switchhook/told-keys": "Press one to keep this message as heard, two to hear it again, seven"
    " to delete it.",
}

SPANISH = {
    "switchhook/attendant": "Bienvenido. Marque la extensión de la persona con la que desea hablar."
    " Para hablar con la operadora, pulse cero.",
    "switchhook/attendant-by-name": "Para buscar a alguien por su nombre, pulse nueve.",
    "switchhook/no-extension": "Esa extensión no existe.",
    "switchhook/dial-name": "Marque las primeras letras del nombre y después pulse almohadilla.",
    "switchhook/choose-name": "Pulse uno para esta persona, o asterisco para la siguiente.",
    "switchhook/no-name": "No se ha encontrado a nadie con ese nombre.",
    "switchhook/call-for": "Hay una llamada para",
    "switchhook/accept-call": "Pulse uno para aceptarla.",
    "switchhook/message-for": "Hay un mensaje nuevo para",
    "switchhook/told-keys": "Pulse uno para conservar este mensaje como escuchado, dos para oírlo"
    " otra vez, siete para borrarlo.",
}

FRENCH = {
    "switchhook/attendant": "Bienvenue. Veuillez composer le poste de la personne souhaitée."
    " Pour joindre le standard, appuyez sur zéro.",
    "switchhook/attendant-by-name": "Pour chercher quelqu'un par son nom, appuyez sur neuf.",
    "switchhook/no-extension": "Ce poste n'existe pas.",
    "switchhook/dial-name": "Composez les premières lettres du nom, puis appuyez sur dièse.",
    "switchhook/choose-name": "Pour cette personne, appuyez sur un ; pour la suivante, sur étoile.",
    "switchhook/no-name": "Personne de ce nom n'a été trouvé.",
    "switchhook/call-for": "Il y a un appel pour",
    "switchhook/accept-call": "Pour l'accepter, appuyez sur un.",
    "switchhook/message-for": "Il y a un nouveau message pour",
    "switchhook/told-keys": "Appuyez sur un pour garder ce message comme écouté, sur deux pour le"
    " réécouter, sur sept pour l'effacer.",
}

ITALIAN = {
    "switchhook/attendant": "Benvenuto. Componga l'interno della persona desiderata."
    " Per parlare con l'operatore, prema zero.",
    "switchhook/attendant-by-name": "Per cercare qualcuno per nome, prema nove.",
    "switchhook/no-extension": "Questo interno non esiste.",
    "switchhook/dial-name": "Componga le prime lettere del nome, poi prema cancelletto.",
    "switchhook/choose-name": "Prema uno per questa persona, o asterisco per la successiva.",
    "switchhook/no-name": "Non è stato trovato nessuno con questo nome.",
    "switchhook/call-for": "C'è una chiamata per",
    "switchhook/accept-call": "Prema uno per accettarla.",
    "switchhook/message-for": "C'è un nuovo messaggio per",
    "switchhook/told-keys": "Prema uno per conservare questo messaggio come ascoltato, due per"
    " riascoltarlo, sette per cancellarlo.",
}

RUSSIAN = {
    "switchhook/attendant": "Здравствуйте. Наберите внутренний номер нужного вам сотрудника."
    " Для соединения с оператором нажмите ноль.",
    "switchhook/attendant-by-name": "Для поиска по имени нажмите девять.",
    "switchhook/no-extension": "Такого внутреннего номера нет.",
    "switchhook/dial-name": "Наберите первые буквы имени, затем нажмите решётку.",
    "switchhook/choose-name": "Нажмите один, чтобы выбрать, или звёздочку для следующего имени.",
    "switchhook/no-name": "Такое имя не найдено.",
    "switchhook/call-for": "Поступил звонок. Кому:",
    "switchhook/accept-call": "Нажмите один, чтобы принять его.",
    "switchhook/message-for": "Поступило новое сообщение. Кому:",
    "switchhook/told-keys": "Нажмите один, чтобы сохранить сообщение как прослушанное, два, чтобы"
    " прослушать ещё раз, семь, чтобы удалить.",
}

GERMAN = {
    "switchhook/attendant": "Willkommen. Bitte wählen Sie die Nebenstelle der gewünschten Person."
    " Für die Vermittlung drücken Sie die Null.",
    "switchhook/attendant-by-name": "Um jemanden nach Namen zu suchen, drücken Sie die Neun.",
    "switchhook/no-extension": "Diese Nebenstelle gibt es nicht.",
    "switchhook/dial-name": "Bitte wählen Sie die ersten Buchstaben des Namens und dann die Raute.",
    "switchhook/choose-name": "Drücken Sie eins für diese Person, oder Stern für die nächste.",
    "switchhook/no-name": "Niemand mit diesem Namen wurde gefunden.",
    "switchhook/call-for": "Es ist ein Anruf da für",
    "switchhook/accept-call": "Drücken Sie eins, um ihn anzunehmen.",
    "switchhook/message-for": "Es ist eine neue Nachricht da für",
    "switchhook/told-keys": "Drücken Sie eins, um diese Nachricht als gehört zu behalten, zwei, um"
    " sie noch einmal zu hören, sieben, um sie zu löschen.",
}
