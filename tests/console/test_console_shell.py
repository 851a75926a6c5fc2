"""The console at a terminal that shows lines of text and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from app.appliance import open_inbox
from app.config.paths import Paths
from app.inbox.store import EntryState, Facts, Kind
from app.store.database import Tx
from tests.kit.console import CONSOLE_PASSWORD, PASSWORD, PROMPT, AtConsole, make_box


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return make_box(tmp_path / "var")


def deliver(paths: Paths, login: str, subject: str) -> None:
    box = open_inbox(paths, paths.settings())
    person = box.people.by_login(login)
    assert person is not None
    reader = person.id

    def work(tx: Tx) -> None:
        content = box.store.contents.write(tx, (b"Subject: x\r\n\r\nx\r\n",))
        facts = Facts(0.0, "eva@example.org", subject)
        box.store.add_entry(tx, reader, content, b"", Kind.EMAIL, EntryState.NEW, facts)

    box.db.now(work)
    box.db.close()


def test_person_is_added_and_the_history_names_the_console_and_who_was_there(paths: Paths) -> None:
    with AtConsole(paths) as screen:
        screen.log_in()
        assert "eva has a box" in screen.run('people add eva --name "Eva Kovács" --mailbox 203')
        history = screen.run("switchhook inbox history eva").split("\n")
        added = next(line.split() for line in history if "person added" in line)
        assert added[-3:] == ["console", "anna", "eva"]
        assert "there is no command pepole" in screen.run("pepole list")
        assert "cannot read this line" in screen.run('people add "eva')
        assert "Usage: people pin" in screen.run("people pin --help")
        assert "there is no command run" in screen.run("run")
        screen.terminal.sendline("exit")
        screen.ended()
    assert "\x1b" not in screen.octets


def test_rights_that_are_taken_away_are_gone_at_the_next_command(paths: Paths) -> None:
    """Each command is a process that reads settings and store: two seconds in all."""
    with AtConsole(paths) as screen:
        screen.log_in()
        change(paths, "ben", admin=True)
        change(paths, "anna", admin=False, roles=("phone",))
        assert "only an administrator may use device" in screen.run("device health")
        assert "Ben" not in screen.run("people list")
        change(paths, "anna", roles=())
        screen.terminal.sendline("people list")
        screen.see("This console is for administrators: logged out.")
        screen.ended()


def change(paths: Paths, login: str, **fields: Any) -> None:
    box = open_inbox(paths, paths.settings())
    person = box.people.by_login(login)
    assert person is not None
    box.db.now(lambda tx: box.people.change(tx, person.id, "", "admin", **fields))
    box.db.close()


def test_hostile_text_reaches_the_terminal_as_codes(paths: Paths) -> None:
    paths.notices.mkdir()
    (paths.notices / "card-refused").write_text("the card says \x1b[31mred\nand goes on")
    deliver(paths, "anna", "\x1b]0;pwned\x07\x1b[2J\u202eevil\r\nswitchhook> ")
    with AtConsole(paths) as screen:
        assert "ATTENTION: the card says \\x1b[31mred\nand goes on" in screen.log_in()
        listed = screen.run("inbox list anna")
        assert "\\x1b" in listed
        screen.terminal.send("people list \x1b[2J\r")
        screen.see("characters that cannot be seen; nothing was done")
        screen.see("switchhook>")
    assert "\x1b]" not in screen.octets and "\x07" not in screen.octets
    assert "\u202e" not in screen.octets


def test_secrets_are_shown_once_and_never_remembered(paths: Paths) -> None:
    with AtConsole(paths) as screen:
        screen.log_in()
        screen.run("people pin ben 831274")
        screen.run("settings set network.passphrase sesame-open")
        screen.run("people list")
        remembered = screen.run("history")
    assert remembered.split() == ["people", "pin", "settings", "set", "people", "list", "history"]


def test_long_output_waits_for_a_key(paths: Paths) -> None:
    with AtConsole(paths) as screen:
        screen.log_in()
        screen.terminal.sendline("settings list")
        first = screen.see("-- more")
        assert first.count("\n") <= 25
        screen.terminal.send(" ")
        assert screen.see("-- more").count("\n") >= 20
        screen.terminal.send("q")
        screen.see("switchhook>")
        screen.run("paging off")
        assert screen.run("settings list").count("\n") > 50


def test_wrong_password_costs_its_wait_and_others_learn_nothing(paths: Paths) -> None:
    with AtConsole(paths) as screen:
        screen.see("login: ")
        screen.terminal.sendline("anna")
        screen.see("Password: ")
        screen.terminal.sendline("wrong")
        assert screen.ended().strip() == "Login incorrect."
    with AtConsole(paths, "dumb", "ben") as screen:
        screen.see("Password: ")
        screen.terminal.sendline(PASSWORD)
        assert screen.ended().strip() == "This console is for administrators."
    assert PASSWORD not in screen.octets


def test_console_works_without_a_store_by_its_own_password(paths: Paths) -> None:
    for file in paths.database.parent.glob("inbox.db*"):
        file.unlink()
    with AtConsole(paths) as screen:
        screen.see("login: ")
        screen.terminal.sendline("anna")
        screen.see("Password: ")
        screen.terminal.sendline(PASSWORD)
        assert "The console's own password still works; its login is admin." in screen.ended()
    with AtConsole(paths) as screen:
        screen.log_in("admin", CONSOLE_PASSWORD)
        assert "the store cannot be opened" in screen.run("status")
        assert "there is no store" in screen.run("people list")
        assert "there is no store" in screen.run("repair")
        assert "no such file" in screen.run("restore nowhere").lower()
        assert "none is supervised here" in screen.run("restart")
        screen.run("logs")
    assert not paths.database.exists(), "no empty store takes the place of the one that is gone"


def test_console_that_cannot_count_guesses_lets_nobody_in_and_says_so(paths: Paths) -> None:
    (paths.run / "console-logins").mkdir()
    with AtConsole(paths, "dumb", "anna") as screen:
        screen.see("Password: ")
        screen.terminal.sendline(PASSWORD)
        assert "nobody can log in by this console" in screen.ended()
        screen.terminal.wait()
        assert screen.terminal.exitstatus == 1, "for getty, which goes on with the system's login"


def test_session_speaks_the_language_of_the_box_and_then_of_who_has_logged_in(paths: Paths) -> None:
    paths.settings_file.write_text('[site]\nlanguage = "fr"\n')
    change(paths, "anna", language="es")
    with AtConsole(paths) as screen:
        screen.see("login: ")
        screen.terminal.sendline("anna")
        screen.see("Mot de passe: ")
        screen.terminal.sendline("wrong")
        screen.see("Nom ou mot de passe incorrect.")
        screen.ended()
    with AtConsole(paths) as screen:
        screen.see("login: ")
        screen.terminal.sendline("anna")
        screen.see("Mot de passe: ")
        screen.terminal.sendline(PASSWORD)
        assert "`help` enumera las órdenes; Ctrl-D cierra la sesión." in screen.see(PROMPT)
        assert "no hay ninguna orden pepole; `help` las enumera" in screen.run("pepole list")
        assert "no se entiende esta línea" in screen.run('people add "eva')
        screen.run("paging off")
        helps = screen.run("help people pin")
        assert "Uso:" in helps and "Dar a LOGIN un PIN nuevo" in helps and "Opciones" in helps
        assert "Personas, sus contraseñas" in screen.run("help")
        assert "Falta el argumento 'LOGIN'" in screen.run("people remove")
        assert "aquí no hay ningún eva; hay: anna, ben" in screen.run("people pin eva")
        assert "contraseña definida" in screen.run("inbox history ben")
        screen.terminal.sendline("exit")
        screen.ended()


def test_edited_lines_are_in_that_language_too(paths: Paths) -> None:
    change(paths, "anna", language="ru")
    with AtConsole(paths, "vt100") as screen:
        assert "`help` перечислит команды" in screen.log_in()
        screen.terminal.send("device health\r")
        screen.see("НЕ В ПОРЯДКЕ")
