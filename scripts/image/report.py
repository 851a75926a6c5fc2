"""What a build made, how large it is, how long it took; sizes are held to their goals."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.image.work import BuildError, Progress, sha256

if TYPE_CHECKING:
    from scripts.image.build import BuildRequest

MB = 1_000_000
GOALS_MB = {"root.sqfs": 64, "card.img.zst": 150}
"""Largest sizes."""


def figures(products: Path, progress: Progress) -> dict[str, object]:
    """Sizes in octets, times in seconds, the root's checksum."""
    sizes = {path.name: path.stat().st_size for path in sorted(products.iterdir())}
    times = {step: round(seconds, 1) for step, seconds in progress.times.items()}
    return {"octets": sizes, "seconds": times, "root_sha256": sha256(products / "root.sqfs")}


def report(request: "BuildRequest", progress: Progress) -> None:
    """Print sizes, and write figures.json. Raises BuildError if something exceeds its goal."""
    products = request.products
    numbers = figures(products, progress)
    (products / "figures.json").write_text(json.dumps(numbers, indent=1) + "\n")
    for name, goal in GOALS_MB.items():
        size = (products / name).stat().st_size / MB
        progress.say(f"{name}: {size:.1f} MB (goal {goal})")
        if size > goal:
            raise BuildError(f"{name} has {size:.1f} MB, more than {goal}")
    progress.say(f"root {numbers['root_sha256']}")
    progress.say(f"done: {products}")
