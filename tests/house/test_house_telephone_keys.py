"""docs/telephone-keys.md is what the key maps say."""

from app.voicemail.menu import Menu
from scripts.telephone_keys import PAGE, TITLES, page


def test_page_of_telephone_keys_is_what_the_maps_say() -> None:
    assert PAGE.read_text() == page(), "run `python -m scripts.telephone_keys`"


def test_page_of_telephone_keys_has_every_menu() -> None:
    assert set(TITLES) == set(Menu)
