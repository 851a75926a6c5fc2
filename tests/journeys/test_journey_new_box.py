"""A box is lost and another one takes its place: mail programs fetch nothing twice."""

import subprocess
from pathlib import Path

from app.device import restore
from tests.kit.letters import LETTER, uidls
from tests.kit.world import PASSWORDS, World

WORDS = "correct horse battery"


def fetched_by(world: World, home: Path) -> int:
    """How many messages mpop fetches; it leaves them on the server [manual, "keep"]."""
    home.mkdir(exist_ok=True)
    folder = home / "Mail"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config = home / "mpoprc"
    config.write_text(
        f"account default\nhost 127.0.0.1\nport {world.pop3_port}\ntls off\nkeep on\n"
        f"user anna\npassword {PASSWORDS['anna']}\nauth user\n"
        f"delivery maildir {folder}\nuidls_file {home / 'uidls'}\n"
    )
    config.chmod(0o600)
    before = len(list((folder / "new").iterdir()))
    subprocess.run(["mpop", "--file", str(config)], capture_output=True, check=True, timeout=60)
    return len(list((folder / "new").iterdir())) - before


def test_mail_program_that_leaves_mail_on_the_server_fetches_nothing_twice(
    tmp_path: Path, words: Path
) -> None:
    backup, program, phrase = tmp_path / "box.backup", tmp_path / "mpop", tmp_path / "words"
    phrase.write_text(f"{WORDS}\n")
    with World(tmp_path / "old") as old:
        for _ in range(3):
            old.send("anna@box.test", LETTER)
        old.leave_message(words)
        assert fetched_by(old, program) == 4
        old.send("anna@box.test", LETTER)
        old.command("device", "backup", str(backup), "--passphrase-file", str(phrase))
        client = old.pop3("anna")
        before = uidls(client)
        client.quit()
        assert len(before) == 5

    fresh = World(tmp_path / "new")
    with fresh:
        fresh.send("anna@box.test", LETTER)  # what is here before is replaced
        told = fresh.command(
            *("device", "restore", str(backup), "--later", "--passphrase-file", str(phrase))
        )
        assert "2 people, 5 messages" in told
    assert restore.change_over(fresh.paths)

    with World(tmp_path / "new", people=False) as new:
        client = new.pop3("anna")
        assert uidls(client) == before
        client.quit()
        assert fetched_by(new, program) == 1, "the one that came after the last time"
        new.send("anna@box.test", LETTER)
        assert fetched_by(new, program) == 1
        assert new.lamps() == {"101": "lit", "102": "dark"}
