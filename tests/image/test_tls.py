"""What Asterisk accepts on its port for SIP over TLS, and on that for HTTPS."""

from __future__ import annotations

import datetime
from pathlib import Path

import docker
import pytest
from pbx.tls.self_signed import CertificateSettings, make_certificate

from factory.waiting import wait_for
from fixtures.testssl import scan
from tests.pbx import LABELS, Pbx

from .conftest import Start

pytestmark = pytest.mark.image("base")
once = pytest.mark.image("base", once=True)

SIP, HTTPS = 5061, 8089
CBC, RSA = "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA", "AES256-GCM-SHA384:AES128-GCM-SHA256"
STRONG = ("OK", "INFO")
OF_A_SELF_SIGNED_CERTIFICATE = {
    "cert_trust",  # it is for a host name, and is asked for at 127.0.0.1
    "cert_chain_of_trust",
    "cert_expirationStatus",  # it lasts 30 days, and is renewed when a third of that is left
    "cert_notAfter",
    "cert_revocation",  # nobody could revoke it
    "DNS_CAArecord",  # 127.0.0.1 is no domain
}
WITHOUT_MEANING = {
    "engine_problem",  # of testssl.sh's own OpenSSL
    "sessionresumption_ticket",  # how long a connection takes to be made anew
    "service",  # that it is taken for HTTP, which makes no difference to TLS
    "BREACH",  # a weakness of web pages that are compressed
}


def agreed(pbx: Pbx, options: str, port: int = SIP) -> str:
    """The cipher that a client with such options gets, `(NONE)` if it gets none."""
    ask = f"openssl s_client -connect 127.0.0.1:{port} {options} < /dev/null 2> /dev/null || :"
    return pbx.run(f"{ask}").partition("Cipher is ")[2].partition("\n")[0]


def renegotiates(pbx: Pbx, port: int = SIP) -> bool:
    """Whether a client may begin anew, as often as it likes."""
    client = f"openssl s_client -tls1_2 -connect 127.0.0.1:{port} 2>&1"
    said = pbx.run(f"(echo R; while sleep 1; do echo; done) | timeout 5 {client} || :")
    assert "RENEGOTIATING" in said
    return "no renegotiation" not in said


def assert_strong(pbx: Pbx, port: int = SIP) -> None:
    assert agreed(pbx, "", port).startswith("TLS_")  # 1.3
    assert agreed(pbx, "-tls1_2", port).startswith("ECDHE-")
    assert agreed(pbx, f"-tls1_2 -cipher {CBC}", port) == "(NONE)"
    assert agreed(pbx, f"-tls1_2 -cipher {RSA}", port) == "(NONE)"
    for version in ("-tls1", "-tls1_1"):
        assert agreed(pbx, f"{version} -cipher ALL@SECLEVEL=0", port) == "(NONE)"
    assert not renegotiates(pbx, port)


def test_tls_accepts_strong_ciphers_only(pbx: Pbx) -> None:
    assert_strong(pbx)


def test_tls_of_old_phones_is_accepted_where_a_setting_asks_for_it(start: Start) -> None:
    pbx = start(environment={"TLS_COMPATIBILITY": "old"})
    assert agreed(pbx, "-tls1_2").startswith("ECDHE-")  # if the phone can
    assert agreed(pbx, f"-tls1_2 -cipher {CBC}") in CBC
    assert agreed(pbx, f"-tls1_2 -cipher {RSA}") in RSA
    assert agreed(pbx, "-tls1_1 -cipher ALL@SECLEVEL=0") == "(NONE)"
    assert not renegotiates(pbx)


@once
@pytest.mark.parametrize(
    "setting",
    [
        "method = tlsv1_2",
        "method = tlsv1_2\ncipher = ECDHE-RSA-AES128-GCM-SHA256,ECDHE-RSA-AES128-SHA,AES128-SHA",
    ],
)
def test_tls_of_configurations_of_upstream_is_strong(start: Start, setting: str) -> None:
    pbx = start()
    pbx.run(
        f"cd /etc/asterisk && printf '%s\\n' '{setting}' > /tmp/setting && "
        "sed -i -e '/^method/{r /tmp/setting' -e 'd}' pjsip_transport_tls.conf && "
        "sv restart asterisk"
    )
    wait_for(
        lambda: agreed(pbx, "-tls1_2"),
        lambda cipher: cipher.startswith("ECDHE-"),
        seconds=60,
        otherwise="TLS 1.2 is not accepted",
    )
    assert agreed(pbx, f"-tls1_2 -cipher {CBC}") == "(NONE)"
    assert agreed(pbx, "-tls1_2 -cipher AES128-SHA") == "(NONE)"
    assert not renegotiates(pbx)


@once
def test_tls_of_a_configuration_with_weak_ciphers_only_goes_on(start: Start) -> None:
    pbx = start()
    pbx.run(
        "cd /etc/asterisk && sed -i 's/^method.*/method = tlsv1_2\\ncipher = AES128-SHA/' "
        "pjsip_transport_tls.conf && sv restart asterisk"
    )
    wait_for(
        lambda: agreed(pbx, "-tls1_2"),
        lambda cipher: cipher == "AES128-SHA",
        seconds=60,
        otherwise="the one cipher that the configuration allows is not accepted",
    )


@once
def test_tls_of_the_web_server_is_strong(start: Start) -> None:
    pbx = start()
    pbx.run(
        "sed -i -e 's/^enabled = no/enabled = yes/' -e 's/^;tls/tls/' /etc/asterisk/http.conf && "
        "asterisk -rx 'module reload http'"
    )
    wait_for(
        lambda: agreed(pbx, "", HTTPS),
        lambda cipher: cipher.startswith("TLS_"),
        seconds=30,
        otherwise="HTTPS does not come up",
    )
    assert_strong(pbx, HTTPS)


@once
def test_tls_to_old_trunks_is_still_possible(start: Start, folder: Path) -> None:
    """Outgoing connections offer what they offered before: there, the other side is the server."""
    now = datetime.datetime.now(datetime.UTC)
    (folder / "pair.pem").write_bytes(
        b"".join(make_certificate(CertificateSettings("trunk.example"), now))
    )
    pbx = start(volumes=[f"{folder}:/trunk:ro"])
    pbx.run(
        "openssl s_server -accept 127.0.0.1:6061 -tls1_2 -cipher AES128-SHA -cert /trunk/pair.pem "
        "> /tmp/trunk.log 2>&1 < /dev/zero &"
    )
    pbx.run(
        "printf '%s\\n' '[trunk]' 'type = aor' 'contact = sip:127.0.0.1:6061\\;transport=tls' "
        "'qualify_frequency = 1' '[trunk]' 'type = endpoint' 'aors = trunk' 'transport = tls' "
        ">> /etc/asterisk/pjsip.conf && "
        "asterisk -rx 'module reload res_pjsip.so'"
    )
    wait_for(
        lambda: pbx.run("cat /tmp/trunk.log"),
        lambda said: "OPTIONS sip:127.0.0.1:6061" in said,
        seconds=30,
        otherwise="no connection was made",
    )


@once
def test_tls_shows_an_auditor_no_weakness(
    start: Start, client: docker.DockerClient, testssl_image: str
) -> None:
    pbx = start(hostname="pbx.example.com")
    findings = scan(client, pbx.container, SIP, testssl_image, LABELS)
    assert {"LUCKY13", "secure_client_renego", "FS", "TLS1_2"} <= {f.id for f in findings}
    excused = OF_A_SELF_SIGNED_CERTIFICATE | WITHOUT_MEANING
    assert [f for f in findings if f.severity not in STRONG and f.id not in excused] == []
