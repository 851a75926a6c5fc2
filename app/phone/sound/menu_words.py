"""Words of the owner's menus in every language: what keys do, and what has been done.

One row a prompt, so that who changes one sees all of its languages. Names begin with "switchhook/".
"""

from collections.abc import Mapping

_WORDS: dict[str, tuple[str, str, str, str, str, str]] = {
    # name: English, German, Spanish, French, Italian, Russian
    "to-lists": (
        "for other messages.",
        "für andere Nachrichten.",
        "para otros mensajes.",
        "pour d'autres messages.",
        "per altri messaggi.",
        "чтобы выбрать другие сообщения.",
    ),
    "to-new": (
        "for new messages.",
        "für neue Nachrichten.",
        "para los mensajes nuevos.",
        "pour les nouveaux messages.",
        "per i messaggi nuovi.",
        "чтобы прослушать новые сообщения.",
    ),
    "to-old": (
        "for messages you have heard.",
        "für Nachrichten, die Sie gehört haben.",
        "para los mensajes que ya ha escuchado.",
        "pour les messages que vous avez écoutés.",
        "per i messaggi già ascoltati.",
        "чтобы прослушать старые сообщения.",
    ),
    "to-bin": (
        "for deleted messages.",
        "für gelöschte Nachrichten.",
        "para los mensajes borrados.",
        "pour les messages effacés.",
        "per i messaggi cancellati.",
        "чтобы прослушать удалённые сообщения.",
    ),
    "to-main": (
        "for the main menu.",
        "für das Hauptmenü.",
        "para el menú principal.",
        "pour le menu principal.",
        "per il menu principale.",
        "чтобы вернуться в главное меню.",
    ),
    "to-first": (
        "for the first message.",
        "für die erste Nachricht.",
        "para el primer mensaje.",
        "pour le premier message.",
        "per il primo messaggio.",
        "чтобы перейти к первому сообщению.",
    ),
    "to-last": (
        "for the last message.",
        "für die letzte Nachricht.",
        "para el último mensaje.",
        "pour le dernier message.",
        "per l'ultimo messaggio.",
        "чтобы перейти к последнему сообщению.",
    ),
    "to-keep-new": (
        "to keep this message as new.",
        "um diese Nachricht als neu zu behalten.",
        "para conservar este mensaje como nuevo.",
        "pour garder ce message comme nouveau.",
        "per conservare questo messaggio come nuovo.",
        "чтобы оставить это сообщение новым.",
    ),
    "to-envelope": (
        "to hear who called and when.",
        "um zu hören, wer wann angerufen hat.",
        "para saber quién llamó y cuándo.",
        "pour savoir qui a appelé et quand.",
        "per sapere chi ha chiamato e quando.",
        "чтобы узнать, кто и когда звонил.",
    ),
    "to-more": (
        "for more options.",
        "für weitere Möglichkeiten.",
        "para más opciones.",
        "pour d'autres options.",
        "per altre opzioni.",
        "чтобы услышать другие возможности.",
    ),
    "to-pause": (
        "to pause or go on.",
        "um anzuhalten oder fortzufahren.",
        "para hacer una pausa o continuar.",
        "pour faire une pause ou reprendre.",
        "per mettere in pausa o riprendere.",
        "чтобы приостановить или продолжить.",
    ),
    "to-back": (
        "to go back three seconds.",
        "um drei Sekunden zurückzugehen.",
        "para retroceder tres segundos.",
        "pour reculer de trois secondes.",
        "per tornare indietro di tre secondi.",
        "чтобы вернуться на три секунды назад.",
    ),
    "to-ahead": (
        "to go ahead three seconds.",
        "um drei Sekunden vorzugehen.",
        "para avanzar tres segundos.",
        "pour avancer de trois secondes.",
        "per andare avanti di tre secondi.",
        "чтобы перейти на три секунды вперёд.",
    ),
    "to-sound": (
        "for speed and volume.",
        "für Geschwindigkeit und Lautstärke.",
        "para la velocidad y el volumen.",
        "pour la vitesse et le volume.",
        "per la velocità e il volume.",
        "чтобы изменить скорость и громкость.",
    ),
    "to-slower": (
        "for slower.", "für langsamer.", "para más lento.", "pour ralentir.",
        "per rallentare.", "чтобы слушать медленнее.",
    ),
    "to-faster": (
        "for faster.", "für schneller.", "para más rápido.", "pour accélérer.",
        "per accelerare.", "чтобы слушать быстрее.",
    ),
    "to-louder": (
        "for louder.", "für lauter.", "para más alto.", "pour augmenter le volume.",
        "per aumentare il volume.", "чтобы слушать громче.",
    ),
    "to-quieter": (
        "for quieter.", "für leiser.", "para más bajo.", "pour baisser le volume.",
        "per abbassare il volume.", "чтобы слушать тише.",
    ),
    "to-help": (
        "for help.", "für Hilfe.", "para obtener ayuda.", "pour obtenir de l'aide.",
        "per l'aiuto.", "чтобы услышать подсказку.",
    ),
    "to-leave": (
        "to exit.", "um zu beenden.", "para salir.", "pour quitter.",
        "per uscire.", "чтобы выйти.",
    ),
    "kept-new": (
        "Kept as new.",
        "Als neu behalten.",
        "Conservado como nuevo.",
        "Gardé comme nouveau.",
        "Conservato come nuovo.",
        "Сообщение осталось новым.",
    ),
    "bin-empty": (
        "There are no deleted messages.",
        "Es gibt keine gelöschten Nachrichten.",
        "No hay mensajes borrados.",
        "Il n'y a pas de messages effacés.",
        "Non ci sono messaggi cancellati.",
        "Удалённых сообщений нет.",
    ),
}  # fmt: skip

_LANGUAGES = ("en", "de", "es", "fr", "it", "ru")


def words_in(language: str) -> Mapping[str, str]:
    """The words of these prompts in a language, by the prompts' names."""
    place = _LANGUAGES.index(language)
    return {f"switchhook/{name}": row[place] for name, row in _WORDS.items()}
