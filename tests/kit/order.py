"""In which order the files of tests are run on several cores."""

LONGEST = (
    "journeys/test_journey_every_country",
    "journeys/test_journey_full_disk",
    "soak/test_soak_days",
    "commands/test_command_phone_without_store",
    "journeys/test_journey_two_calls",
    "browser/test_browser_board",
    "device/test_update_trial",
    "commands/test_command_bad_input",
    "web/test_web_box",
    "journeys/test_journey_damage",
    "browser/test_browser_box",
    "journeys/test_journey_countries",
    "voicemail/test_voicemail_toll_fraud",
    "store/test_store_durability",
    "journeys/test_journey_kill_mail",
    "phone/test_phone_walks",
    "soak/test_soak_kills",
    "journeys/test_journey_call",
    "clerk/test_clerk_packs",
    "browser/test_browser_mine",
)
"""Files that take longest. They come first: one of them alone at the end would keep one core busy
and the other idle."""


def place(path: str) -> int:
    """The place of a file, such as "tests/soak/test_soak_days.py"; others stay as found."""
    name = path.removeprefix("tests/").removesuffix(".py")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
