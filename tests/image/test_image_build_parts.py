"""Mirrors, locked packages, licences, the bill of materials."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.phone.sound.languages import GRAMMARS
from scripts.image import apt, bom, linking, rootfs
from scripts.image.bom import Part
from scripts.image.extensions import EXTENSIONS
from scripts.image.python_parts import HOME, LOCK, install_ours, requirements
from scripts.image.sounds import LEFT_OUT
from scripts.image.work import BuildError
from tests.kit.prompt_names import by_grammar, by_scripts

DEB822 = """Types: deb
# http://old.example.org/debian
URIs: http://mirror.example.org/debian/
Suites: bookworm

Types: deb
URIs: https://safe.example.org/debian-security
Suites: bookworm-security
"""


def test_synthesizer_keeps_voices_and_dictionaries_of_the_named_languages(tmp_path: Path) -> None:
    data = tmp_path / "usr/lib/aarch64-linux-gnu/espeak-ng-data"
    (data / "lang" / "gmw").mkdir(parents=True)
    for name in ("de_dict", "no_dict", "af_dict", "phontab", "lang/gmw/en-US", "lang/gmw/nb",
                 "lang/gmw/af"):  # fmt: skip
        (data / name).touch()
    rootfs.keep_languages(tmp_path)
    left = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    assert left == {"de_dict", "no_dict", "phontab", "lang/gmw/en-US", "lang/gmw/nb"}


def test_the_mirrors_are_those_of_this_host(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "a.list").write_text("deb [arch=amd64] https://tools.example.org/tools stable main\n")
    (folder / "debian.sources").write_text(DEB822)
    (folder / "debian.sources.bak").write_text("URIs: http://bak.example.org/debian\n")
    assert apt.mirrors(tmp_path) == (
        "http://mirror.example.org/debian",
        "https://safe.example.org/debian-security",
    )


def test_one_line_sources_are_read_too_and_comments_are_not(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "#deb http://no.example.org/debian bookworm main\n"
        "deb http://yes.example.org/debian bookworm main\n"
    )
    assert apt.mirrors(tmp_path) == (
        "http://yes.example.org/debian",
        "http://yes.example.org/debian-security",
    )


def test_a_host_without_debian_mirrors_is_told_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no mirror whose address ends in /debian"):
        apt.mirrors(tmp_path)


def test_the_sources_name_release_updates_and_security(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://yes.example.org/debian bookworm main\n")
    lines = apt.source_lines(tmp_path).splitlines()
    assert [line.split()[4] for line in lines] == [
        "bookworm",
        "bookworm-updates",
        "bookworm-security",
    ]
    assert all("arch=arm64" in line and "signed-by=" in line for line in lines)


def test_every_locked_package_has_hashes_and_one_version_for_the_target() -> None:
    entries = requirements(LOCK.read_text())
    assert {"numpy", "pydantic-core", "cffi", "lgpio", "rpi-lgpio", *EXTENSIONS} <= set(entries)
    assert entries["numpy"].startswith("numpy==2.") and "< '3.12'" in entries["numpy"]
    assert all("--hash=sha256:" in entry for entry in entries.values())


def test_a_copyright_file_names_its_licences_once_each() -> None:
    dep5 = "Files: *\nLicense: MIT\n text\n\nFiles: b\nLicense: GPL-2+\n\nLicense: MIT\n more\n"
    assert bom.of_copyright(dep5) == ("GPL-2+", "MIT")


def test_an_older_copyright_file_points_to_a_common_licence() -> None:
    old = "see /usr/share/common-licenses/LGPL-2.1.\n"
    assert bom.of_copyright(old) == ("LGPL-2.1",)
    assert bom.of_copyright("public words") == ("see its copyright file",)


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ("License-Expression: BSD-3-Clause\nLicense: no\n", "BSD-3-Clause"),
        ("License: x\nClassifier: License :: OSI Approved :: ISC License\n", "ISC License"),
        ("License: MIT\n", "MIT"),
        ("", "see its text"),
    ],
)
def test_a_wheel_says_its_licence_in_one_of_three_ways(
    tmp_path: Path, fields: str, wanted: str
) -> None:
    wheel = tmp_path / "tea-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tea-1.0.dist-info/METADATA", f"Name: tea\nVersion: 1.0\n{fields}\nwords")
        archive.writestr("tea-1.0.dist-info/licenses/LICENSE", "all of it")
    part = bom.of_wheel(wheel)
    assert (part.name, part.version, part.licences) == ("tea", "1.0", (wanted,))
    assert part.text == "all of it"


THREE = (
    Part("libc6", "2.36-9+deb12u14", "deb", ("LGPL-2.1", "GPL-2"), "long text", "ab" * 32),
    Part("Typing_Extensions", "4.1", "pypi", ("PSF-2.0",), "psf"),
    bom.own_part("0.1.0"),
)


def test_the_bill_of_materials_is_as_cyclonedx_wants_it(tmp_path: Path) -> None:
    bom.write_bill(THREE, "0.1.0", 1_700_000_000, "cd" * 32, tmp_path)
    told = json.loads((tmp_path / "sbom.cdx.json").read_text())
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.5", 1)
    assert told["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    assert [component.get("purl") for component in told["components"]] == [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=arm64&distro=bookworm",
        "pkg:pypi/typing-extensions@4.1",
        None,
    ]
    references = [component["bom-ref"] for component in told["components"]]
    assert len(set(references)) == 3
    assert told["components"][0]["licenses"] == [
        {"license": {"name": "LGPL-2.1"}},
        {"license": {"name": "GPL-2"}},
    ]


def test_the_licence_list_has_every_part_and_every_text(tmp_path: Path) -> None:
    bom.write_bill(THREE, "0.1.0", 0, "cd" * 32, tmp_path)
    text = (tmp_path / "licences.txt").read_text()
    assert "libc6 2.36-9+deb12u14: LGPL-2.1; GPL-2\n" in text
    assert "long text" in text and "psf" in text and "MIT License" in text


def test_the_same_parts_give_the_same_documents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        bom.write_bill(THREE, "0.1.0", 5, "cd" * 32, tmp_path / name)
    for file in ("sbom.cdx.json", "licences.txt"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_libraries_are_followed_from_one_to_the_next() -> None:
    needs = {"a": {"b", "c"}, "b": {"d"}, "d": {"a"}, "x": {"y"}}
    assert linking.reached(["a"], needs) == {"a", "b", "c", "d"}


def test_a_library_that_is_nowhere_is_told_with_a_program_that_wants_it() -> None:
    programs = {
        Path("usr/bin/tea"): {"libtea.so.1", "libc.so.6"},
        Path("numpy.libs/libx.so"): set(),
    }
    there = {"libc.so.6": Path("libc.so.6")}
    wanted = {"libtea.so.1", "libc.so.6", "libx.so", "libdeep.so"}
    assert linking.lacking(wanted, there, programs) == [
        "libdeep.so, for another library",
        "libtea.so.1, for usr/bin/tea",
    ]


def test_only_programs_and_libraries_are_asked_what_they_need(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "program").write_bytes(b"\x7fELF...")
    (tmp_path / "link").symlink_to("program")
    assert [p.name for p in sorted(tmp_path.iterdir()) if linking.is_elf(p)] == ["program"]


def test_a_package_that_is_not_used_leaves_what_others_bring_too(tmp_path: Path) -> None:
    for name in ("usr/bin/perl", "etc/shared", "etc/ours"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = {"perl": {"usr/bin/perl", "etc/shared", "etc/"}, "tzdata": {"etc/shared", "etc/ours"}}
    rootfs.drop_packages(tmp_path, files)
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == ["ours", "shared"]


def test_no_image_has_the_virtual_board_page_or_its_websocket(tmp_path: Path) -> None:
    install_ours(tmp_path, ["virtual"])
    home = tmp_path / HOME
    assert (home / "app" / "web" / "http.py").exists()
    assert not (home / "app" / "web" / "board").exists()
    device = (PROJECT / "requirements" / "device.txt").read_text()
    assert "\nh11==" in device and "wsproto" not in device
    code = "import sys; sys.modules['wsproto'] = None; import app.web.thread, app.commands"
    subprocess.run([sys.executable, "-c", code], cwd=home, check=True)


def test_an_image_has_compiled_catalogues_and_not_what_people_translate_in(tmp_path: Path) -> None:
    install_ours(tmp_path, [])
    for folder in ("web", "message"):
        found = sorted(path.name for path in (tmp_path / HOME / "app" / folder).rglob("*.?o"))
        assert found == ["es.mo", "fr.mo", "it.mo", "ru.mo"]


def test_no_prompt_that_a_script_can_say_is_left_out_of_the_packs() -> None:
    said = by_scripts().union(*map(by_grammar, GRAMMARS.values()))
    assert len(said) > 200
    assert {name for name in said if name.startswith(LEFT_OUT)} == set()
