"""`python -m scripts.image.boot`: start the built image in QEMU, its console on this terminal.

The card is kept from start to start, one for each machine, as a board keeps its own: what was set
up is there the next time, and `reboot` starts the machine again.
"""

import os
import sys
from pathlib import Path

import click

from scripts.image.machine import (
    MACHINES,
    Start,
    check_emulator,
    copy_card,
    free_ports,
    set_arguments,
)
from scripts.image.work import PROJECT, BuildError


@click.command()
@click.argument("machine", type=click.Choice(MACHINES), default="virt")
@click.option("--uboot", is_flag=True, help="Through U-Boot and its choice of a slot.")
@click.option("--append", default="", help="More kernel arguments.")
@click.option("--memory", default=512, help="Of virt, in MB.", show_default=True)
@click.option(
    "--disk", type=click.Path(path_type=Path), help="The card; default: build/boot/MACHINE.img."
)
@click.option("--fresh", is_flag=True, help="A new card; what is on the old one is lost.")
@click.option("--products", type=click.Path(path_type=Path), default=PROJECT / "build" / "image")
@click.argument("devices", nargs=-1)
def main(
    machine: str,
    uboot: bool,
    append: str,
    memory: int,
    disk: Path | None,
    fresh: bool,
    products: Path,
    devices: tuple[str, ...],
) -> None:
    """Start the image on MACHINE; arguments after -- are QEMU's. Ends with Ctrl-A X."""
    card = disk or products.parent / "boot" / f"{machine}.img"
    try:
        check_emulator()
        for words in prepare_card(products, card, fresh):
            print(f"boot-image: {words}", file=sys.stderr)
        if uboot:
            set_arguments(card, append)
    except BuildError as problem:
        print(f"boot-image: {problem}", file=sys.stderr)
        sys.exit(1)
    ports = free_ports()
    ports_text = ", ".join(f"{name} {port}" for name, port in ports.items())
    print(f"boot-image: on 127.0.0.1: {ports_text}", file=sys.stderr)
    start = Start(
        "virt" if machine == "virt" else "raspi3b",
        products, card, ports, uboot, append, memory, devices, restarts=True,
    )  # fmt: skip
    command = [
        word.replace("stdio", "mon:stdio") if word == "stdio" else word for word in start.command()
    ]
    os.execvp(command[0], command)


def prepare_card(products: Path, card: Path, fresh: bool) -> list[str]:
    """Make the card unless it is there; what its owner should know. Raises BuildError."""
    image, made_of = products / "card.img", card.with_suffix(".made-of")
    built = str(image.stat().st_mtime_ns) if image.exists() else ""
    if fresh or not card.exists():
        card.parent.mkdir(parents=True, exist_ok=True)
        card.unlink(missing_ok=True)
        copy_card(products, card)
        made_of.write_text(built)
        return [f"new card {card}"]
    said = [f"card {card}, as it was left"]
    if made_of.exists() and made_of.read_text() != built:
        said.append("the image was built anew since; --fresh makes a new card of it")
    return said


if __name__ == "__main__":
    main()
