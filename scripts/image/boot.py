"""`python -m scripts.image.boot`: start the built image in QEMU, its console on this terminal."""

import os
import sys
import tempfile
from pathlib import Path

import click

from scripts.image.machine import MACHINES, Start, check_emulator, copy_card, free_ports
from scripts.image.work import PROJECT, BuildError


@click.command()
@click.argument("machine", type=click.Choice(MACHINES), default="virt")
@click.option("--uboot", is_flag=True, help="Through U-Boot and its choice of a slot.")
@click.option("--append", default="", help="More kernel arguments.")
@click.option("--memory", default=512, help="Of virt, in MB.", show_default=True)
@click.option(
    "--disk", type=click.Path(path_type=Path), help="Keep the card here and use it again."
)
@click.option("--products", type=click.Path(path_type=Path), default=PROJECT / "build" / "image")
@click.argument("devices", nargs=-1)
def main(
    machine: str,
    uboot: bool,
    append: str,
    memory: int,
    disk: Path | None,
    products: Path,
    devices: tuple[str, ...],
) -> None:
    """Start the image on MACHINE; arguments after -- are QEMU's. Ends with Ctrl-A X."""
    try:
        check_emulator()
        card = disk or Path(tempfile.mkdtemp(prefix="switchhook-")) / "card.img"
        if not card.exists():
            copy_card(products, card, append if uboot else "")
    except BuildError as problem:
        print(f"boot-image: {problem}", file=sys.stderr)
        sys.exit(1)
    ports = free_ports()
    told = ", ".join(f"{name} {port}" for name, port in ports.items())
    print(f"boot-image: card {card}; on 127.0.0.1: {told}", file=sys.stderr)
    start = Start(
        "virt" if machine == "virt" else "raspi3b",
        products, card, ports, uboot, append, memory, devices,
    )  # fmt: skip
    command = [
        word.replace("stdio", "mon:stdio") if word == "stdio" else word for word in start.command()
    ]
    os.execvp(command[0], command)


main()
