"""Reading our Buildroot tree without Buildroot: its symbols as stubs, its .mk and .hash files."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import kconfiglib

BOARD = Path(__file__).resolve().parents[2] / "board"
PACKAGES = BOARD / "package"

SYMBOLS = Path(__file__).with_name("buildroot_symbols.txt")
# Follows from others: symbol → condition.
FOLLOWING = {
    "INSTALL_LIBSTDCPP": "BR2_TOOLCHAIN_BUILDROOT_CXX",
    "PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS": "BR2_aarch64",
    "TOOLCHAIN_HAS_THREADS": "y",
    "TOOLCHAIN_USES_GLIBC": "BR2_TOOLCHAIN_BUILDROOT_GLIBC",
}


def stubs() -> str:
    """Buildroot's part of the configuration, as far as ours touches it."""
    lines = ['mainmenu "stub"']
    for line in SYMBOLS.read_text().splitlines():
        if line and not line.startswith("#"):
            name, kind, *on = line.split()
            lines.append(f'config {name}\n\t{kind} "{name}"' + ("\n\tdefault y" if on else ""))
    for name, condition in FOLLOWING.items():
        lines.append(f"config BR2_{name}\n\tbool\n\tdefault y if {condition}")
    lines.append('source "$BR2_EXTERNAL_SWITCHHOOK_PATH/Config.in"')
    return "\n".join(lines) + "\n"


def configuration(folder: Path, defconfig: Path | None = None) -> kconfiglib.Kconfig:
    """Config.in under the stubs, and a defconfig loaded; warnings are in `.warnings`."""
    top = folder / "Config.in"
    top.write_text(stubs())
    names = {
        "BR2_EXTERNAL_SWITCHHOOK_PATH": str(BOARD),
        "CONFIG_": "",  # names in the files are whole
        "KCONFIG_WARN_UNDEF": "y",
    }
    with patch.dict(os.environ, names):
        read = kconfiglib.Kconfig(str(top), warn_to_stderr=False)
        read.warn_assign_undef = True
        if defconfig is not None:
            read.load_config(str(defconfig))
    return read


def make_variables(package: Path) -> Mapping[str, str]:
    """The assignments of a package's .mk, without its prefix; its own names are put in."""
    text = (package / f"{package.name}.mk").read_text()
    prefix = package.name.upper().replace("-", "_") + "_"
    text = re.sub(r"^define .*?^endef$", "", text, flags=re.DOTALL | re.MULTILINE)
    found: dict[str, str] = {}
    for name, value in re.findall(r"^(\w+) = (.*(?:\\\n.*)*)$", text, flags=re.MULTILINE):
        value = " ".join(value.replace("\\\n", " ").split())
        for known, put in found.items():
            value = value.replace(f"$({prefix}{known})", put)
        found[name.removeprefix(prefix)] = value
    return found


def hashes(package: Path) -> Mapping[str, str]:
    """File name → SHA-256, of a package's .hash."""
    found = {}
    for line in (package / f"{package.name}.hash").read_text().splitlines():
        if line and not line.startswith("#"):
            kind, digest, name = line.split("  ")
            assert kind == "sha256", line
            found[name] = digest
    return found
