"""Options of minivm-send, on the command line and in minivm.conf."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.voicemail.settings import (
    SettingError,
    Settings,
    parse,
    settings_of,
    settings_of_mailcmd,
    split_server,
)

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def settings(*arguments: str) -> Settings:
    return settings_of(parse(arguments))


def test_options_of_the_upstream_image_are_understood() -> None:
    command = (
        "minivm-send -H mx.example.com:587 -P starttls -u username -p password "
        "-f voicemail-noreply@example.com"
    )
    assert settings_of_mailcmd(f"[general]\nmailcmd = {command}\n".encode()) == Settings(
        host="mx.example.com",
        port=587,
        protocol="starttls",
        user="username",
        password="password",  # noqa: S106
        sender="voicemail-noreply@example.com",
    )


@pytest.mark.parametrize(
    ("protocol", "port"), [("smtp", 25), ("smtps", 465), ("tls", 465), ("starttls", 587)]
)
def test_each_protocol_has_its_port(protocol: str, port: int) -> None:
    assert settings("-H", "mx.example.com", "-P", protocol).port == port


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [
        ("mx.example.com", "mx.example.com", 25),
        ("mx.example.com:2525", "mx.example.com", 2525),
        ("192.0.2.1:2525", "192.0.2.1", 2525),
        ("[2001:db8::1]:2525", "2001:db8::1", 2525),
        ("[2001:db8::1]", "2001:db8::1", 25),
        ("2001:db8::1", "2001:db8::1", 25),
    ],
)
def test_servers_are_written_in_many_ways(server: str, host: str, port: int) -> None:
    assert split_server(server, 25) == (host, port)


@pytest.mark.parametrize(
    "server",
    ["", ":25", "mx:", "mx:port", "mx:0", "mx:65536", "mx:1000000025", "[::1", "[::1]25", "a b"],
)
def test_a_server_that_cannot_be_is_refused(server: str) -> None:
    with pytest.raises(SettingError, match="-H"):
        settings("-H", server)


@given(st.text(max_size=30))
def test_any_text_is_a_server_or_refused(text: str) -> None:
    with suppress(SettingError):
        host, port = split_server(text, 25)
        assert host
        assert 0 < port < 65536


@given(words)
def test_any_password_is_taken_as_it_is(password: str) -> None:
    assert settings("-H", "mx", "-u", "pbx", "-p", password).password == password


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "no mail server"),
        (["-H", "mx", "-P", "startls"], "startls"),
        (["-H"], "-H"),
        (["-H", "mx", "--ca"], "--ca"),
        (["-H", "mx", "extra"], "extra"),
    ],
)
def test_mistakes_are_named(arguments: list[str], reason: str) -> None:
    with pytest.raises(SettingError, match=reason):
        settings(*arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[general]\nformat = wav\n",
        "mailcmd = /usr/sbin/sendmail -t\n",
        ";mailcmd = minivm-send",
    ],
)
def test_another_mail_program_is_left_alone(text: str) -> None:
    assert settings_of_mailcmd(text.encode()) is None


def test_the_command_may_have_a_path_and_a_comment() -> None:
    text = "mailcmd => /usr/local/bin/minivm-send -H 'mx' -u \"a b\" ; our own server\n"
    assert settings_of_mailcmd(text.encode()) == Settings("mx", 25, user="a b")


@pytest.mark.parametrize("command", ["minivm-send -H 'mx", "minivm-send -P smtp"])
def test_a_command_that_cannot_be_is_refused(command: str) -> None:
    with pytest.raises(SettingError):
        settings_of_mailcmd(f"mailcmd = {command}".encode())


@given(st.binary())
def test_any_configuration_is_read_or_refused(text: bytes) -> None:
    with suppress(SettingError):
        settings_of_mailcmd(b"mailcmd = minivm-send " + text)
