"""Whose voicemail a mail is and who called, for each system that marks its own."""

import pytest

from app.message.voice import NAME_LIMIT, NUMBER_LIMIT
from app.message.voice_marks import NOBODY, VoiceMarks, voice_marks
from tests.kit import foreign_voicemail as foreign
from tests.kit.letters import LETTER

SOUND = foreign.wav(b"RIFF")


@pytest.mark.parametrize(
    ("mail", "number", "name", "seconds"),
    [
        (foreign.asterisk(SOUND), "5551234", "CARL CALLER", None),
        (foreign.asterisk(SOUND, name=None), "5551234", None, None),
        (foreign.asterisk(SOUND, None, None), None, None, None),
        (foreign.asterisk(SOUND, "Unknown", "Unknown"), None, None, None),
        (foreign.asterisk(SOUND, "5551234", "5551234"), "5551234", None, None),
        (foreign.asterisk(SOUND, '"Carl C." <+15551234>', None), "+15551234", None, None),
        (foreign.freeswitch(SOUND), "5551234", "CARL CALLER", None),
        (foreign.freeswitch(SOUND, "anonymous", "Anonymous"), None, None, None),
        (foreign.freeswitch_of_the_account(SOUND), "5551234", "CARL CALLER", None),
        (foreign.exchange(SOUND), "+15555551234", "Carl Caller", 4),
        (foreign.unity(SOUND), "5551234", None, None),
        (foreign.unity(SOUND, "Carl Caller (1234)"), "1234", "Carl Caller", None),
        (foreign.unity(SOUND, "an unknown caller"), None, None, None),
        (foreign.unity(SOUND, "Unknown"), None, None, None),
        (foreign.google_voice(SOUND), "9175550142", None, None),
        (foreign.broadworks(SOUND), "5551234", "CARL CALLER", None),
        (foreign.broadworks(SOUND, "07712345678 - name unavailable"), "07712345678", None, None),
        (foreign.broadworks(SOUND, "5551234 - 5551234", "[EXTERNAL] "), "5551234", None, None),
        (foreign.visual_voicemail(SOUND), "5551234", None, 31),
        (foreign.vpim(SOUND), "+12145551234", "Carl Caller", 4),
    ],
)
def test_caller_and_length_of_each_systems_voicemail(
    mail: bytes, number: str | None, name: str | None, seconds: int | None
) -> None:
    assert voice_marks(mail) == VoiceMarks(number, name, seconds)


@pytest.mark.parametrize("kind", ["voice", "Voice-CA", "voice-uc"])
def test_exchanges_classes_of_voicemail_are_enough(kind: str) -> None:
    assert voice_marks(foreign.mail([f"Content-Class: {kind}"], [SOUND])) == VoiceMarks()


def test_freeswitch_with_a_subject_of_its_owners_is_known_by_from() -> None:
    head = ["X-Mailer: FreeSWITCH", 'From: "CARL" <5551234@x.test>', "Subject: New voicemail"]
    assert voice_marks(foreign.mail(head, [SOUND])) == VoiceMarks("5551234", "CARL")
    head[2] = "Subject: Voicemail from DORA"
    assert voice_marks(foreign.mail(head, [SOUND])) == VoiceMarks(None, "DORA")


def test_senders_number_counts_more_than_the_subjects() -> None:
    head = ["Message-Context: voice-message", "Subject: Message from DORA 5559876"]
    assert voice_marks(foreign.mail([*head, "From: <5551234@x.test>"], [])) == VoiceMarks("5551234")
    told = voice_marks(foreign.mail([*head, "From: Unity <unity@x.test>"], []))
    assert told == VoiceMarks("5559876", "DORA")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("31", 31), ("100000", 100_000), ("1000000", None), ("-1", None), ("", None)],
)
def test_length_has_six_digits_at_most(value: str, seconds: int | None) -> None:
    head = ["Message-Context: voice-message", f"Content-Duration: {value}"]
    assert voice_marks(foreign.mail(head, [])) == VoiceMarks(duration_s=seconds)


def test_asterisks_own_fields_of_a_message_in_its_imap_store() -> None:
    head = [
        "X-Asterisk-VM-Caller-ID-Num: 5551234",
        "X-Asterisk-VM-Caller-ID-Name: =?utf-8?q?J=C3=BCrgen?=",
        "X-Asterisk-VM-Duration: 12",
    ]
    assert voice_marks(foreign.mail(head, [SOUND])) == VoiceMarks("5551234", "Jürgen", 12)


@pytest.mark.parametrize(
    "mail",
    [
        LETTER,
        b"",
        b"Subject: Voicemail from 5551234\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
        foreign.asterisk_notification(),
        foreign.mail(["X-Mailer: FreeSWITCH"], [foreign.TEXT], kind="alternative"),
        foreign.mail(["Content-Class: missedcall"], [foreign.TEXT]),
        foreign.mail(["From: Google Voice <voice-noreply@google.com>", "Subject: SMS"], [SOUND]),
        foreign.broadworks(SOUND, before="Re: "),
        foreign.google_voice(SOUND).replace(b"google.com", b"google.com.evil.test"),
    ],
)
def test_mail_that_only_tells_of_a_message_or_does_not_even_do_that_is_no_voicemail(
    mail: bytes,
) -> None:
    assert voice_marks(mail) is None


@pytest.mark.parametrize("context", ["voice-message", "Voice-Message"])
def test_standard_mark_is_enough_whatever_else_the_mail_is(context: str) -> None:
    marked = f"From: Dora <dora@far.test>\r\nMessage-Context: {context}\r\n\r\n".encode()
    assert voice_marks(marked) == VoiceMarks(None, "Dora", None)
    assert voice_marks(b"Content-Type: Multipart/Voice-Message; boundary=b\r\n\r\n") == VoiceMarks()


@pytest.mark.parametrize(
    ("subject", "number", "name"),
    [
        ("Voicemail from CARL CALLER 5551234 (0:12)", "5551234", "CARL CALLER"),
        ("Voicemail From 555-1234 on Monday", "5551234", None),
        ("message from +44 (20) 7946-0000 at 9:05 AM", "+442079460000", None),
        ('Voicemail from "CARL" <carl@far.test>', None, "CARL"),
        ("from ", None, None),
        ("Message from " + "x" * 600, None, "x" * NAME_LIMIT),
        ("Message from " + "5" * 600, "5" * NUMBER_LIMIT, None),
        ("from" * 300, None, None),
        ("=?utf-8?q?Message_from_J=C3=BCrgen_123?=", "123", "Jürgen"),
        ("Nothing said", None, None),
    ],
)
def test_caller_in_a_subject(subject: str, number: str | None, name: str | None) -> None:
    mail = (
        f"From: <unityconnection@x.test>\r\nSubject: {subject}\r\nContent-Type: audio/wav\r\n\r\n"
    )
    assert voice_marks(mail.encode()) == VoiceMarks(number, name)


@pytest.mark.parametrize("name", sorted(NOBODY))
def test_names_that_mean_nobody_are_no_names(name: str) -> None:
    mail = foreign.asterisk(SOUND, None, name.title())
    assert voice_marks(mail) == VoiceMarks()


def test_caller_who_writes_into_the_header_changes_nothing_else() -> None:
    mail = foreign.asterisk(SOUND, "5551234", "=?utf-8?q?EVIL=0D=0ABcc:_x=00=E2=80=AE?=")
    marks = voice_marks(mail)
    assert marks is not None and marks.name is not None
    assert marks.name.isprintable() and "=?" not in marks.name
