"""A certificate and its key: PEM in, what is known of them out."""

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class PairError(ValueError):
    """Certificate and key do not work; the message says why."""


@dataclass(frozen=True)
class Pair:
    """A certificate and the key that belongs to it.

    Attributes:
        certificate: With those of the authorities behind it, in PEM, as it was given.
        key: In PEM, as it was given.
        names: Host names and addresses, in lower case.
        start: From when it is valid.
        end: Until when.
        self_signed: No authority is behind it.
        made_here: It is self-signed, and looks as those of make_certificate do.
    """

    certificate: bytes
    key: bytes
    names: frozenset[str]
    start: datetime.datetime
    end: datetime.datetime
    self_signed: bool
    made_here: bool

    def is_valid(self, now: datetime.datetime) -> bool:
        """Says whether it has begun and is not over."""
        return self.start <= now < self.end


def read_pair(certificate: bytes, key: bytes, *, locked: bool = False) -> Pair:
    """Examine a certificate and its key.

    Args:
        certificate: In PEM; those of the authorities may follow.
        key: In PEM.
        locked: Whether to take a key with a password for the right one; nobody here knows it.

    Raises:
        PairError: one of them cannot be read, or they do not belong together.
    """
    try:
        chain = x509.load_pem_x509_certificates(certificate)
        leaf = chain[0]
        public = leaf.public_key()
        names = _names(leaf)
        start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        self_signed = _is_self_signed(leaf)
        made_here = self_signed and len(chain) == 1 and _looks_made_here(leaf, names)
    except _UNREADABLE as error:
        raise PairError("the certificate cannot be read") from error
    try:
        belongs = load_pem_private_key(key, None).public_key() == public
    except TypeError as error:  # it has a password
        if not locked:
            raise PairError("the key has a password") from error
        belongs = True
    except _UNREADABLE as error:
        raise PairError("the key cannot be read") from error
    if not belongs:
        raise PairError("certificate and key do not belong together")
    return Pair(certificate, key, names, start, end, self_signed, made_here)


def _names(leaf: x509.Certificate) -> frozenset[str]:
    """Return the alternative names; the common name counts only where there are none (RFC 6125)."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset(name.lower() for name in _common_names(leaf))
    hosts = found.get_values_for_type(x509.DNSName)
    addresses = found.get_values_for_type(x509.IPAddress)
    return frozenset(str(name).lower() for name in [*hosts, *addresses])


def _common_names(leaf: x509.Certificate) -> list[str]:
    attributes = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return [str(attribute.value) for attribute in attributes]


def _is_self_signed(leaf: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(leaf)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _looks_made_here(leaf: x509.Certificate, names: frozenset[str]) -> bool:
    kinds = {type(extension.value) for extension in leaf.extensions}
    return (
        kinds == {x509.SubjectAlternativeName, x509.BasicConstraints}
        and len(leaf.subject) == len(names) == 1
        and {name.lower() for name in _common_names(leaf)} == names
    )
