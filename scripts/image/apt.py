"""Debian packages for the target, by apt in a root of its own: the host's apt is not touched.

The mirrors are those this host uses already; only suite, components and architecture are ours.
"""

import re
from pathlib import Path

from scripts.image.work import BuildError, run

SUITE = "bookworm"
"""The release the target is made of: Python 3.11, glibc 2.36."""
ARCHITECTURE = "arm64"
COMPONENTS = "main non-free-firmware"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_LISTS = (".list", ".sources")
_ADDRESS = re.compile(r"^(?!\s*#).*?\b((?:https?|file)://\S+)", re.MULTILINE)


def mirrors(etc: Path = Path("/etc/apt")) -> tuple[str, str]:
    """This host's mirrors of Debian and of its security archive, known by how their paths end.

    Raises BuildError if its apt knows none: the host is no Debian, say.
    """
    found: dict[str, str] = {}
    lists = (etc / "sources.list.d").glob("*")
    for file in (etc / "sources.list", *sorted(f for f in lists if f.suffix in _LISTS)):
        for address in _ADDRESS.findall(file.read_text() if file.is_file() else ""):
            address = address.rstrip("/")
            found.setdefault(address.rsplit("/", 1)[-1], address)
    if "debian" not in found:
        raise BuildError(f"{etc}: no mirror whose address ends in /debian; add one")
    # A mirror of the one usually keeps the other beside it.
    return found["debian"], found.get("debian-security", f"{found['debian']}-security")


def source_lines(etc: Path = Path("/etc/apt")) -> str:
    """The sources.list of the target."""
    main, security = mirrors(etc)
    places = ((main, SUITE), (main, f"{SUITE}-updates"), (security, f"{SUITE}-security"))
    return "".join(
        f"deb [arch={ARCHITECTURE} signed-by={KEYRING}] {uri} {suite} {COMPONENTS}\n"
        for uri, suite in places
    )


class Apt:
    """An apt that knows only the target's packages."""

    def __init__(self, folder: Path) -> None:
        self.sources = folder / "sources.list"
        self.debs = folder / "archives"
        """Every package ever downloaded, by its full name."""
        self._folder = folder
        self._environment = {"APT_CONFIG": str(folder / "apt.conf")}

    def update(self) -> None:
        """Fetch the package lists. Raises BuildError if a mirror does not answer."""
        if not KEYRING.exists():
            raise BuildError(f"{KEYRING} is missing; install debian-archive-keyring")
        for part in ("lists/partial", "archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        self.sources.write_text(source_lines())
        (self._folder / "apt.conf").write_text(self._configuration())
        run("apt-get", "update", "-q", "--error-on=any", env=self._environment)

    def fetch(self, *packages: str) -> list[Path]:
        """The .deb files of these packages, not of what they depend on; cached."""
        return [self._fetch(package) for package in packages]

    def with_dependencies(self, *packages: str) -> list[Path]:
        """The .deb files of these packages and of all they depend on; cached."""
        install = ("apt-get", "install", "-q", "-y", "-o", "APT::Install-Recommends=false")
        nothing = self._folder / "nothing"  # a package that is there already would not be listed
        (nothing / "partial").mkdir(parents=True, exist_ok=True)
        asked = ("-o", f"Dir::Cache::Archives={nothing}", "--print-uris")
        output = run(*install, *asked, *packages, env=self._environment)
        names = [line.split()[1] for line in output.splitlines() if line.startswith("'")]
        if any(not (self.debs / name).exists() for name in names):
            run(*install, "--download-only", *packages, env=self._environment)
        return [self.debs / name for name in sorted(names)]

    def _fetch(self, package: str) -> Path:
        uri = run("apt-get", "download", "--print-uris", package, env=self._environment).split()
        deb = self.debs / uri[1]  # 'address' name size checksum
        if not deb.exists():
            run("apt-get", "download", "-q", package, cwd=self.debs, env=self._environment)
        return deb

    def _configuration(self) -> str:
        folder = self._folder
        return (
            f'Dir::State::Lists "{folder}/lists";\n'
            f'Dir::State::status "{folder}/status";\n'
            f'Dir::Cache "{folder}";\n'
            f'Dir::Etc::SourceList "{self.sources}";\n'
            'Dir::Etc::SourceParts "/dev/null";\n'
            'Dir::Etc::Preferences "/dev/null";\n'
            'Dir::Etc::PreferencesParts "/dev/null";\n'
            f'APT::Architecture "{ARCHITECTURE}";\n'
            f'APT::Architectures {{"{ARCHITECTURE}";}};\n'
            'APT::Sandbox::User "root";\n'
            'Acquire::Languages "none";\n'
        )


def unpack(deb: Path, folder: Path) -> Path:
    """Lay a package's files out under a folder; none of its scripts is run."""
    folder.mkdir(parents=True, exist_ok=True)
    run("dpkg-deb", "-x", deb, folder)
    return folder
