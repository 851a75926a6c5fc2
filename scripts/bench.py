"""`make bench`: how fast and how small the box is, against its goals.

    python -m scripts.bench [--seconds 4] [--directory FOLDER] [--against COMMIT] [PART ...]

Parts are phone, pace, menus, appliance, web, pop3, smtp, queue, panel, wait, imap (which needs
Dovecot) and transcribe (which needs `make packs`); without any, all.
Prints a table and writes all figures to var/bench.json. A goal that is missed is shown as missed;
it is no error. Each part runs in a process of its own (scripts/bench_PART.py), so that none
measures what another left.

With --against, that commit's own bench runs in turn with this tree's, and the table shows how each
figure compares (scripts/bench_against.py).
"""

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

Figures = dict[str, float]

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 38
"""Columns of what was measured, so that the tables stand in line."""
_LITTLE = 1e-9  # so that a goal of 0 is met by 0
_RUN = """
import importlib, json, sys
figures = importlib.import_module(sys.argv[1]).figures(**json.loads(sys.argv[2]))
print(json.dumps(figures))
"""


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure, its unit, and its goal if it has one."""

    key: str
    what: str
    unit: str
    most: float | None = None
    """Goal: at most this."""
    least: float | None = None
    """Goal: at least this."""

    @property
    def more_is_better(self) -> bool:
        """Whether a larger figure is the better one: a rate is, a time or a size is not."""
        return self.unit.endswith("/s") or self.least is not None

    @property
    def goal(self) -> str:
        """The goal in words; "" if there is none: a figure to compare with."""
        if self.most is not None:
            return f"≤ {self.most:g}"
        return f"≥ {self.least:,g}" if self.least is not None else ""

    def times_better(self, measured: float) -> float | None:
        """How many times better than the goal; below 1 it is missed."""
        if self.most is not None:
            return (self.most + _LITTLE) / (measured + _LITTLE)
        return measured / self.least if self.least is not None else None


@dataclass(frozen=True)
class Part:
    """One module scripts.bench_NAME: how it scales with --seconds, and what to show of it."""

    title: str
    length: tuple[str, float]
    """The argument of its figures() that says how long, and its value for one second."""
    rows: tuple[Row, ...]
    on_disk: bool = True
    """Whether it keeps a store in --directory."""


PARTS = {
    "phone": Part(
        "48 outside lines recording at once, every detector listening, free pace",
        ("seconds", 10),
        (
            Row("phone_ms_per_line_second", "CPU, a line and second", "ms", most=0.25),
            Row("phone_with_models_ms_per_line_second", "  the models' time added", "ms"),
            Row("phone_detectors_ms_per_line_second", "  all detectors alone", "ms"),
            Row("phone_numpy_ms_per_line_second", "  numpy's copies alone", "ms"),
            Row("phone_beat_us_p50", "CPU, one beat of 48 lines, median", "µs"),
            Row("phone_beat_us_p99", "  99th percentile", "µs"),
            Row("phone_beat_us_max", "  longest", "µs", most=3000),
            Row("phone_core_share_percent", "share of one core", "%"),
            Row("phone_spi_transfers_per_beat", "SPI transfers a beat", ""),
            Row("phone_dial_tone_ms", "lift to dial tone, line time", "ms", most=100),
        ),
    ),
    "echo": Part(
        "12 bridged calls, each of the 24 lines with an echo, its canceller and the copying",
        ("seconds", 5),
        (
            Row("echo_ms_per_line_second", "CPU, a line and second", "ms", most=1.0),
            Row("echo_beat_us_p50", "CPU, one beat of 24 lines, median", "µs"),
            Row("echo_beat_us_p99", "  99th percentile", "µs"),
            Row("echo_beat_us_max", "  longest", "µs", most=10_000),
            Row("echo_softer_db", "echo is softer, after the first second", "dB", least=30),
        ),
        on_disk=False,
    ),
    "pace": Part(
        "48 outside lines recording at real pace, board, phone and clerk on one core",
        ("seconds", 3),
        (
            Row("pace_lost_periods", "periods lost", "", most=0),
            Row("pace_phone_core_percent", "phone service's share of the core", "%"),
            Row("pace_clerk_core_percent", "  clerk's", "%"),
            Row("pace_box_core_percent", "  virtual board's", "%"),
        ),
    ),
    "menus": Part(
        "48 handsets in the menu of a mailbox at once, free pace",
        ("seconds", 5),
        (
            Row("menus_core_percent", "phone and clerk, share of one core", "%", most=50),
            Row("menus_phone_core_percent", "  phone's", "%"),
            Row("menus_clerk_core_percent", "  clerk's", "%"),
            Row("menus_beat_us_p99", "CPU, one beat of 49 lines, 99th percentile", "µs"),
            Row("menus_beat_us_max", "  longest", "µs", most=10_000),
            Row("menus_questions_for_sound", "questions for sound until all are in", ""),
            Row("menus_questions_meanwhile", "  and after that", ""),
        ),
    ),
    "appliance": Part(
        "the whole appliance on the virtual board",
        ("rounds", 5),
        (
            Row("memory_pss_mb", "memory when idle, all processes, PSS", "MB", most=115),
            Row("memory_pages_mb", "  distinct pages", "MB"),
            *(
                Row(f"memory_{name}_pss_mb", f"  {name}", "MB")
                for name in ("phone", "box", "mail", "clerk", "admin", "run", "s6")
            ),
            Row("appliance_second_start_s", "ready, second start", "s", most=1.5),
            Row("appliance_second_mail_s", "  POP3 and SMTP are served", "s"),
            Row("lamp_off_ms_max", "POP3 QUIT to stutter gone, worst", "ms", most=1000),
            Row("lamp_off_ms", "  median", "ms"),
            Row("lamp_on_ms", "voicemail committed to stutter, median", "ms"),
        ),
    ),
    "console": Part(
        "the serial console, one login after the other",
        ("rounds", 2),
        (
            Row(
                "console_plain_login_ms", "to the question for a name, plain lines", "ms", most=1000
            ),
            Row("console_plain_prompt_ms", "  password to prompt", "ms", most=1000),
            Row("console_edited_login_ms", "the same, edited on the screen", "ms", most=1000),
            Row("console_edited_prompt_ms", "  password to prompt", "ms", most=1000),
        ),
    ),
    "web": Part(
        "the web pages, by one client",
        ("seconds", 8),
        (
            Row("web_load_ms", "the first private page since the start", "ms"),
            Row("web_first_page_ms", "a page, median", "ms", most=50),
            Row("web_first_page_kb", "  with its stylesheet and script", "kB", most=60),
            Row("web_crowded_ms", "the slowest page among 1,000 people, processor", "ms", most=50),
            Row("web_crowded_kb", "  and the largest", "kB", most=60),
            Row("web_idle_percent", "idle, of a core", "%"),
            Row("web_open_pages_percent", "  more with 50 open pages", "%", most=1),
            Row("web_memory_before_pss_mb", "memory before anybody opens a page", "MB"),
            Row("web_memory_pss_mb", "  and with private pages", "MB"),
        ),
    ),
    "pop3": Part(
        "POP3, one client",
        ("seconds", 1),
        (
            Row("pop3_retr_2kB_per_s", "RETR of 2 kB, one by one", "/s", least=12_000),
            Row("pop3_echo_2kB_per_s", "  bare asyncio answering 2 kB", "/s"),
            Row("pop3_retr_2kB_pipelined_per_s", "RETR of 2 kB, pipelined", "/s"),
            Row("pop3_retr_320kB_MB_per_s", "RETR of 320 kB", "MB/s", least=400),
            Row("pop3_tls_retr_2kB_per_s", "RETR of 2 kB over TLS, one by one", "/s"),
            Row("pop3_tls_retr_320kB_MB_per_s", "RETR of 320 kB over TLS", "MB/s"),
            Row("pop3_tls_handshakes_per_s", "TLS connections to the greeting, one by one", "/s"),
            Row("pop3_stat_uidl_list_10000_ms", "STAT+UIDL+LIST of 10,000", "ms", most=150),
            Row("pop3_login_10000_ms", "login to 10,000", "ms"),
        ),
        on_disk=False,
    ),
    "smtp": Part(
        "SMTP, 8 connections, each waiting for its 250",
        ("seconds", 1),
        (
            Row("smtp_2k_messages_per_s", "mails of 2 kB", "/s", least=1000),
            Row("smtp_bare_commits_per_s", "  bare SQLite, one 2 kB row a commit", "/s"),
            Row("smtp_2k_server_cpu_us_per_message", "  server's CPU a mail", "µs"),
            Row("smtp_300k_mb_per_s", "mails of 300 kB", "MB/s", least=80),
            Row("smtp_300k_server_cpu_ms_per_message", "  server's CPU a mail", "ms"),
            Row("smtp_server_peak_rss_mb", "server's memory at most, RSS", "MB"),
        ),
    ),
    "queue": Part(
        "10,000 mails queued for 100 destinations that are down, beside an empty queue",
        ("seconds", 1),
        (
            Row("queue_smtp_ratio", "SMTP, to what it is with an empty queue", "", least=0.9),
            Row("queue_noop_ratio", "POP3 NOOP, the same", "", least=0.9),
            Row("queue_smtp_cpu_ratio", "  server's CPU a mail, the same", ""),
            Row("queue_0_smtp_per_s", "mails of 2 kB beside, empty queue", "/s"),
            Row("queue_10000_smtp_per_s", "  10,000 in it", "/s"),
            Row("queue_0_noop_us", "POP3 NOOP, empty queue, median", "µs"),
            Row("queue_10000_noop_us", "  10,000 in it", "µs"),
            Row("queue_0_noop_max_ms", "longest NOOP, empty queue", "ms"),
            Row("queue_10000_noop_max_ms", "  10,000 in it", "ms"),
        ),
    ),
    "inbox": Part(
        "an inbox of 10,000 mails of 300 words",
        ("seconds", 1),
        (
            Row("inbox_list_ms", "the first page of 50", "ms", most=100),
            Row("inbox_list_middle_ms", "  one in the middle", "ms", most=100),
            Row("inbox_search_every_ms", "search for a word that is in every mail", "ms", most=100),
            Row("inbox_search_two_ms", "  for two words", "ms", most=100),
            Row("inbox_search_beginning_ms", "  for the beginning of a word", "ms", most=100),
            Row("inbox_search_none_ms", "  for what is nowhere", "ms", most=100),
            Row("inbox_index_ms_per_mail", "indexing, a mail", "ms"),
            Row("inbox_index_octets_per_mail", "  size of the index, a mail", "B"),
        ),
    ),
    "imap": Part(
        "inboxes on a Dovecot beside it: 1 box and 3, 10 people each; an inbox of 50,000 mails",
        ("seconds", 1),
        (
            Row("imap_key_ms_max", "a key of the menu, beside 50,000 mails", "ms", most=300),
            Row("imap_key_ms_p99", "  99th percentile", "ms"),
            Row("imap_key_ms_p50", "  median", "ms"),
            Row("imap_open_50000_s", "in step with 50,000 from nothing", "s"),
            Row("imap_idle_box_percent", "a person at rest, the box's CPU", "%"),
            Row("imap_idle_server_percent", "  Dovecot's", "%"),
            *(
                row
                for boxes, name in ((1, "1 box"), (3, "3 boxes"))
                for row in (
                    Row(
                        f"imap_{boxes}_lamp_ms_max", f"{name}: read there to lamp", "ms", most=1200
                    ),
                    Row(f"imap_{boxes}_lamp_ms", "  median", "ms"),
                    Row(f"imap_{boxes}_voicemails_per_s", "  voicemails of 160 kB there", "/s"),
                    Row(f"imap_{boxes}_box_cpu_ms", "  a box's CPU for one", "ms"),
                    Row(f"imap_{boxes}_server_cpu_ms", "  Dovecot's CPU for one", "ms"),
                    Row(f"imap_{boxes}_server_mb", "  Dovecot's memory, PSS", "MB"),
                )
            ),
        ),
    ),
    "panel": Part(
        "the front panel's LED after a voicemail has come or gone",
        ("rounds", 10),
        (
            Row("panel_led_ms_max", "commit to LED, longest", "ms", most=100),
            Row("panel_led_ms_p50", "  median", "ms"),
        ),
    ),
    "transcribe": Part(
        "text of voicemail, by the pack that `make packs` has built; nothing without it",
        ("seconds", 40),
        (
            Row("transcribe_mu_law_percent", "words wrong, by mu-law", "%", most=5),
            Row("transcribe_clean_percent", "  clean", "%"),
            Row("transcribe_noise_percent", "  with noise 15 dB below the voice", "%", most=10),
            Row("transcribe_cpu_s", "CPU, a second of speech", "s", most=0.03),
            Row("transcribe_no_speech_words", "words of what is no speech", "", most=0),
            Row("transcribe_no_speech_s", "  how much of that there was", "s"),
            Row("transcribe_memory_mb", "memory of the process, most", "MB"),
        ),
        on_disk=False,
    ),
    "wait": Part(
        "commits of the phone's clerk, 24 a second",
        ("seconds", 2.5),
        (
            Row("wait_2k_max_ms", "wait under mails of 2 kB, longest", "ms", most=50),
            Row("wait_2k_p99_ms", "  99th percentile", "ms"),
            Row("wait_300k_max_ms", "wait under mails of 300 kB, longest", "ms", most=50),
            Row("wait_300k_p99_ms", "  99th percentile", "ms"),
            Row("wait_no_mail_max_ms", "without mail, longest", "ms"),
            Row("wait_no_mail_p99_ms", "  99th percentile", "ms"),
            Row("wait_bare_disk_max_ms", "bare fdatasync, longest", "ms"),
            Row("wait_bare_disk_p99_ms", "  99th percentile", "ms"),
        ),
    ),
}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--seconds", default=4.0, show_default=True, help="Time for each measurement.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False),
    default="var",
    show_default=True,
    help="Folder on the disk to measure (/tmp is often memory); what is put there goes again.",
)
@click.option("--json", "out", default="var/bench.json", show_default=True, help="Where to write.")
@click.option(
    "--against", metavar="COMMIT", help="Measure that commit, too, in turn with this tree."
)
@click.option("--rounds", default=3, show_default=True, help="Turns of each, with --against.")
def main(
    parts: tuple[str, ...], seconds: float, directory: str, out: str, against: str, rounds: int
) -> None:
    """Measure; PART names what."""
    console = Console()
    Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    console.print(machine())
    if against:
        from scripts import bench_against

        bench_against.run(console, against, parts or tuple(PARTS), seconds, directory, rounds)
        return
    found: Figures = {}
    for name in parts or PARTS:
        console.print(f"\n[bold]{name}: {PARTS[name].title}")
        with console.status("measuring …"):
            found |= measured(name, seconds, str(Path(directory).absolute()))
        console.print(_table(PARTS[name], found))
    _keep(Path(out), found, seconds)
    console.print(f"\nAll figures are in {out}.")


def measured(name: str, seconds: float, directory: str, tree: Path = ROOT) -> Figures:
    """The figures of one part of a tree, from a process of its own. Raises ClickException.

    `seconds` is for each measurement; `directory` is where a part keeps its store.
    """
    part = PARTS[name]
    arguments: dict[str, object] = {part.length[0]: part.length[1] * seconds}
    if part.length[0] == "rounds":
        arguments["rounds"] = max(1, round(part.length[1] * seconds))
    if part.on_disk:
        arguments["directory"] = directory
    done = subprocess.run(
        [sys.executable, "-c", _RUN, f"scripts.bench_{name}", json.dumps(arguments)],
        cwd=tree,
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise click.ClickException(f"the part {name} failed:\n{done.stderr}")
    figures: Figures = json.loads(done.stdout)
    return figures


def _table(part: Part, found: Figures) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", min_width=WIDTH, no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True, min_width=8)
    for heading in ("", "goal", "times better"):
        table.add_column(heading, no_wrap=True, min_width=4)
    for row in part.rows:
        if row.key not in found:
            continue
        measured = found[row.key]
        better = row.times_better(measured)
        verdict = ""
        if better is not None:
            verdict = f"[green]{better:.1f}" if better >= 1 else f"[red]{better:.2f}, missed"
        table.add_row(row.what, f"{measured:,g}", row.unit, row.goal, verdict)
    return table


def machine() -> str:
    """What is measured on, and how busy it is, in one line."""
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},"
        f" load {os.getloadavg()[0]:.1f}"
    )


def write_report(path: Path, report: object) -> None:
    """Write what a bench has found as JSON; its folder is made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")


def _keep(path: Path, found: Figures, seconds: float) -> None:
    report = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine(),
        "seconds": seconds,
        "figures": found,
        "missed": [
            row.key
            for part in PARTS.values()
            for row in part.rows
            if row.key in found and (row.times_better(found[row.key]) or 1) < 1
        ],
    }
    write_report(path, report)


if __name__ == "__main__":
    main(prog_name="python -m scripts.bench")
