"""The addresses of My Switchhook."""

from starlette.routing import Route

from app.operations.greetings import FILE_MOST
from app.web.mine.greetings import GreetingPages
from app.web.mine.inbox import InboxPages
from app.web.mine.letters import LetterPages
from app.web.mine.message import MessagePages
from app.web.mine.notification import PAGE as NOTIFICATION
from app.web.mine.notification import NotificationPages
from app.web.mine.own import OwnPages
from app.web.mine.sound import SoundPages
from app.web.mine.workers import Workers
from app.web.web import Web

POST, BOTH = ("POST",), ("GET", "POST")


def routes(web: Web) -> list[Route]:
    """All of them: for whoever is logged in, and each for their own box alone."""
    workers = Workers()
    inbox, message, letters = InboxPages(web), MessagePages(web, workers), LetterPages(web)
    sound, greetings, own = SoundPages(web, workers), GreetingPages(web), OwnPages(web)
    return [
        web.route("/mine", inbox.list),
        web.route("/mine/do", inbox.do, methods=POST),
        web.route("/mine/settings", own.settings, methods=BOTH),
        web.route("/mine/settings/pin", own.pin, methods=POST),
        web.route("/mine/settings/presence", own.presence, methods=POST),
        web.route("/mine/settings/follow-me", own.follow_me, methods=POST),
        web.route("/mine/settings/presence-rules", own.rules, methods=POST),
        web.route(NOTIFICATION, NotificationPages(web).page, methods=BOTH),
        web.route("/mine/greetings", greetings.list),
        web.route("/mine/greetings/{kind}.wav", greetings.sound),
        web.route("/mine/greetings/{kind}", greetings.change, methods=POST, upload=FILE_MOST),
        web.route("/mine/{entry:number}", message.page),
        web.route("/mine/{entry:number}/telephone", message.by_telephone, methods=POST),
        web.route("/mine/{entry:number}/html", message.html),
        web.route("/mine/{entry:number}/message.eml", message.whole),
        web.route("/mine/{entry:number}/file/{number:number}", message.file),
        web.route("/mine/{entry:number}/sound.wav", sound.sound),
        web.route("/mine/{entry:number}/wave.svg", sound.wave),
        web.route("/mine/{entry:number}/reply", letters.reply, methods=BOTH),
        web.route("/mine/{entry:number}/forward", letters.forward, methods=BOTH),
    ]
