"""What asks the DNS is loaded when it is asked, and nobody waits for that."""

import subprocess
import sys

from app.config.paths import PROJECT

LOADS = """
import asyncio, sys
from app.core.resolver import load_dns

async def main():
    assert "dns" not in sys.modules
    loading, turns = asyncio.ensure_future(load_dns()), 0
    while not loading.done():
        await asyncio.sleep(0)
        turns += 1
    print("dns.asyncresolver" in sys.modules, turns > 3)

asyncio.run(main())
"""


def test_the_loop_goes_on_while_dnspython_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True\n"
