"""board/ as a Buildroot tree: its configurations hold together, its packages are what we lock.

Buildroot itself is not here. kconfiglib reads our files as Buildroot's own program would; what
they use of Buildroot's is declared in tests/kit/buildroot.py.
"""

import hashlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.image import kernel, sounds
from scripts.image.buildroot import MACHINES
from scripts.image.kernel_config import FRAGMENTS
from scripts.image.packages import PACKAGES as DEBIAN
from scripts.image.python_parts import requirements
from tests.kit.buildroot import BOARD, PACKAGES, configuration, hashes, make_variables

ROOT = BOARD.parent
DEFCONFIGS = sorted((BOARD / "configs").glob("*_defconfig"))
OURS = sorted(PACKAGES.iterdir())
LOCK = requirements((ROOT / "requirements" / "device.txt").read_text())

PYTHON_NAMES = {
    "pyserial": "serial",
    "pyalsaaudio": "alsaaudio",
    "python-multipart": "multipart",
}
"""Where Buildroot calls a package otherwise than PyPI."""

INSTEAD = {
    "busybox-static": ["INIT_BUSYBOX"],
    "s6": ["PACKAGE_S6"],
    "python3-minimal": ["PACKAGE_PYTHON3"],
    "libpython3.11-stdlib": ["PACKAGE_PYTHON3_SQLITE", "PACKAGE_PYTHON3_SSL"],
    "libspandsp2": ["PACKAGE_SPANDSP"],
    "espeak-ng": ["PACKAGE_ESPEAK_NG"],
    "libsndfile1": [
        "PACKAGE_LIBSNDFILE",
        "PACKAGE_FLAC",
        "PACKAGE_LIBVORBIS",
        "PACKAGE_OPUS",
    ],
    "libopencore-amrnb0": ["PACKAGE_OPENCORE_AMR"],
    "libasound2": ["PACKAGE_ALSA_LIB"],
    "openssl": ["PACKAGE_OPENSSL", "PACKAGE_LIBOPENSSL_BIN"],
    "python3-cryptography": ["PACKAGE_PYTHON_CRYPTOGRAPHY"],
    "fdisk": ["PACKAGE_UTIL_LINUX_BINARIES"],
    "ca-certificates": ["PACKAGE_CA_CERTIFICATES"],
    "chrony": ["PACKAGE_CHRONY"],
    "e2fsprogs": ["PACKAGE_E2FSPROGS", "PACKAGE_E2FSPROGS_RESIZE2FS"],
    "util-linux": [
        "PACKAGE_UTIL_LINUX_SETPRIV",
        "PACKAGE_UTIL_LINUX_SCHEDUTILS",
        "PACKAGE_UTIL_LINUX_PARTX",
    ],
    "avahi-daemon": ["PACKAGE_AVAHI_DAEMON"],
    "wpasupplicant": ["PACKAGE_WPA_SUPPLICANT"],
    "firmware-brcm80211": ["PACKAGE_BRCMFMAC_SDIO_FIRMWARE_RPI_WIFI"],
    "wireless-regdb": ["PACKAGE_WIRELESS_REGDB"],
    "tzdata": ["TARGET_TZ_INFO"],
}
"""What stands in Buildroot for each Debian package of the image."""


def assignments(defconfig: Path) -> dict[str, str]:
    found = {}
    for line in defconfig.read_text().splitlines():
        if unset := re.fullmatch(r"# (BR2_\w+) is not set", line):
            found[unset[1]] = "n"
        elif line and not line.startswith("#"):
            name, value = line.split("=", 1)
            assert name not in found, f"{name} twice"
            found[name] = value.strip('"')
    return found


def the_rpi4() -> Path:
    return BOARD / "configs" / "switchhook_rpi4_64_defconfig"


def test_the_tree_names_itself() -> None:
    told = dict(line.split(": ", 1) for line in (BOARD / "external.desc").read_text().splitlines())
    assert re.fullmatch(r"[A-Za-z0-9_]+", told["name"])
    path = f"$(BR2_EXTERNAL_{told['name']}_PATH)"
    assert f"{path}/package/*/*.mk" in (BOARD / "external.mk").read_text()
    assert [config.name.removesuffix("_defconfig") for config in DEFCONFIGS] == [
        "switchhook_qemu_aarch64_virt",
        "switchhook_rpi3_64",
        "switchhook_rpi4_64",
    ]


@pytest.mark.parametrize("defconfig", DEFCONFIGS, ids=lambda p: p.name)
def test_a_configuration_takes_effect_line_by_line(defconfig: Path, tmp_path: Path) -> None:
    read = configuration(tmp_path, defconfig)
    assert read.warnings == []
    for name, value in assignments(defconfig).items():
        assert read.syms[name].str_value == value, f"{name}: something it depends on is missing"
    assert read.syms["BR2_PACKAGE_SWITCHHOOK"].str_value == "y"


def test_a_slip_of_the_pen_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong_defconfig"
    wrong.write_text(the_rpi4().read_text() + "BR2_PACKAGE_SWITCHHOOK_PROMTS_EN=y\n")
    assert any("PROMTS" in told for told in configuration(tmp_path, wrong).warnings)
    text = the_rpi4().read_text()
    wrong.write_text(text.replace("BR2_TOOLCHAIN_BUILDROOT_CXX=y\n", ""))
    assert configuration(tmp_path, wrong).syms["BR2_PACKAGE_SWITCHHOOK"].str_value == "n"


def test_the_symbols_of_our_packages_are_those_of_their_folders(tmp_path: Path) -> None:
    read = configuration(tmp_path)
    assert read.warnings == []
    for package in OURS:
        symbol = "BR2_PACKAGE_" + package.name.upper().replace("-", "_")
        defined = {Path(node.filename).resolve().parent for node in read.syms[symbol].nodes}
        assert defined == {package}
        assert read.syms[symbol].nodes[0].help, f"{symbol} does not say what it is"


@pytest.mark.parametrize("package", OURS, ids=lambda p: p.name)
def test_a_package_is_complete(package: Path) -> None:
    files = {file.name for file in package.iterdir()}
    assert files == {"Config.in", f"{package.name}.mk", f"{package.name}.hash"}
    told, known = make_variables(package), hashes(package)
    assert told["VERSION"] and told["LICENSE"]
    for licence in told["LICENSE_FILES"].split():
        assert licence in known, "legal-info would complain"
    if told.get("SITE_METHOD") != "local":
        assert told["SITE"].startswith(
            ("$(SWITCHHOOK_PYTHON_ARCHIVE)/", "$(SWITCHHOOK_DEBIAN_ARCHIVE)/")
        )
        assert told["SOURCE"] in known


def test_python_packages_are_the_locked_ones() -> None:
    """Same version, and the source archive's hash is one of the lock's."""
    checked = []
    for package in OURS:
        if not package.name.startswith("python-"):
            continue
        entry = LOCK[package.name.removeprefix("python-")]
        told = make_variables(package)
        assert f"=={told['VERSION']} " in entry
        assert f"--hash=sha256:{hashes(package)[told['SOURCE']]}" in entry
        assert re.fullmatch(
            r"\$\(SWITCHHOOK_PYTHON_ARCHIVE\)/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}",
            told["SITE"],
        )
        checked.append(package.name)
    assert checked == [
        "python-lgpio",
        "python-nh3",
        "python-prometheus-client",
        "python-pypdfium2",
        "python-rpi-lgpio",
    ]


def test_every_dependency_is_selected(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [*project["dependencies"], *project["optional-dependencies"]["device"]]
    read = configuration(tmp_path, the_rpi4())
    for name in names:
        short = PYTHON_NAMES.get(name, name).upper().replace("-", "_")
        symbol = read.syms[f"BR2_PACKAGE_PYTHON_{short}"]
        assert symbol.str_value == "y", f"package/switchhook/Config.in does not select {name}"


def test_every_debian_package_of_the_image_has_its_like(tmp_path: Path) -> None:
    assert INSTEAD.keys() == DEBIAN.keys(), "say what stands for it in Buildroot"
    read = configuration(tmp_path, the_rpi4())
    for package, symbols in INSTEAD.items():
        for name in symbols:
            assert read.syms[f"BR2_{name}"].str_value == "y", f"{name}, for {package}"


def test_our_own_package_says_what_the_project_says() -> None:
    told = make_variables(PACKAGES / "switchhook")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert told["VERSION"] == project["version"]
    licence = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert hashes(PACKAGES / "switchhook") == {"LICENSE": licence}
    assert told["SITE"] == "$(BR2_EXTERNAL_SWITCHHOOK_PATH)/.."


def test_the_prompts_are_those_of_the_card() -> None:
    source = make_variables(PACKAGES / "switchhook-prompts-en")["SOURCE"]
    assert source.startswith(f"{sounds.PACKS['en']}_")


@pytest.mark.parametrize("defconfig", DEFCONFIGS, ids=lambda p: p.name)
def test_the_kernel_is_the_tested_one(defconfig: Path) -> None:
    told = assignments(defconfig)
    series = kernel.SOURCE.removeprefix("linux-source-")
    assert told["BR2_LINUX_KERNEL_CUSTOM_VERSION_VALUE"].startswith(f"{series}.")
    assert told[f"BR2_PACKAGE_HOST_LINUX_HEADERS_CUSTOM_{series.replace('.', '_')}"] == "y"
    fragments = f"{told['BR2_LINUX_KERNEL_CUSTOM_CONFIG_FILE']} "
    fragments += told["BR2_LINUX_KERNEL_CONFIG_FRAGMENT_FILES"]
    assert [Path(name).name for name in fragments.split()] == [file.name for file in FRAGMENTS]
    trees = told["BR2_LINUX_KERNEL_INTREE_DTS_NAME"].split()
    assert {Path(tree).name for tree in trees} == set(kernel.DEVICE_TREES)
    assert told["BR2_LINUX_KERNEL_DTB_OVERLAY_SUPPORT"] == "y"


@pytest.mark.parametrize("defconfig", DEFCONFIGS, ids=lambda p: p.name)
def test_every_path_exists(defconfig: Path) -> None:
    path = "$(BR2_EXTERNAL_SWITCHHOOK_PATH)"
    named = [word for value in assignments(defconfig).values() for word in value.split()]
    files = [BOARD / word.removeprefix(f"{path}/") for word in named if word.startswith(path)]
    assert len(files) > 7
    for file in files:
        assert file.exists(), f"{file} is missing"


@pytest.mark.parametrize("defconfig", DEFCONFIGS, ids=lambda p: p.name)
def test_no_secret_is_built_in_and_the_overlay_rules(defconfig: Path) -> None:
    told = assignments(defconfig)
    assert "BR2_TARGET_GENERIC_ROOT_PASSWD" not in told
    assert told["BR2_TARGET_ENABLE_ROOT_LOGIN"] == "n"
    assert told["BR2_TARGET_GENERIC_GETTY"] == "n"
    assert told["BR2_TARGET_GENERIC_REMOUNT_ROOTFS_RW"] == "n"
    machine = told["BR2_ROOTFS_POST_SCRIPT_ARGS"]
    assert machine in MACHINES
    assert (machine == "rpi") == ("BR2_PACKAGE_RPI_FIRMWARE" in told)
    assert (
        told["BR2_TARGET_UBOOT_BOARD_DEFCONFIG"]
        == {"rpi": "rpi_arm64", "qemu": "qemu_arm64"}[machine]
    )


def test_the_configurations_differ_only_in_the_machine() -> None:
    """Buildroot cannot include one in another."""
    may_differ = {
        "cortex_a53",
        "cortex_a72",
        "ROOTFS_POST_SCRIPT_ARGS",
        "TARGET_UBOOT_BOARD_DEFCONFIG",
    }
    read = [assignments(defconfig) for defconfig in DEFCONFIGS]
    for name in set().union(*read):
        short = name.removeprefix("BR2_")
        of_the_pi = "RPI_FIRMWARE" in name or "FIRMWARE_RPI" in name
        if short not in may_differ and not of_the_pi:
            assert len({told.get(name) for told in read}) == 1, name


def test_make_reads_every_recipe() -> None:
    """With empty macros in place of Buildroot's: commands are whole, addresses complete."""
    names = [package.name.upper().replace("-", "_") for package in OURS]
    makefile = "\n".join(
        [
            f"BR2_EXTERNAL_SWITCHHOOK_PATH = {BOARD}",
            "TARGET_DIR = /target",
            "HOST_DIR = /host",
            "LINUX_DIR = /linux",
            "TARGET_CC = /host/bin/aarch64-linux-gcc",
            'qstrip = $(strip $(subst ",,$(1)))',
            'BR2_SWITCHHOOK_PYTHON_ARCHIVE = "https://index.example"',
            'BR2_SWITCHHOOK_DEBIAN_ARCHIVE = "https://mirror.example/debian"',
            *(f"{kind}-package =" for kind in ("python", "generic", "autotools", "host-autotools")),
            f"include {BOARD / 'external.mk'}",
            *(f"$(info {name} $({name}_SITE)/$({name}_SOURCE))" for name in names),
            "$(info $(SWITCHHOOK_INSTALL_TARGET_CMDS))",
            "$(info $(ESPEAK_NG_POST_INSTALL_TARGET_HOOKS): $(ESPEAK_NG_INSTALL_DATA))",
            "all: ;",
        ]
    )
    read = subprocess.run(
        ["make", "--silent", "--warn-undefined-variables", "--file=-", "all"],
        input=makefile, text=True, capture_output=True, check=True,
    )  # fmt: skip
    undefined = set(re.findall(r"undefined variable '(.+)'", read.stderr))
    assert undefined == {"SWITCHHOOK_SOURCE", "@"}, "a name that nobody gives"
    assert "PYTHON_LGPIO https://index.example/packages/56/33/" in read.stdout
    assert "/lgpio-0.2.2.0.tar.gz\n" in read.stdout
    assert "/host/bin/python3 -m scripts.image.buildroot install /target" in " ".join(
        read.stdout.replace("\\\n", " ").split()
    )
    assert "ESPEAK_NG_INSTALL_DATA: mkdir -p /target/usr/share" in " ".join(read.stdout.split())
