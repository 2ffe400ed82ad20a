"""Self-signed certificates: settings and times in, PEM out."""

import datetime
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

MIN_KEYBITS, MAX_KEYBITS = 2048, 8192
MAX_CERTDAYS = 3650


class CertificateSettingError(ValueError):
    """A setting is no use; the message names it, its value, and what it may be."""


@dataclass(frozen=True)
class CertificateSettings:
    """What a certificate is made for.

    Attributes:
        hostname: Common name and subjectAltName: a host name or an IP address.
        key: Bits of an RSA key, or `ec256` for the NIST curve P-256.
        days: How long it is valid.
    """

    hostname: str
    key: str = "2048"
    days: int = 30

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "CertificateSettings":
        """Read HOSTNAME, TLS_KEYBITS and TLS_CERTDAYS; empty ones count as not given.

        Raises:
            CertificateSettingError: a value is no use.
        """
        hostname = environment.get("HOSTNAME") or "localhost"
        key = environment.get("TLS_KEYBITS") or cls.key
        days = environment.get("TLS_CERTDAYS") or str(cls.days)
        if len(hostname) > 64 or not hostname.isascii() or any(c <= " " for c in hostname):
            raise CertificateSettingError(
                f"HOSTNAME is '{hostname}': use a host name of at most 64 letters"
            )
        rsa_key = _is_number(key) and MIN_KEYBITS <= int(key) <= MAX_KEYBITS
        if key != "ec256" and not rsa_key:
            raise CertificateSettingError(
                f"TLS_KEYBITS is '{key}': use {MIN_KEYBITS} to {MAX_KEYBITS}, or ec256"
            )
        if not _is_number(days) or not 1 <= int(days) <= MAX_CERTDAYS:
            raise CertificateSettingError(f"TLS_CERTDAYS is '{days}': use 1 to {MAX_CERTDAYS} days")
        return cls(_plainly(hostname), key, int(days))


def make_certificate(settings: CertificateSettings, now: datetime.datetime) -> tuple[bytes, bytes]:
    """Make a key and a certificate that it signs itself (RFC 5280).

    Args:
        settings: For whom, how strong, for how long.
        now: Start of its validity, an aware time; an hour is taken off for clocks that differ.

    Returns:
        The certificate and the private key (PKCS #8, not encrypted), both in PEM.
    """
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if settings.key == "ec256":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=int(settings.key))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, settings.hostname)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=settings.days))
        .add_extension(x509.SubjectAlternativeName([_alternative(settings.hostname)]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6


def _plainly(hostname: str) -> str:
    """Return an address as certificates have it: in its shortest form, and without a zone."""
    try:
        address = ipaddress.ip_address(hostname)
    except ValueError:
        return hostname
    return str(type(address)(int(address)))


def _alternative(hostname: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname)
