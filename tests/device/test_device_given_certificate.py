"""A certificate of the owner's, from files that openssl has made: what is taken and refused."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from app.config.settings import Settings
from app.core.clock import ManualClock, SystemClock
from app.core.errors import DeviceError
from app.device import certificates, given, pem
from app.device.certify import certify, use_files, use_own
from tests.kit.commands import Shell
from tests.kit.web import serving

HOST = "box.example.org"
DAY_S = 86_400
SETTINGS = Settings.model_validate(
    {"site": {"hostname": HOST}, "web": {"http_port": 0, "https_port": 0}}
)
EC = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"


def openssl(*words: str | Path) -> str:
    return subprocess.run(
        ["openssl", *words], check=True, capture_output=True, text=True, timeout=20
    ).stdout


class Maker:
    """Keys and certificates in a folder, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    def key(self, name: str, kind: tuple[str, ...] = EC) -> None:
        openssl("genpkey", *kind, "-out", self[f"{name}.key"])

    def root(self, name: str) -> None:
        self.key(name)
        openssl("req", "-x509", "-new", "-key", self[f"{name}.key"], "-subj", f"/CN={name}",
                "-days", "20", "-out", self[f"{name}.crt"])  # fmt: skip

    def signed(
        self, name: str, by: str, extensions: str, kind: tuple[str, ...] = EC, days: int = 10
    ) -> None:
        self.key(name, kind)
        request, more = self[f"{name}.csr"], self[f"{name}.ext"]
        openssl("req", "-new", "-key", self[f"{name}.key"], "-subj", f"/CN={name}", "-out", request)
        more.write_text(extensions)
        openssl("x509", "-req", "-in", request, "-CA", self[f"{by}.crt"], "-CAkey",
                self[f"{by}.key"], "-days", str(days), "-extfile", more, "-out",
                self[f"{name}.crt"])  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """A root, an intermediate authority, and server certificates that it has signed."""
    maker = Maker(tmp_path_factory.mktemp("made"))
    server = f"subjectAltName=DNS:{HOST}\n"
    maker.root("root")
    maker.signed("middle", "root", CA)
    maker.signed("ec", "middle", server)
    maker.signed("rsa", "middle", server, RSA)
    maker.signed("wild", "middle", "subjectAltName=DNS:*.example.org\n")
    maker.signed("other", "middle", "subjectAltName=DNS:other.test\n")
    maker.signed("nameless", "middle", "basicConstraints=CA:FALSE\n")
    maker.signed("client", "middle", server + "extendedKeyUsage=clientAuth\n")
    maker.signed("small", "middle", server, (*RSA[:3], "rsa_keygen_bits:1024"))
    maker.signed("ed", "middle", server, ("-algorithm", "ED25519"))
    openssl(
        "pkey", "-in", maker["ec.key"], "-aes256", "-passout", "pass:x", "-out", maker["ec.enc"]
    )
    return maker


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


@pytest.mark.parametrize("name", ["ec", "rsa", "wild"])
def test_certificate_is_shown_with_its_chain_and_verified_by_openssl_and_curl(
    name: str, made: Maker, tmp_path: Path
) -> None:
    with serving(tmp_path / "var", SETTINGS) as house:
        files = [made["root.crt"], made["middle.crt"], made[f"{name}.key"], made[f"{name}.crt"]]
        found = use_files(house.paths, SETTINGS, files)
        assert len(found.chain) == 2, "the root is left out"
        said = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{house.https}", "-CAfile",
             made["root.crt"], "-verify_return_error", "-verify_hostname", HOST],
            input=b"Q\n", check=False, capture_output=True, timeout=10,
        ).stdout  # fmt: skip
        assert b"Verification: OK" in said
        page = f"https://{HOST}:{house.https}/setup"
        done = subprocess.run(
            ["curl", "--silent", "--cacert", made["root.crt"], "--resolve",
             f"{HOST}:{house.https}:127.0.0.1", page],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert "certificate authority of its own" not in done.stdout
        assert certify(house.paths, SETTINGS) is False, "it stays"
        certificates.check(house.paths.keys)
        use_own(house.paths, SETTINGS)
        assert house.ask("/setup", tls=True).status == 200
        assert "certificate authority of its own" in house.ask("/setup").text


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("ec.crt",), "there are 0 private keys"),
        (("ec.key", "rsa.key", "ec.crt"), "there are 2 private keys"),
        (("ec.key",), "the key fits none of the 0 certificates"),
        (("ec.key", "rsa.crt", "middle.crt"), "the key fits none of the 2 certificates"),
        (("ec.enc", "ec.crt"), "the key is encrypted; give it as it is without a password"),
        (("ec.key", "ec.csr"), "the key fits none of the 0 certificates"),
        (("other.key", "other.crt"), "the certificate is for other.test, and mail programs"),
        (("nameless.key", "nameless.crt"), "the certificate is for no name, and"),
        (("client.key", "client.crt"), "not one for servers"),
        (("small.key", "small.crt"), "the key has 1024 bits"),
        (("ed.key", "ed.crt"), "neither RSA nor of an elliptic curve"),
        (("nothing.pem",), "nothing.pem cannot be read: No such file"),
    ],
)
def test_files_that_cannot_be_used_are_refused_and_change_nothing(
    names: tuple[str, ...], told: str, made: Maker, shell: Shell
) -> None:
    certify(shell.paths, SETTINGS)
    before = {path.name: path.read_bytes() for path in shell.paths.keys.iterdir()}
    with pytest.raises(DeviceError, match=told):
        use_files(shell.paths, SETTINGS, [made[name] for name in names])
    assert {path.name: path.read_bytes() for path in shell.paths.keys.iterdir()} == before


@pytest.mark.parametrize(
    ("days", "told"), [(-2, "valid from .* wait until the box has the time"), (11, "has ended on")]
)
def test_certificate_is_refused_before_and_after_its_time(
    days: int, told: str, made: Maker, shell: Shell
) -> None:
    clock = ManualClock(SystemClock().now() + days * DAY_S)
    with pytest.raises(DeviceError, match=told):
        use_files(shell.paths, SETTINGS, [made["ec.key"], made["ec.crt"]], clock)


def broken(text: bytes) -> bytes:
    return text.replace(text.splitlines()[2], b"A" * 64, 1)


@pytest.mark.parametrize("what", ["ec.key", "ec.crt"])
@pytest.mark.parametrize("change", [broken, lambda text: text[: len(text) // 2]])
def test_torn_file_is_refused(
    what: str, change: Callable[[bytes], bytes], made: Maker, tmp_path: Path
) -> None:
    other = {"ec.key": "ec.crt", "ec.crt": "ec.key"}[what]
    with pytest.raises(DeviceError, match=r"cannot be read|private keys|fits none"):
        pem.pair(made[other].read_bytes() + change(made[what].read_bytes()))


def test_blocks_come_in_any_order_and_with_words_between_them(made: Maker) -> None:
    octets = b"Bag Attributes\r\n" + made["middle.crt"].read_bytes().replace(b"\n", b"\r\n")
    octets += b"subject=x\n" + made["ec.crt"].read_bytes() + made["ec.key"].read_bytes()
    found = pem.pair(octets)
    assert [pem.names(one) for one in found.chain] == [[HOST], []]
    assert pem.issuer_name(found.certificate) == "middle"
    assert pem.pair(found.key_octets() + found.chain_octets()).chain == found.chain


def test_signer_is_known_by_name_and_signature(made: Maker, tmp_path: Path) -> None:
    def certificate(path: Path) -> x509.Certificate:
        return x509.load_pem_x509_certificate(path.read_bytes())

    other = Maker(tmp_path)
    other.root("middle")  # the name of another key
    openssl("req", "-x509", "-new", "-key", made["middle.key"], "-subj", "/CN=renamed",
            "-days", "20", "-out", other["renamed.crt"])  # fmt: skip
    server = certificate(made["ec.crt"])
    assert pem.signed_by(server, certificate(made["middle.crt"]))
    assert not pem.signed_by(server, certificate(other["middle.crt"]))
    assert not pem.signed_by(server, certificate(other["renamed.crt"]))
    files = [made["ec.key"], made["ec.crt"], other["middle.crt"], other["renamed.crt"]]
    assert len(pem.pair(b"".join(name.read_bytes() for name in files)).chain) == 1


@pytest.mark.parametrize("lost", ["server.crt", "server.key"])
def test_power_cut_between_key_and_certificate_ends_with_a_certificate_of_the_box(
    lost: str, made: Maker, shell: Shell
) -> None:
    certify(shell.paths, SETTINGS)
    keys = shell.paths.keys
    before = (keys / lost).read_bytes()
    use_files(shell.paths, SETTINGS, [made["rsa.key"], made["rsa.crt"]])
    (keys / lost).write_bytes(before)
    assert certify(shell.paths, SETTINGS) is True
    assert given.mark(keys) is None
    certificates.check(keys)
    authority = x509.load_pem_x509_certificate((keys / "ca.crt").read_bytes())
    assert pem.signed_by(given.read(keys).certificate, authority)


def test_commands_show_take_and_give_back(made: Maker, shell: Shell) -> None:
    shell.paths.settings_file.write_text(f'[site]\nhostname = "{HOST}"\n')
    shell.ok("device certificates")
    own = shell.ok("device certificate show")
    fingerprint = openssl(
        "x509", "-in", shell.paths.keys / "ca.crt", "-noout", "-fingerprint", "-sha256"
    )
    assert own.splitlines()[-1] == fingerprint.strip().partition("=")[2]
    assert f"for      {HOST}, box.local, " in own
    said = shell.ok(f"device certificate use {made['ec.key']} {made['ec.crt']}")
    assert "signed   by middle" in said and "give the intermediate certificates, too" in said
    ends = datetime.fromtimestamp(SystemClock().now() + 10 * DAY_S, UTC)
    assert f"until    {ends:%Y-%m-%d}" in shell.ok("device certificate show")
    assert "the certificate is good" in shell.ok("device certificates")
    refused = shell.run(f"device certificate use {made['ec.key']}")
    assert refused.code == 1 and "fits none" in refused.text
    assert f"for      {HOST}, box.local" in shell.ok("device certificate own")
