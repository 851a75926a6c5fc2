"""What is left of a mail without quotes and signatures: a table of how mail programs write."""

import time

import pytest

from app.message.own_words import own_words

HI = "Yes, five o'clock suits me.\n\nSee you there!"

CUT = {
    "nothing to cut": "",
    "blank lines": "\n\n\n",
    "signature": "\n\n-- \nAnna Lindqvist\nExample Ltd, 1 Main Street\n+1 555 0100",
    "signature that lost its blank": "\n\n--\nAnna",
    "footer of a mailing list": "\n\n" + "_" * 47 + "\nusers mailing list\nusers@lists.example.org",
    "Gmail": "\n\nOn Mon, Jan 5, 2026 at 9:12 AM Ben Okafor <ben@example.org> wrote:\n\n"
    "> Does five suit you?\n>\n> Ben\n",
    "Gmail, broken line": "\n\nOn Mon, Jan 5, 2026 at 9:12 AM Benjamin Okafor-Lindqvist\n"
    "<ben.okafor@example.org> wrote:\n\n> Does five suit you?\n",
    "Gmail as plain text of HTML": "\n\nOn Mon, Jan 5, 2026 at 9:12 Ben <b@example.org> wrote:\n"
    "Does five suit you?\nBen",
    "Thunderbird": "\n\nOn 1/5/26 09:12, Ben Okafor wrote:\n> Does five suit you?\n",
    "Apple Mail": "\n\n> On 5 Jan 2026, at 09:12, Ben Okafor <ben@example.org> wrote:\n> \n"
    "> Does five suit you?\n",
    "Apple Mail with a telephone": "\n\nSent from my iPhone\n\n"
    "> On 5 Jan 2026, at 09:12, Ben <ben@example.org> wrote:\n> \n> Does five suit you?\n",
    "mutt": "\n\nOn Mon, Jan 05, 2026 at 09:12:44AM +0100, Ben Okafor wrote:\n> Five?\n",
    "name alone": "\n\nBen Okafor wrote:\n> Does five suit you?\n",
    "quote of a quote": "\n\nOn 5 Jan 2026 Ben wrote:\n> On 4 Jan Cleo wrote:\n>> When?\n> Five?\n",
    "Outlook": "\n\n-----Original Message-----\nFrom: Ben Okafor <ben@example.org>\n"
    "Sent: Monday, January 5, 2026 9:12 AM\nTo: Anna\nSubject: Meeting\n\nDoes five suit you?",
    "Outlook, newer": "\n\n" + "_" * 32 + "\nFrom: Ben Okafor\n"
    "Sent: Monday, January 5, 2026 9:12 AM\nTo: Anna\nSubject: Meeting\n\nDoes five suit you?",
    "Outlook, head alone": "\n\nFrom: Ben Okafor <ben@example.org>\n"
    "Sent: Monday, January 5, 2026 9:12 AM\nTo: Anna <a@example.org>\nSubject: Meeting\n\n"
    "Does five suit you?",
    "Outlook of HTML": "\n\n*From:* Ben\n*Sent:* Monday\n*To:* Anna\n*Subject:* Date\n\nFive?",
    "Outlook for iOS": "\n\nGet Outlook for iOS<https://aka.ms/x>\n" + "_" * 32
    + "\nFrom: Ben\nSent: Monday\nTo: Anna\nSubject: Meeting\n\nFive?",
    "Outlook, German": "\n\nVon: Ben <ben@example.org>\nGesendet: Montag, 5. Januar 2026 09:12\n"
    "An: Anna\nBetreff: Termin\n\nPasst Ihnen fünf Uhr?",
    "Outlook, old, German": "\n\n-----Ursprüngliche Nachricht-----\nVon: Ben\n\nPasst fünf Uhr?",
    "Outlook, French": "\n\nDe : Ben Okafor\nEnvoyé : lundi 5 janvier 2026 09:12\nÀ : Anna\n"
    "Objet : Réunion\n\nCinq heures ?",
    "Outlook, old, French": "\n\n-----Message d'origine-----\nDe : Ben\n\nCinq heures ?",
    "Outlook, Italian": "\n\nDa: Ben Okafor\nInviato: lunedì 5 gennaio 2026 09:12\nA: Anna\n"
    "Oggetto: Riunione\n\nAlle cinque?",
    "Outlook, Spanish": "\n\nDe: Ben Okafor\nEnviado el: lunes, 5 de enero de 2026 9:12\n"
    "Para: Anna\nAsunto: Reunión\n\n¿A las cinco?",
    "Outlook, Russian": "\n\nОт: Бен\nОтправлено: 5 января 2026 г. 9:12\nКому: Анна\n"
    "Тема: Встреча\n\nВ пять?",
    "German": "\n\nAm 05.01.26 um 09:12 schrieb Ben Okafor:\n> Passt Ihnen fünf Uhr?\n",
    "German, Gmail": "\n\nAm Mo., 5. Jan. 2026 um 09:12 Uhr schrieb Ben Okafor <\n"
    "ben@example.org>:\n\n> Passt Ihnen fünf Uhr?\n",
    "German, telephone": "\n\nVon meinem iPhone gesendet\n\n"
    "> Am 05.01.2026 um 09:12 schrieb Ben <ben@example.org>:\n> \n> Passt fünf Uhr?\n",
    "French": "\n\nLe 05/01/2026 à 09:12, Ben Okafor a écrit :\n> Cinq heures ?\n",
    "French, Gmail": "\n\nLe lun. 5 janv. 2026 à 09:12, Ben Okafor <ben@example.org> a\nécrit :\n\n"
    "> Cinq heures ?\n",
    "Italian": "\n\nIl giorno lun 5 gen 2026 alle ore 09:12 Ben Okafor <ben@example.org>\n"
    "ha scritto:\n\n> Alle cinque?\n",
    "Spanish": "\n\nEl lun, 5 ene 2026 a las 9:12, Ben Okafor (<ben@example.org>)\nescribió:\n\n"
    "> ¿A las cinco?\n",
    "Russian": "\n\nпн, 5 янв. 2026 г. в 09:12, Бен Окафор <ben@example.org>:\n\n> В пять?\n",
    "Russian, Thunderbird": "\n\n05.01.2026 09:12, Бен Окафор пишет:\n> В пять?\n",
    "Russian, Yandex": '\n\n05.01.2026, 09:12, "Бен" <ben@example.org> написал(а):\n> В пять?\n',
    "Android": "\n\nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "quote without a word": "\n\n> Does five suit you?\n> Ben\n",
    "carriage returns": "\r\n\r\nOn 5 Jan 2026, Ben wrote:\r\n> Does five suit you?\r\n",
}  # fmt: skip


@pytest.mark.parametrize("rest", CUT.values(), ids=CUT)
def test_answer_above_what_is_quoted(rest: str) -> None:
    assert own_words(HI + rest) == HI


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("On 5 Jan 2026, Ben wrote:\n> Five?\n\nYes.\n\n> And six?\n\nNo.", "Yes.\n\nNo."),
        ("> Does five suit you?\nYes.\n-- \nAnna", "Yes."),
        ("Am 5.1.2026 schrieb Ben:\n> Passt es?\nJa.\n", "Ja."),
    ],
)  # fmt: skip
def test_answer_between_and_below_the_lines(text: str, left: str) -> None:
    assert own_words(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "FYI\n\n---------- Forwarded message ---------\nFrom: Ben <ben@example.org>\n"
        "Date: Mon, Jan 5\nSubject: Roof\nTo: Anna\n\nThe roof leaks.",
        "Begin forwarded message:\n\nFrom: Ben\nSubject: Roof\nDate: 5 Jan\nTo: Anna\n\nIt leaks.",
        "She wrote me a letter.\nFrom: the roof to the cellar we saw it.\nOn Monday she leaves.",
        "He wrote: never again.",
        "Prices:\nto: 5\nfrom: 3",
        "On the table are three things:\none, two, three.",
    ],
)  # fmt: skip
def test_what_somebody_sends_on_or_has_written_stays(text: str) -> None:
    assert own_words(text) == text


def test_mail_of_nothing_but_quotes_is_read_whole() -> None:
    assert own_words("> The roof leaks.\n> Ben") == "The roof leaks.\nBen"
    assert own_words("-- \nAnna") == "-- \nAnna"
    assert own_words("") == ""


@pytest.mark.parametrize(
    "evil",
    [
        "On 1 wrote:\n" * 60_000,
        "From: a\n" * 60_000,
        "> " * 150_000,
        "On " + "1 " * 200_000 + "wrote:",
        "-" * 300_000,
        "From:" + " " * 300_000,
        "\n" * 300_000,
        "---" + " " * 300_000 + "original message",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_takes_linear_time(evil: str) -> None:
    began = time.process_time()
    own_words(evil)
    assert time.process_time() - began < 2.0  # 0.1 to 0.3 here; a square would be minutes
