"""A settings file with a typo is refused with line, name and what is allowed."""

import tomllib
from pathlib import Path

import pytest

from app.config.annotated import annotated
from app.config.settings import Settings, SettingsError, load


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as problem:
        load(path)
    return str(problem.value)


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "none.toml") == Settings()


def test_a_misspelt_name_is_shown_with_its_line_and_the_names_allowed(tmp_path: Path) -> None:
    said = refused(tmp_path, '[site]\ncountry = "us"\nhostnam = "x"\n')
    assert "line 3" in said
    assert "site.hostnam: no such setting" in said
    assert "hostname" in said


def test_a_value_out_of_range_is_shown_with_its_meaning(tmp_path: Path) -> None:
    said = refused(tmp_path, "[phone]\nring_seconds = 1\n")
    assert "line 2: phone.ring_seconds" in said
    assert "greater than or equal to 4" in said
    assert "Seconds a call rings" in said


def test_a_bad_choice_lists_the_choices(tmp_path: Path) -> None:
    said = refused(tmp_path, '[site]\ncountry = "uss"\n')
    assert "line 2: site.country: country 'uss'; allowed: at, au, " in said
    assert ", jp, " in said


@pytest.mark.parametrize(
    ("written", "code"), [("gb", "gb"), ("uk", "gb"), ("UK", "gb"), ("DE", "de"), ("nz", "nz")]
)
def test_country_by_either_code_in_any_case_is_its_iso_code(
    tmp_path: Path, written: str, code: str
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'[site]\ncountry = "{written}"\n')
    assert load(path).site.country == code


def test_country_whose_tones_are_not_known_is_refused_with_that_reason(tmp_path: Path) -> None:
    said = refused(tmp_path, '[site]\ncountry = "ie"\n')
    assert "line 2: site.country" in said and "its tones are not known here; allowed: at," in said


def test_a_bad_network_is_named(tmp_path: Path) -> None:
    assert "does not appear to be" in refused(tmp_path, '[mail]\nlan = ["10.0.0"]\n')


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ('address = "192.168.1.10"', "as in 192.168.1.10/24"),
        ('address = "192.168.1.300/24"', "does not appear to be"),
        ('nameservers = ["one"]', "does not appear to be"),
        ('passphrase = "short"', "should match"),
    ],
)
def test_a_network_that_cannot_be_is_refused(tmp_path: Path, setting: str, complaint: str) -> None:
    said = refused(tmp_path, f"[network]\n{setting}\n")
    assert "line 2: network." in said
    assert complaint in said


def test_a_time_zone_is_looked_up(tmp_path: Path) -> None:
    said = refused(tmp_path, '[site]\ntime_zone = "Europe/Atlantis"\n')
    assert "there is no such time zone; Europe/Berlin is one" in said
    path = tmp_path / "settings.toml"
    path.write_text('[site]\ntime_zone = "Europe/Berlin"\n')
    assert load(path).site.time_zone == "Europe/Berlin"


def test_what_lies_beneath_holds_where_the_owner_says_nothing(tmp_path: Path) -> None:
    lower, upper = tmp_path / "device.toml", tmp_path / "settings.toml"
    lower.write_text('[mail]\npop3_port = 110\nsmtp_port = 25\n[site]\ncountry = "de"\n')
    upper.write_text("[mail]\npop3_port = 8110\n")
    both = load(upper, (tmp_path / "none.toml", lower))
    assert (both.mail.pop3_port, both.mail.smtp_port, both.site.country) == (8110, 25, "de")
    assert tomllib.loads(annotated(both).replace("#smtp_port", "smtp_port"))["mail"] == {
        "smtp_port": 25
    }


def test_broken_toml_says_where(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, '[mail]\nlisten = "x\n')


@pytest.mark.parametrize("value", ["[" * 5_000, "{a=" * 5_000, "9" * 5_000])
def test_a_value_without_measure_is_refused_in_words(tmp_path: Path, value: str) -> None:
    assert "backup" in refused(tmp_path, f"[mail]\npop3_port = {value}\n")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "[mail]\nprot = 1\n[keeping]\nquota_mb = 0\n")
    assert len(said.splitlines()) == 2


def test_an_outside_line_is_set_by_its_jack(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[phone.incoming.line1]\nhandsets = ["101"]\nmailbox = "201"\n')
    assert load(path).phone.incoming["line1"].handsets == ("101",)


def test_the_annotated_file_changes_nothing_and_its_lines_are_true() -> None:
    text = annotated()
    assert Settings.model_validate(tomllib.loads(text)) == Settings()
    uncommented = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") else line
        for line in text.splitlines()
    )
    changed = Settings.model_validate(tomllib.loads(uncommented))
    assert changed.phone.incoming["line1"].mailbox == "201"
    assert changed.fax.receiving["line1"].mailbox == "201"
    usual = {"phone": Settings().phone, "fax": Settings().fax}
    assert changed.model_copy(update=usual) == Settings()


# ---- files as owners' editors leave them


def test_a_file_with_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "switchhook.toml"
    path.write_bytes(b'\xef\xbb\xbf[phone]\r\nboard = "rpi"\r\n\r\n[site]\r\ncountry = "de"\r\n')
    settings = load(path)
    assert (settings.phone.board, settings.site.country) == ("rpi", "de")


def test_curly_quotation_marks_are_refused_with_the_line_to_write(tmp_path: Path) -> None:
    said = refused(tmp_path, "[phone]\r\nboard = “rpi”\r\n")
    assert "line 2: the quotation marks “ ”" in said
    assert said.endswith('write plain ones: board = "rpi"')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_refused_with_what_to_do(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes('[site]\ncountry = "de"\n'.encode(encoding))
    with pytest.raises(SettingsError, match=r"UTF-16.*save it again as UTF-8"):
        load(path)


def test_latin_1_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes('[network]\n# das Café\nwlan = "Café"\n'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"line 2: a letter of `# das Café`.*UTF-8"):
        load(path)


def test_text_without_quotation_marks_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    said = refused(tmp_path, "[site]\ncountry = de # here\n")
    assert 'line 2: text needs quotation marks: country = "de"' in said


def test_a_line_that_is_no_setting_is_quoted(tmp_path: Path) -> None:
    assert 'line 2: `country "de"` cannot be understood' in refused(
        tmp_path, '[site]\ncountry "de"\n'
    )


@pytest.mark.parametrize("text", ["passphrase = geheim12", 'passphrase = "kurz"'])
def test_no_error_shows_a_secret(tmp_path: Path, text: str) -> None:
    said = refused(tmp_path, f"[network]\n{text}\n")
    assert "geheim12" not in said and "kurz" not in said and "passphrase" in said


@pytest.mark.parametrize("code", ["DE", "de ", "De"])
def test_codes_in_capitals_are_understood(tmp_path: Path, code: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'[site]\ncountry = "{code}"\nlanguage = "{code}"\n')
    assert (load(path).site.country, load(path).site.language) == ("de", "de")


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("setting", ["voicemail.shortest_s", "keeping.grace_days"])
def test_number_that_is_none_is_refused_with_the_setting_named(
    tmp_path: Path, setting: str, number: str
) -> None:
    section, name = setting.split(".")
    file = tmp_path / "settings.toml"
    file.write_text(f"[{section}]\n{name} = {number}\n")
    with pytest.raises(SettingsError, match=setting):
        load(file)


@pytest.mark.parametrize(
    "setting",
    [
        'phone.board = "../../data/spoken/board"',
        'phone.board = "/tmp"',
        'network.wlan = "cafe\\"\\n}\\nnetwork={"',
        'network.passphrase = "longenough\\nand=more"',
        'network.time_servers = ["a b", "c\\nserver d"]',
    ],
)
def test_text_that_could_be_more_than_a_name_in_a_boot_script_is_refused(
    tmp_path: Path, setting: str
) -> None:
    name, _, value = setting.partition(" = ")
    section, _, key = name.partition(".")
    assert name in refused(tmp_path, f"[{section}]\n{key} = {value}\n")
