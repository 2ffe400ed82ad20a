"""Certificate and key are examined together."""

from __future__ import annotations

import base64
import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx.tls.acme import parse
from pbx.tls.in_use import InUse, examine
from pbx.tls.offers import Offer, best_of_each, examine_all
from pbx.tls.pair import PairError, read_pair
from pbx.tls.self_signed import CertificateSettings, make_certificate

from fixtures.traefik import Authority, Issued, acme_json

NOW = datetime.datetime(2026, 5, 16, 10, 3, 20, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
AUTHORITY = Authority()
ISSUED = AUTHORITY.issue("PBX.example", "192.0.2.1", start=NOW - DAY, end=NOW + DAY)
MADE = Issued(*make_certificate(CertificateSettings("pbx.example", "ec256"), NOW))


def by_hand(
    *extensions: x509.ExtensionType, attribute: x509.ObjectIdentifier = x509.NameOID.COMMON_NAME
) -> Issued:
    """A self-signed certificate as a user makes it with other tools."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(attribute, "pbx.example")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + DAY)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    return Issued(pem, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_pair_of_an_authority_is_read_with_its_chain() -> None:
    pair = read_pair(ISSUED.certificate, ISSUED.key)
    assert (pair.certificate, pair.key) == (ISSUED.certificate, ISSUED.key)
    assert pair.certificate.count(b"BEGIN CERTIFICATE") == 2
    assert pair.names == {"pbx.example", "192.0.2.1"}
    assert (pair.start, pair.end) == (NOW - DAY, NOW + DAY)
    assert not pair.self_signed
    assert not pair.made_here


def test_pair_made_here_is_recognised() -> None:
    pair = read_pair(MADE.certificate, MADE.key)
    assert pair.self_signed
    assert pair.made_here


def test_pair_made_with_other_tools_is_not_taken_for_ours() -> None:
    pair = read_pair(*vars(by_hand(x509.BasicConstraints(ca=True, path_length=None))).values())
    assert pair.self_signed
    assert not pair.made_here
    assert pair.names == {"pbx.example"}  # the common name, for want of others


def test_pair_without_any_host_name_is_not_taken_for_ours() -> None:
    mail = x509.SubjectAlternativeName([x509.RFC822Name("admin@example.com")])
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    issued = by_hand(mail, constraints, attribute=x509.NameOID.ORGANIZATION_NAME)
    pair = read_pair(issued.certificate, issued.key)
    assert pair.names == frozenset()
    assert not pair.made_here


@pytest.mark.parametrize(
    ("moment", "valid"),
    [(NOW - 1.01 * DAY, False), (NOW - DAY, True), (NOW, True), (NOW + DAY, False)],
)
def test_pair_is_valid_from_its_start_to_its_end(moment: datetime.datetime, *, valid: bool) -> None:
    assert read_pair(ISSUED.certificate, ISSUED.key).is_valid(moment) is valid


@pytest.mark.parametrize(
    ("certificate", "key", "reason"),
    [
        (ISSUED.certificate, MADE.key, "certificate and key do not belong together"),
        (b"mine", ISSUED.key, "the certificate cannot be read"),
        (ISSUED.certificate, b"mine", "the key cannot be read"),
        (ISSUED.key, ISSUED.certificate, "the certificate cannot be read"),
        (b"", b"", "the certificate cannot be read"),
    ],
)
def test_pair_that_does_not_work_is_refused(certificate: bytes, key: bytes, reason: str) -> None:
    with pytest.raises(PairError) as caught:
        read_pair(certificate, key)
    assert str(caught.value) == reason


def test_pair_with_a_chain_in_the_wrong_order_is_refused() -> None:
    leaf = ISSUED.certificate.removesuffix(AUTHORITY.certificate.encode())
    with pytest.raises(PairError, match="do not belong together"):
        read_pair(AUTHORITY.certificate.encode() + leaf, ISSUED.key)


def test_pair_with_a_locked_key_is_accepted_from_the_user_only() -> None:
    locked = load_pem_private_key(ISSUED.key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    with pytest.raises(PairError, match="the key has a password"):
        read_pair(ISSUED.certificate, locked)
    assert examine(ISSUED.certificate, locked, ()).problem == ""


def test_pair_of_an_unknown_version_is_refused() -> None:
    der = bytearray(x509.load_pem_x509_certificate(ISSUED.certificate).public_bytes(Encoding.DER))
    version = der.index(b"\xa0\x03\x02\x01\x02") + 4
    der[version] = 62
    lines = base64.encodebytes(bytes(der)).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n".encode()
    with pytest.raises(PairError, match="the certificate cannot be read"):
        read_pair(pem, ISSUED.key)


@settings(max_examples=200)
@given(st.data())
def test_pair_with_any_byte_changed_is_refused_or_keeps_its_key(data: st.DataObject) -> None:
    both = [bytearray(ISSUED.certificate), bytearray(ISSUED.key)]
    spoiled = data.draw(st.sampled_from(both))
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] = data.draw(st.integers(0, 255))
    try:
        pair = read_pair(*map(bytes, both))
    except PairError as error:
        assert str(error).isprintable()  # noqa: PT017 # either outcome is right
    else:
        assert (pair.certificate, pair.key) == tuple(map(bytes, both))
        public = x509.load_pem_x509_certificate(pair.certificate).public_key()
        assert public == x509.load_pem_x509_certificate(ISSUED.certificate).public_key()


# ---- whose it is


def test_in_use_nothing_is_ours() -> None:
    assert examine(None, None, ()) == InUse()


def test_in_use_what_was_made_here_or_came_from_acme_file_is_ours() -> None:
    assert examine(MADE.certificate, MADE.key, ()).ours
    assert examine(ISSUED.certificate, ISSUED.key, [ISSUED.certificate]).ours


def test_in_use_all_else_is_the_users() -> None:
    own = by_hand()
    assert not examine(ISSUED.certificate, ISSUED.key, [MADE.certificate]).ours
    assert not examine(own.certificate, own.key, ()).ours
    assert not examine(b"mine", b"mine, too", ()).ours


@pytest.mark.parametrize("both", [(None, ISSUED.key), (ISSUED.certificate, None)])
def test_in_use_one_half_is_a_problem(both: tuple[bytes | None, bytes | None]) -> None:
    assert examine(*both, ()) == InUse(problem="one is there without the other", ours=False)


# ---- what ACME_FILE offers


def test_offers_are_only_what_works() -> None:
    crossed = Issued(ISSUED.certificate, MADE.key)
    offers, warnings = examine_all(parse(acme_json({"a.example": ISSUED, "b.example": crossed})))
    assert [offer.domain for offer in offers] == ["a.example"]
    assert warnings == ["b.example: certificate and key do not belong together"]


def test_offers_keep_the_valid_one_that_lasts_longest() -> None:
    pairs = [
        read_pair(issued.certificate, issued.key)
        for issued in (
            AUTHORITY.issue("a.example", start=NOW - DAY, end=NOW + DAY),
            AUTHORITY.issue("a.example", start=NOW - DAY, end=NOW + 2 * DAY),
            AUTHORITY.issue("a.example", start=NOW + DAY, end=NOW + 3 * DAY),
        )
    ]
    offers = [Offer("a.example", pair) for pair in pairs]
    assert best_of_each(offers, NOW) == {"a.example": pairs[1]}
    assert best_of_each(reversed(offers), NOW) == {"a.example": pairs[1]}
