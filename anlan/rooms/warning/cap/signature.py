"""The XML signature of a message, held against the one certificate that its source declares.

Flows in: the bytes as they came, a certificate. Flows out: the bytes that the signature covers:
only these are read further, so that nothing unsigned is taken for signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from anlan.rooms.warning.cap.grammar import NAMESPACE, SIGNATURE

CERTIFICATE_CHARS_MAX = 20_000

if TYPE_CHECKING:  # both libraries are loaded with the first message, not with the process
    from lxml import etree


class BadSignature(ValueError):
    """The signature does not hold; the text says why."""


def read_certificate(text: str) -> x509.Certificate:
    """A certificate in PEM; ValueError where it is none."""
    if len(text) > CERTIFICATE_CHARS_MAX:
        raise ValueError("too long for a certificate")
    return x509.load_pem_x509_certificate(text.encode())


def is_signed(content: bytes) -> bool:
    """Whether the message carries a signature at all."""
    return f"{{{SIGNATURE}}}Signature" in {child.tag for child in _tree(content)}


def signed_part(content: bytes, certificate: str) -> bytes:
    """What the certificate's key has signed, which is the whole alert; BadSignature otherwise.

    content: has passed `ground.markup`, so that it holds no document type and is small.
    """
    from lxml import etree
    from signxml import SignatureConfiguration, XMLVerifier
    from signxml.exceptions import InvalidInput, InvalidSignature

    expected = SignatureConfiguration(location="./", expect_references=1, require_x509=True)
    root = _tree(content)
    if len(root.findall(f"{{{SIGNATURE}}}Signature")) != 1:
        raise BadSignature("没有签名，或不止一个")
    try:
        result = XMLVerifier().verify(
            root, x509_cert=read_certificate(certificate), expect_config=expected
        )
    except InvalidSignature:
        raise BadSignature("内容被改过，或不是登记的证书签的") from None
    except (InvalidInput, ValueError, TypeError, KeyError, etree.LxmlError) as error:
        raise BadSignature(f"读不了这个签名（{type(error).__name__}）") from None
    signed = getattr(result, "signed_xml", None)
    if signed is None or signed.tag != f"{{{NAMESPACE}}}alert":
        raise BadSignature("签名的不是整条消息")
    return etree.tostring(signed)


def _tree(content: bytes) -> etree._Element:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=False,
    )  # fmt: skip
    return etree.fromstring(content, parser)
