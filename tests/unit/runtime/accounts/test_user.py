"""`pbx user add`: the entry, the file, what is shown."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx.accounts.phone import Server, account_document, draw, server_of
from pbx.accounts.user import User, append_entry, check_number
from pbx.asterisk.sections import SourceFile, load
from pbx.core.errors import CommandError
from pbx.supervision.main import main

from tests.unit.runtime.fake_console import Console

Printed = pytest.CaptureFixture[str]

WIZARD = """
[w_term_io](!)
type = wizard
accepts_auth = yes
accepts_registrations = yes
[w_trunk](!)
type = wizard
sends_auth = yes
[w_term_i](!,w_term_io)
#tryinclude pjsip_endpoint.conf
"""
TRANSPORTS = """
[healthcheck]
type = endpoint
[t](!)
type = transport
bind = 0.0.0.0:5060
[udp](t)
protocol = udp
[tls6](t)
protocol = tls
bind = [::]:5561
"""
BEFORE = """; mine \xe9
[w_term:home](!,w_term_io)

[john](w_term:home)
hint_exten = +12025550160
inbound_auth/username = johnny
inbound_auth/password = x"""
ADD = ["user", "add", "ann.smith", "+12025550177"]


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a user, reached through a link, and no Asterisk that runs."""
    folder = tmp_path / "srv"
    folder.mkdir()
    (tmp_path / "etc").symlink_to(folder)
    monkeypatch.setenv("DOCKER_CONF_DIR", str(tmp_path / "etc"))
    monkeypatch.setattr("socket.gethostname", lambda: "pbx.example")
    monkeypatch.setattr("pbx.asterisk.console.CONSOLE", tmp_path / "asterisk.ctl")
    (folder / "pjsip_wizard.conf").write_text(WIZARD)
    (folder / "pjsip.conf").write_text(TRANSPORTS)
    (folder / "pjsip_endpoint.conf").write_bytes(BEFORE.encode("latin-1"))
    return folder


def endpoints(conf: Path) -> str:
    return (conf / "pjsip_endpoint.conf").read_bytes().decode("latin-1")


def test_user_add_appends_an_entry_and_leaves_the_rest(conf: Path, capsys: Printed) -> None:
    assert main([*ADD, "--mailbox", "ann@example.com"]) == 0
    after = endpoints(conf)
    assert after.startswith(BEFORE + "\n\n[ann.smith](w_term:home)\n")
    added = after[len(BEFORE) :]
    password = re.search(r"inbound_auth/password = ([\w-]{24})\n", added)
    assert password
    assert added.splitlines()[3:] == [
        "hint_exten = +12025550177",
        "endpoint/callerid = Ann Smith <+12025550177>",
        "endpoint/mailboxes = ann@example.com",
        "inbound_auth/username = ann.smith",
        f"inbound_auth/password = {password[1]}",
    ]
    shown = capsys.readouterr().out
    assert f"password      {password[1]}\ntransport     UDP port 5060, TLS port 5561\n" in shown


def test_user_add_makes_a_new_password_each_time(conf: Path) -> None:
    assert main(ADD) == 0
    assert main(["user", "add", "bob", "+12025550178"]) == 0
    found = re.findall(r"password = (\S{20,})", endpoints(conf))
    assert len(set(found)) == 2


def test_user_add_without_other_users_takes_the_usual_template(conf: Path) -> None:
    (conf / "pjsip_endpoint.conf").write_text("")
    assert main(ADD) == 0
    assert endpoints(conf).startswith("[ann.smith](w_term_io)\n")


def test_user_add_takes_the_given_templates(conf: Path) -> None:
    assert main([*ADD, "--template", "w_term_i", "--template", "w_term:home"]) == 0
    assert "[ann.smith](w_term_i,w_term:home)\n" in endpoints(conf)


@pytest.mark.parametrize(
    ("arguments", "line", "status"),
    [
        (["john", "+12025550177"], "there is a [john] in pjsip_endpoint.conf already", 1),
        (["JOHN", "+12025550177"], "there is a [john] in", 1),
        (["johnny", "+12025550177"], "'johnny' is the user name of [john]", 1),
        (["healthcheck", "+12025550177"], "there is a [healthcheck] in pjsip.conf already", 1),
        (["ann", "+1 202-555-0160"], "+12025550160 belongs to [john]", 1),
        (["ann", "0012025550177"], "form: type +12025550177", 2),
        (["ann", "12025550177"], "type + and the country code", 2),
        (["ann", "100"], "is not a number", 2),
        (["a b", "+12025550177"], "'a b' cannot be the name of an account", 2),
        (["a]\n[b", "+12025550177"], "cannot be the name", 2),
        (["ann", "+12025550177", "--name", "A\nB"], "cannot be shown", 2),
        (["ann", "+12025550177", "--mailbox", "ann"], "is no mail address", 2),
        (["ann", "+12025550177", "--template", "w_x"], "there is no template 'w_x'", 1),
        (["ann", "+12025550177", "--template", "w_trunk"], "would not be one that a phone", 1),
    ],
)
def test_user_add_changes_nothing_if_it_is_refused(
    conf: Path, capsys: Printed, arguments: list[str], line: str, status: int
) -> None:
    assert main(["user", "add", *arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert line in err
    assert err.startswith("pbx: ")
    assert err.rstrip("\n").isprintable() or "\n" in arguments[0] + arguments[-1]
    assert endpoints(conf) == BEFORE


def test_user_add_refuses_an_entry_that_a_comment_would_hide(conf: Path, capsys: Printed) -> None:
    hidden = f"{BEFORE}\n;-- to do\n"
    (conf / "pjsip_endpoint.conf").write_text(hidden, "latin-1")
    assert main(ADD) == 1
    assert "a comment that began with ;-- has no end" in capsys.readouterr().err
    assert endpoints(conf) == hidden


def test_user_add_refuses_a_file_that_is_not_included(conf: Path, capsys: Printed) -> None:
    (conf / "pjsip_wizard.conf").write_text(WIZARD.replace("#tryinclude", ";"))
    assert main([*ADD, "--template", "w_term_io"]) == 1
    assert endpoints(conf) == BEFORE
    assert capsys.readouterr().err


def test_user_add_reports_that_asterisk_does_not_accept_it(
    conf: Path, console: Console, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.accounts.add.SECONDS_TO_APPEAR", 0)
    path, _ = console({"pjsip show endpoint ann.smith": "Unable to find object ann.smith.\n"})
    monkeypatch.setattr("pbx.asterisk.console.CONSOLE", path)
    assert main(ADD) == 1
    assert "Asterisk did not take it" in capsys.readouterr().err
    assert "[ann.smith]" in endpoints(conf)


@pytest.mark.usefixtures("conf")
def test_user_list_has_no_passwords(capsys: Printed) -> None:
    assert main(ADD) == 0
    capsys.readouterr()
    assert main(["user", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "john       +12025550160  w_term:home  pjsip_endpoint.conf",
        "ann.smith  +12025550177  w_term:home  pjsip_endpoint.conf",
    ]


@pytest.mark.parametrize(
    "typed", ["+12025550177", "+1 202 555 0177", "+1 (202) 555-0177", "+1.202.555/0177"]
)
def test_user_number_may_be_written_for_reading(typed: str) -> None:
    assert check_number(typed) == "+12025550177"


@given(st.text(max_size=25))
def test_user_number_is_e164_or_refused(typed: str) -> None:
    try:
        number = check_number(typed)
    except CommandError:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{6,14}", number)


words = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters=';\\"<>'),
    min_size=1,
)


@given(st.binary(max_size=60), words)
def test_user_entry_keeps_the_file_before_it(content: bytes, name: str) -> None:
    user = User("ann", "+12025550177", name, "", ("w",), "p" * 24)
    after = append_entry(content, user)
    assert after.startswith(content)
    assert after.endswith(b"p\n")
    assert b"\n[ann](w)\n" in b"\n" + after


@given(words)
def test_user_entry_is_read_by_asterisk_as_it_was_written(name: str) -> None:
    user = User("ann", "+12025550177", name, "a@b", ("w",), "p" * 24)
    content = append_entry(b"[w](!)\n", user)
    section = load("x", lambda _: [SourceFile("x", content)]).find("ann")
    assert section
    assert section.get("endpoint/callerid") == f"{name} <+12025550177>"
    assert section.get("inbound_auth/password") == "p" * 24


# ---- how phones are told


def server(text: str, hostname: str = "pbx.example", chosen: str = "") -> Server:
    return server_of(load("x", lambda _: [SourceFile("x", text.encode())]), hostname, chosen)


def test_phone_server_is_the_public_name_before_others() -> None:
    text = "[u]\ntype=transport\nbind=0.0.0.0\ndomain=d.example\n"
    assert server(text).host == "d.example"
    text += "external_signaling_address=s.example\n"
    assert server(text).host == "s.example"
    assert server(text, chosen="c.example").host == "c.example"
    assert server("").host == "pbx.example"


@pytest.mark.parametrize("hostname", ["0123456789ab", "localhost"])
def test_phone_server_is_not_a_name_made_up_by_the_engine(hostname: str) -> None:
    assert server("", hostname).host == ""


@pytest.mark.parametrize(
    ("protocol", "bind", "port"),
    [
        ("udp", "0.0.0.0", 5060),
        ("tls", "::", 5061),
        ("tcp", "192.0.2.1:5560", 5560),
        ("udp", "[2001:db8::1]:5560", 5560),
        ("udp", "2001:db8::1", 5060),
    ],
)
def test_phone_server_has_the_ports_of_the_transports(protocol: str, bind: str, port: int) -> None:
    found = server(f"[t]\ntype=transport\nprotocol={protocol}\nbind={bind}\n")
    assert found.ports == {protocol: port}


@given(words, st.sampled_from([5060, 5560]), st.sampled_from(["pbx.example", "2001:db8::1"]))
def test_phone_code_holds_the_account(name: str, port: int, host: str) -> None:
    user = User("ann", "+1", name, "", ("w",), "p&<")
    document = account_document(user, Server(host, {"udp": port}))
    found = {field.tag: field.text for field in ET.fromstring(document).iter()}  # noqa: S314 # ours
    server = f"[{host}]" if ":" in host else host
    assert found["RegisterServer"] == (server if port == 5060 else f"{server}:{port}")
    assert found["DisplayName"] == name
    assert (found["UserID"], found["AuthID"], found["AuthPass"]) == ("ann", "ann", "p&<")


def test_phone_code_is_left_out_without_a_server(
    conf: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "0123456789ab")
    assert main([*ADD, "--qr"]) == 0
    assert "--server HOST" in capsys.readouterr().out
    assert "[ann.smith]" in endpoints(conf)


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(0, 4), st.booleans(), st.data())
def test_phone_code_is_drawn_whole(
    size: int, border: int, colours: bool, data: st.DataObject
) -> None:
    row = st.lists(st.integers(0, 1), min_size=size, max_size=size)
    modules = data.draw(st.lists(row, min_size=size, max_size=size))
    lines = draw(modules, colours=colours, border=border).splitlines()
    assert ("\x1b[" in lines[0]) == colours
    plain = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in lines]
    assert {len(line) for line in plain} == {size + 2 * border}
    dark = sum({"█": 0, "▀": 1, "▄": 1, " ": 2}[letter] for line in plain for letter in line)
    assert dark == sum(map(sum, modules))
