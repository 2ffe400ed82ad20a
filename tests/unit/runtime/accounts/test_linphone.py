"""What Linphone is handed: the document, for whom, and by whom."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import socket
import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.accounts.certificate import Files, problem_for_phones, server_context
from pbx.accounts.existing import Existing, find_existing
from pbx.accounts.handover import Handover, hand_over
from pbx.accounts.linphone import choose_transport, provisioning_document
from pbx.accounts.phone import Server, check_host
from pbx.accounts.user import User
from pbx.asterisk.sections import Configuration, SourceFile, load
from pbx.core.errors import CommandError

from fixtures.traefik.authority import DAY, Authority

ANN = User("ann", "+12025550177", "Ann", "", (), "s3cret")
SERVER = Server("192.0.2.10", {"udp": 5060, "tcp": 5060, "tls": 5061})
ALL = {"udp": 5060, "tcp": 5060, "tls": 5061}
FROM_FILES = st.text(min_size=1) | st.binary(min_size=1).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)

WIZARD = """
[w](!)
type = wizard
accepts_auth = yes
accepts_registrations = yes
endpoint/media_encryption = sdes
endpoint/media_encryption_optimistic = yes
[global]
type = global
"""


def read(document: str) -> dict[str, dict[str, str]]:
    """Returns a document's sections as Linphone's own configuration has them."""
    return {
        section.attrib["name"]: {entry.attrib["name"]: entry.text or "" for entry in section}
        for section in ET.fromstring(document)  # noqa: S314 # our own
    }


def document(
    user: User = ANN, server: Server = SERVER, transport: str = "tcp", **options: Any
) -> dict[str, dict[str, str]]:
    existing = Existing(user, options.pop("realm", "asterisk"), "sdes", insists=False)
    return read(provisioning_document(existing, server, transport, trusted=True, **options))


def configuration(text: str) -> Configuration:
    return load("pjsip.conf", lambda name: [SourceFile(name, (WIZARD + text).encode())])


@given(FROM_FILES, FROM_FILES, FROM_FILES, FROM_FILES)
def test_linphone_document_holds_any_name_and_password(
    account: str, name: str, password: str, realm: str
) -> None:
    user = User(account, "+1", name, "", (), password, "")
    sections = document(user, realm=realm)
    said = f"{account}:{realm}:{password}".encode("utf-8", "surrogateescape")
    wanted = hashlib.md5(said).hexdigest()  # noqa: S324
    assert sections["auth_info_0"]["ha1"] == wanted
    if account.isprintable():
        assert sections["auth_info_0"]["username"] == account
    identity = sections["proxy_0"]["reg_identity"]
    assert "\n" not in identity
    if name.isprintable():
        shown, _, address = identity.rpartition(" ")
        assert shown[1:-1].replace('\\"', '"').replace("\\\\", "\\") == name or "\\" in name
        assert address.startswith("<sip:")


def test_linphone_document_has_ipv6_addresses_in_brackets() -> None:
    sections = document(server=Server("fd00::1", ALL))
    assert sections["proxy_0"]["reg_proxy"] == "<sip:[fd00::1]:5060;transport=tcp>"


@pytest.mark.parametrize(
    ("transport", "trusted", "checked"),
    [("tls", True, "1"), ("tls", False, "0"), ("tcp", False, "1")],
)
def test_linphone_checks_certificates_unless_that_cannot_work(
    transport: str, trusted: bool, checked: str
) -> None:
    existing = Existing(ANN, "asterisk", "sdes", insists=False)
    sections = read(provisioning_document(existing, SERVER, transport, trusted=trusted))
    assert sections["sip"]["verify_server_certs"] == checked
    assert sections["sip"]["verify_server_cn"] == checked


@pytest.mark.parametrize(
    ("encryption", "insists", "expected"),
    [("sdes", False, ("srtp", "0")), ("dtls", True, ("dtls", "1")), ("", False, ("none", "0"))],
)
def test_linphone_encrypts_sound_as_the_account_wants_it(
    encryption: str, insists: bool, expected: tuple[str, str]
) -> None:
    existing = Existing(ANN, "asterisk", encryption, insists=insists)
    sip = read(provisioning_document(existing, SERVER, "tls", trusted=True))["sip"]
    assert (sip["media_encryption"], sip["media_encryption_mandatory"]) == expected


@pytest.mark.parametrize(
    ("wanted", "offered", "trusted", "chosen"),
    [
        ("", ALL, True, "tls"),
        ("", ALL, False, "tcp"),
        ("", {"udp": 5060}, True, "udp"),
        ("", {"tls": 5061}, False, "tls"),
        ("udp", ALL, True, "udp"),
    ],
)
def test_linphone_transport_is_the_best_that_works(
    wanted: str, offered: dict[str, int], trusted: bool, chosen: str
) -> None:
    assert choose_transport(wanted, Server("x", offered), trusted=trusted) == chosen


@pytest.mark.parametrize(("wanted", "offered"), [("tls", {"udp": 5060}), ("", {})])
def test_linphone_transport_that_is_not_offered_is_refused(
    wanted: str, offered: dict[str, int]
) -> None:
    with pytest.raises(CommandError):
        choose_transport(wanted, Server("x", offered), trusted=True)


# ---- whose account it is


def test_existing_account_is_found_with_all_that_it_inherits() -> None:
    found = find_existing(
        "ann",
        configuration(
            "[ann](w)\nhint_exten = +12025550177\n"
            'endpoint/callerid = "Ann Smith" <+12025550177>\n'
            "inbound_auth/username = annie\ninbound_auth/password = x\n"
        ),
    )
    user = User("ann", "+12025550177", "Ann Smith", "", ("w",), "x", "annie")
    assert found == Existing(user, "asterisk", "sdes", insists=False)


def test_existing_account_has_realm_and_encryption() -> None:
    found = find_existing(
        "ann",
        configuration(
            "default_realm = home\n[ann](w)\ninbound_auth/password = x\n"
            "endpoint/media_encryption_optimistic = no\n"
        ),
    )
    assert (found.realm, found.insists, found.user.name) == ("home", True, "ann")


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("bob", "[ann](w)\ninbound_auth/password = x", "there is no user 'bob': `pbx user list`"),
        ("Ann", "[ann](w)\ninbound_auth/password = x", "there is no user 'Ann': type ann"),
        ("ann", "[ann](w)", "no password"),
        ("ann", "[ann](w)\ninbound_auth/md5_cred = 0123", "cannot be read back"),
        ("w", "", "there is no user 'w'"),
        ("ann", "[ann]\ntype = auth\npassword = x", "there is no user 'ann'"),
    ],
)
def test_existing_account_that_a_phone_cannot_use_is_refused(
    name: str, text: str, hint: str
) -> None:
    with pytest.raises(CommandError, match=r".") as caught:
        find_existing(name, configuration(text))
    assert hint in str(caught.value)


@pytest.mark.parametrize("host", ["192.0.2.10", "fd00::1", "pbx.example", "pbx", "my_pbx.local."])
def test_phone_host_is_accepted(host: str) -> None:
    assert check_host(host) == host


@pytest.mark.parametrize("host", ["http://x", "x:5060", "a b", "-x", "x/y", "x..y", "é"])
def test_phone_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(CommandError, match="neither a name nor an address"):
        check_host(host)


# ---- the certificate


def files(tmp_path: Path, issued: Any) -> Files:
    (tmp_path / "cert.pem").write_bytes(issued.certificate)
    (tmp_path / "key.pem").write_bytes(issued.key)
    return Files(tmp_path / "cert.pem", tmp_path / "key.pem")


def problem(tmp_path: Path, issued: Any, authority: Authority, host: str) -> str:
    (tmp_path / "ca.pem").write_text(authority.certificate)
    return problem_for_phones(server_context(files(tmp_path, issued)), host, tmp_path / "ca.pem")


def test_certificate_is_judged_as_by_a_phone(tmp_path: Path) -> None:
    ours, theirs = Authority(), Authority()
    good = ours.issue("pbx.example", "192.0.2.10")
    assert problem(tmp_path, good, ours, "pbx.example") == ""
    assert problem(tmp_path, good, ours, "192.0.2.10") == ""
    assert "pbx.other" in problem(tmp_path, good, ours, "pbx.other")
    assert "self-signed" in problem(tmp_path, good, theirs, "pbx.example")
    late = datetime.datetime.now(datetime.UTC) - 100 * DAY
    old = ours.issue("pbx.example", start=late, end=late + DAY)
    assert "expired" in problem(tmp_path, old, ours, "pbx.example")


# ---- the web server

LINPHONE = {"X-Linphone-Provisioning": "1"}
PATH = "/Zm9vYmFyYmF6cXV4MTIzNA"

Ask = Callable[[str, str, dict[str, str]], Awaitable[tuple[int, str]]]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def meet(visit: Callable[[Ask], Awaitable[None]], *, seconds: float = 20) -> str:
    """Hands a document over to whoever makes a visit; returns who fetched it."""
    port = free_port()
    ready = asyncio.Event()

    async def call() -> None:
        await ready.wait()
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:

            async def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
                async with session.request(method, path, headers=headers) as reply:
                    return reply.status, await reply.text()

            await visit(ask)

    async def both() -> str:
        order = Handover(PATH, "<config/>", port, None)
        visitor = asyncio.create_task(call())
        phone = await hand_over(order, seconds, ready.set)
        await visitor
        return phone

    return asyncio.run(both())


def test_handover_gives_others_nothing_and_stays_open() -> None:
    async def visit(ask: Ask) -> None:
        for method, path, headers, status in (
            ("GET", PATH, {}, 400),
            ("HEAD", PATH, LINPHONE, 405),
            ("POST", PATH, LINPHONE, 405),
            ("GET", "/", LINPHONE, 404),
            ("GET", PATH[:-1], LINPHONE, 404),
            ("GET", f"{PATH}/", LINPHONE, 404),
        ):
            got = await ask(method, path, headers)
            assert got[0] == status
            assert "config" not in got[1]
        assert (await ask("GET", PATH, LINPHONE))[0] == 200

    assert meet(visit) == "127.0.0.1"


def test_handover_gives_one_of_two_phones_the_document() -> None:
    async def visit(ask: Ask) -> None:
        replies = await asyncio.gather(
            *(ask("GET", PATH, LINPHONE) for _ in range(2)), return_exceptions=True
        )
        given = [r for r in replies if isinstance(r, tuple) and r[0] == 200]
        assert len(given) == 1

    assert meet(visit) == "127.0.0.1"


def test_handover_does_not_wait_for_silent_connections() -> None:
    port = free_port()

    async def both() -> str:
        ready = asyncio.Event()
        handing = asyncio.create_task(
            hand_over(Handover(PATH, "<config/>", port, None), 20, ready.set)
        )
        await ready.wait()
        for _ in range(20):
            await asyncio.open_connection("127.0.0.1", port)
        url = f"http://127.0.0.1:{port}{PATH}"
        async with aiohttp.ClientSession() as session, session.get(url, headers=LINPHONE) as reply:
            assert reply.status == 200
        return await asyncio.wait_for(handing, 10)

    assert asyncio.run(both()) == "127.0.0.1"
