"""Self-signed certificates: which settings are taken, and what is made."""

import datetime
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pbx.tls.pair import read_pair
from pbx.tls.self_signed import CertificateSettingError, CertificateSettings, make_certificate

NOW = datetime.datetime(2024, 5, 16, 10, 3, 20, tzinfo=datetime.UTC)


def make(hostname: str = "pbx.example", key: str = "ec256", days: int = 30) -> x509.Certificate:
    return x509.load_pem_x509_certificate(
        make_certificate(CertificateSettings(hostname, key, days), NOW)[0]
    )


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HOSTNAME": "", "TLS_KEYBITS": "", "PATH": "/bin"}, CertificateSettings("localhost")),
        (
            {"HOSTNAME": "a" * 64, "TLS_KEYBITS": "ec256", "TLS_CERTDAYS": "3650"},
            CertificateSettings("a" * 64, "ec256", 3650),
        ),
    ],
)
def test_self_signed_settings_come_from_the_environment(
    environment: dict[str, str], expected: CertificateSettings
) -> None:
    assert CertificateSettings.of(environment) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("TLS_KEYBITS", value) for value in ("1024", "2047", "8193", "-2048", "2048 ", "ec384")],
        *[("TLS_KEYBITS", value) for value in ("EC256", "2e3", "0x800", "²")],
        *[("TLS_CERTDAYS", value) for value in ("0", "3651", "-1", "1.5", "thirty", " 30", "²")],
        *[("HOSTNAME", value) for value in ("a" * 65, "a b", "a\n", "a\x00b", " ", "\t")],
    ],
)
def test_self_signed_useless_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(CertificateSettingError) as caught:
        CertificateSettings.of({name: value})
    assert str(caught.value).startswith(f"{name} is '{value}': use ")


@given(st.integers(-(10**6), 10**6))
@example(2048)
@example(8192)
def test_self_signed_numbers_are_accepted_within_their_limits_only(number: int) -> None:
    for name, low, high in (("TLS_KEYBITS", 2048, 8192), ("TLS_CERTDAYS", 1, 3650)):
        try:
            CertificateSettings.of({name: str(number)})
        except CertificateSettingError:
            assert not low <= number <= high
        else:
            assert low <= number <= high


@settings(max_examples=40)
@given(st.text(st.characters(codec="ascii"), max_size=70))
@example("*.example")
@example("fe80::1%eth0")
@example("2001:0DB8::1")
def test_self_signed_hostname_in_ascii_is_refused_or_certified(hostname: str) -> None:
    try:
        taken = CertificateSettings.of({"HOSTNAME": hostname, "TLS_KEYBITS": "ec256"})
    except CertificateSettingError:
        assert len(hostname) > 64 or any(letter <= " " for letter in hostname)
    else:
        certified = read_pair(*make_certificate(taken, NOW))
        assert certified.made_here
        assert certified.names == {taken.hostname.lower()}


@pytest.mark.parametrize("hostname", ["büro", "é" * 40, "\u0661.2.3.4"])
def test_self_signed_hostname_outside_ascii_is_refused(hostname: str) -> None:
    with pytest.raises(CertificateSettingError, match="HOSTNAME is"):
        CertificateSettings.of({"HOSTNAME": hostname})


@pytest.mark.parametrize("name", ["TLS_KEYBITS", "TLS_CERTDAYS"])
def test_self_signed_number_without_end_is_refused(name: str) -> None:
    with pytest.raises(CertificateSettingError, match=name):
        CertificateSettings.of({name: "9" * 5000})


def test_self_signed_certificate_of_an_address_names_it_as_one() -> None:
    names = make("192.0.2.1").extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]


def test_self_signed_certificate_is_no_authority() -> None:
    constraints = make().extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert not constraints.value.ca


@pytest.mark.parametrize("days", [1, 30, 3650])
def test_self_signed_certificate_is_valid_from_an_hour_ago_for_its_days(days: int) -> None:
    certificate = make(days=days)
    assert certificate.not_valid_before_utc == NOW - datetime.timedelta(hours=1)
    assert certificate.not_valid_after_utc == NOW + datetime.timedelta(days=days)


@pytest.mark.parametrize("kind", ["2048", "ec256"])
def test_self_signed_key_is_of_the_kind_asked_for_and_signs_the_certificate(kind: str) -> None:
    certificate_pem, key_pem = make_certificate(CertificateSettings("pbx.example", kind), NOW)
    assert key_pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    key = load_pem_private_key(key_pem, None)
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(certificate)
    if kind == "ec256":
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert isinstance(key.curve, ec.SECP256R1)
    else:
        assert isinstance(key, rsa.RSAPrivateKey)
        assert key.key_size == 2048


def test_self_signed_certificates_differ() -> None:
    assert make().serial_number != make().serial_number
