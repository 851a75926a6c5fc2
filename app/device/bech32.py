"""Bech32: keys as text that a mistyped character makes invalid [BIP 173, without its length limit].

age writes its X25519 recipients and identities so [C2SP age].
"""

_SIGNS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6  # characters


def decode(text: str) -> tuple[str, bytes]:
    """What a text names (in small letters), and its octets. Raises ValueError if it is none."""
    if text not in (text.lower(), text.upper()):
        raise ValueError("capital and small letters are mixed")
    name, one, signs = text.lower().rpartition("1")
    if not one or not name or len(signs) < _CHECKSUM or set(signs) - set(_SIGNS):
        raise ValueError("characters are missing, or do not belong there")
    values = [_SIGNS.index(sign) for sign in signs]
    if _polymod([*_expanded(name), *values]) != 1:
        raise ValueError("a character is wrong")
    return name, _octets(values[:-_CHECKSUM])


def encode(name: str, octets: bytes) -> str:
    """Octets as text, in small letters."""
    number = int.from_bytes(octets, "big")
    count = -(-len(octets) * 8 // 5)
    number <<= count * 5 - len(octets) * 8
    values = [number >> 5 * (count - 1 - place) & 31 for place in range(count)]
    rest = _polymod([*_expanded(name), *values, *[0] * _CHECKSUM]) ^ 1
    values += [rest >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{name}1{''.join(_SIGNS[value] for value in values)}"


def _expanded(name: str) -> list[int]:
    return [*(ord(sign) >> 5 for sign in name), 0, *(ord(sign) & 31 for sign in name)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check


def _octets(values: list[int]) -> bytes:
    number = 0
    for value in values:
        number = number << 5 | value
    spare = len(values) * 5 % 8
    if spare > 4 or number & ((1 << spare) - 1):
        raise ValueError("the length is wrong")
    return (number >> spare).to_bytes(len(values) * 5 // 8, "big")
