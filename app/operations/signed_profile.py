"""What the box signs with its certificate, so that a device shows who has made it [RFC 5652].

Called by pages in a process of its own, because cryptography is loaded where it is needed alone.
"""

from pathlib import Path


def signed(keys: Path, content: bytes) -> bytes:
    """The content in a CMS message (DER), signed by the server's certificate in this folder.

    It brings the certificate along, and those that lead from it to an authority. Raises DeviceError
    if there is no certificate that can be used.
    """
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import (
        PKCS7Options,
        PKCS7SignatureBuilder,
    )

    from app.device import given

    found = given.read(keys)
    builder = PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(found.certificate, found.key, SHA256())
    for issuer in found.chain[1:]:
        builder = builder.add_certificate(issuer)
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, PKCS7Options.NoCapabilities])
