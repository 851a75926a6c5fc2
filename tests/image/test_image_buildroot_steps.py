"""The steps that Buildroot's hooks call: from what it would have built to a card and an update."""

import json
import os
import struct
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.device.update.slots_content import PAGE
from scripts.image import buildroot, rootfs
from scripts.image.buildroot import Places, install, main, post_build, post_image
from scripts.image.kernel import DEVICE_TREES
from scripts.image.kernel_config import wanted
from scripts.image.python_parts import NATIVE
from scripts.image.work import PROJECT, BuildError

MIB = 1 << 20


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """What Buildroot has made before its hooks run."""
    return built(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def raspberry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Places, Path, Path]]:
    """The same after them: the card of a Raspberry Pi, and the key that has signed its update."""
    folder = tmp_path_factory.mktemp("raspberry")
    key = folder / "release.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    with pytest.MonkeyPatch.context() as patch:
        places = built(folder, patch)
        patch.setenv(buildroot.SIGNING_KEY, str(key))
        yield places, post_image(places, "rpi"), key


def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """What Buildroot has made, in this folder."""
    monkeypatch.setenv("SWITCHHOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    monkeypatch.delenv(buildroot.SIGNING_KEY, raising=False)
    places = Places(tmp_path / "target", tmp_path / "build", tmp_path / "images")
    _kernel(places.builds / "linux-6.1.192")
    (places.builds / "linux-headers-6.1.192").mkdir()
    start = places.target / "etc" / "init.d"
    start.mkdir(parents=True)
    for name in ("rcS", "rcK", "S40network", "S49chronyd"):
        (start / name).write_text("#!/bin/sh\n")
    (places.target / "usr" / "lib" / "modules" / "6.1.192-switchhook").mkdir(parents=True)
    _images(places)
    return places


def _kernel(folder: Path) -> None:
    (folder / "arch").mkdir(parents=True)
    lines = [f"CONFIG_{name}={value}\n" for name, value in wanted().items()]
    (folder / ".config").write_text("".join(lines))


def _images(places: Places) -> None:
    images = places.images
    for folder in ("rpi-firmware", "prompts/en-1.6.1/digits", "root"):
        (images / folder).mkdir(parents=True)
    (images / "Image").write_bytes(b"kernel" * 1000)
    (images / "u-boot.bin").write_bytes(b"loader")
    for name in ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"):
        (images / "rpi-firmware" / name).write_bytes(name.encode())
    for name in DEVICE_TREES:
        source = f'/dts-v1/; / {{ compatible = "made-up,{name}"; }};'
        tree = images / f"{name}.dtb"
        subprocess.run(["dtc", "-q", "-o", str(tree)], input=source, text=True, check=True)
    (images / "prompts" / "en-1.6.1" / "vm-goodbye.wav").write_bytes(b"RIFF")
    (images / "root" / "hello").write_text("world\n")
    squashed = images / "rootfs.squashfs"
    subprocess.run(["mksquashfs", images / "root", squashed, "-quiet", "-no-progress"], check=True)
    licence = places.builds / "rpi-firmware-1.2" / "boot" / "LICENCE.broadcom"
    licence.parent.mkdir(parents=True)
    licence.write_text("licence\n")


def test_the_package_installs_code_and_the_boards_that_fit(places: Places) -> None:
    home = places.target / "usr" / "lib" / "switchhook"
    (home / "old").mkdir(parents=True)
    install(places.target, places.kernel_config, "gcc")
    assert (home / NATIVE).read_bytes().startswith(b"\x7fELF")
    assert {path.name for path in home.iterdir()} == {"app", "drivers", "board"}
    assert {path.name for path in (home / "board").iterdir()} == {"qemu", "rpi", "virtual"}
    config = places.kernel_config
    config.write_text(config.read_text().replace("CONFIG_SPI_BCM2835=y\n", ""))
    install(places.target, config, "gcc")
    assert {path.name for path in (home / "board").iterdir()} == {"qemu", "virtual"}


def test_after_the_build_the_root_is_ours(places: Places) -> None:
    install(places.target, places.kernel_config, "gcc")
    post_build(places)
    home = places.target / "usr" / "lib" / "switchhook"
    release = json.loads((home / "release.json").read_text())
    assert release["built"] == 1_800_000_000
    assert release["boards"] == ["qemu", "rpi", "virtual"]
    assert "PUBLIC KEY" in (home / "keys" / "development.pub").read_text()
    assert list((home / "app").glob("__pycache__/*.pyc"))
    assert all((places.target / name).is_dir() for name in rootfs.EMPTY)
    # Start scripts of packages are taken away.
    start = {script.name for script in (places.target / "etc" / "init.d").iterdir()}
    ours = {script.name for script in (rootfs.OVERLAY / "etc" / "init.d").iterdir()}
    assert "S49chronyd" not in ours
    assert start == {"rcS", "rcK", "S40network"} & ours


def test_a_kernel_that_lost_a_line_is_refused(places: Places) -> None:
    config = places.kernel_config
    config.write_text(config.read_text().replace("CONFIG_SND_ALOOP=y\n", ""))
    with pytest.raises(BuildError, match=r"SND_ALOOP=y \(is not set\)"):
        post_build(places)


def test_two_kernels_are_refused(places: Places) -> None:
    _kernel(places.builds / "linux-6.12.1")
    with pytest.raises(BuildError, match="2 kernels"):
        post_build(places)


def on_the_fat(card: Path) -> set[str]:
    told = subprocess.run(
        ["mdir", "-b", "-i", f"{card}@@1M", "::"], capture_output=True, text=True, check=True
    )
    return {line.removeprefix("::/") for line in told.stdout.split()}


def partitions(card: Path) -> list[tuple[int, int]]:
    """Begin and size in sectors."""
    with card.open("rb") as file:
        table = file.read(512)[446:510]
    return [struct.unpack_from("<II", table, 16 * number + 8) for number in range(4)]


def test_the_card_of_a_raspberry_pi(raspberry: tuple[Places, Path, Path]) -> None:
    places, card, _ = raspberry
    assert on_the_fat(card) == {
        "bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat", "LICENCE.broadcom",
        "config.txt", "u-boot.bin", "uboot.env", "boot.scr", "slot0.env", "slot1.env",
        "switchhook.toml",
        *(f"{name}.dtb" for name in DEVICE_TREES),
    }  # fmt: skip
    _, slot_a, slot_b, data = partitions(card)
    assert slot_a[1] == slot_b[1] == 256 * MIB // 512
    root = (places.images / "rootfs.squashfs").read_bytes()
    with card.open("rb") as file:
        file.seek(slot_a[0] * 512)
        assert file.read(len(root)) == root
        facts = file.read(PAGE)
        assert b"kernel_size=1770\n" in facts, "6000 octets"
        assert file.read(6000) == b"kernel" * 1000
        file.seek(data[0] * 512 + 1024 + 0x38)
        assert file.read(2) == b"\x53\xef", "the data partition is ext"
    assert card.with_suffix(".img.zst").stat().st_size < MIB


def test_the_card_of_the_emulator_has_no_firmware(places: Places) -> None:
    card = post_image(places, "qemu")
    assert on_the_fat(card) == {"boot.scr", "slot0.env", "slot1.env", "switchhook.toml"}


def test_the_update_is_signed_by_the_named_key(
    raspberry: tuple[Places, Path, Path], tmp_path: Path
) -> None:
    places, _, key = raspberry
    (bundle,) = (places.images / "switchhook" / "image").glob("*.update")
    with tarfile.open(bundle) as archive:
        archive.extractall(tmp_path, filter="data")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["boards"] == ["qemu", "rpi", "virtual"]
    assert "made-up,bcm2711-rpi-4-b" in manifest["machines"]
    assert manifest["kernel"] == "6.1.192-switchhook"
    checked = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-rawin", "-inkey", key,
         "-in", tmp_path / "manifest.json", "-sigfile", tmp_path / "manifest.sig"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verified Successfully" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["post-image", "images", "toaster"], "not a step: post-image images toaster"),
        (["post-build", "target"], "this is run by Buildroot"),
        ([], "not a step"),
    ],
)
def test_a_wrong_call_is_told(
    arguments: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("TARGET_DIR", raising=False)
    assert main(arguments) == 1
    assert told in capsys.readouterr().err


def test_the_steps_need_no_library_but_numpy_and_cryptography() -> None:
    """They run on Buildroot's own Python."""
    program = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"click", "cffi", "pydantic", "rich", "argon2", "dns"}:
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Nothing())
import scripts.image.buildroot
"""
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["post-build", "target"], "this is run by Buildroot"),
        (["post-image", "images", "toaster"], "not a step: post-image images toaster"),
    ],
)
def test_hooks_run_their_step_on_buildroots_python(
    words: list[str], reason: str, tmp_path: Path
) -> None:
    """From any folder, with no more in the environment than Buildroot gives."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    given = {"HOST_DIR": str(tmp_path), "BR2_EXTERNAL_SWITCHHOOK_PATH": str(PROJECT / "board")}
    hook = PROJECT / "board" / "buildroot" / words[0]
    site = next(path for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        [hook, *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": site, **given},
    )  # fmt: skip
    assert done.returncode == 1 and reason in done.stderr, done.stderr
