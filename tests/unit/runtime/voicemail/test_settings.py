"""Options of minivm-send, on the command line and in minivm.conf."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pbx.voicemail.settings import (
    MailSettingError,
    MailSettings,
    parse,
    settings_of,
    settings_of_mailcmd,
    split_server,
)

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


def settings(*arguments: str) -> MailSettings:
    return settings_of(parse(arguments))


def test_mail_settings_understand_options_of_the_upstream_image() -> None:
    command = (
        "minivm-send -H mx.example.com:587 -P starttls -u username -p password "
        "-f voicemail-noreply@example.com"
    )
    assert settings_of_mailcmd(f"[general]\nmailcmd = {command}\n".encode()) == MailSettings(
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
def test_mail_settings_have_a_port_for_each_protocol(protocol: str, port: int) -> None:
    assert settings("-H", "mx.example.com", "-P", protocol).port == port


@pytest.mark.parametrize(
    "server",
    ["", ":25", "mx:", "mx:port", "mx:0", "mx:65536", "mx:1000000025", "[::1", "[::1]25", "a b"],
)
def test_mail_settings_refuse_an_invalid_server(server: str) -> None:
    with pytest.raises(MailSettingError, match="-H"):
        settings("-H", server)


@given(
    st.text("abcxyz0123456789.-", min_size=1) | st.ip_addresses().map(str), st.integers(1, 65535)
)
@example("2001:db8::", 25)
def test_mail_settings_server_is_read_as_it_was_written(host: str, port: int) -> None:
    written = f"[{host}]" if ":" in host else host
    assert split_server(f"{written}:{port}", 25) == (host, port)
    assert split_server(written, port) == (host, port)
    assert split_server(host, port) == (host, port)


@given(words)
def test_mail_settings_take_any_password_as_it_is(password: str) -> None:
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
def test_mail_settings_error_names_the_option(arguments: list[str], reason: str) -> None:
    with pytest.raises(MailSettingError, match=reason):
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
def test_mail_settings_are_none_for_another_program(text: str) -> None:
    assert settings_of_mailcmd(text.encode()) is None


def test_mail_settings_command_may_have_a_path_and_a_comment() -> None:
    text = "mailcmd => /usr/local/bin/minivm-send -H 'mx' -u \"a b\" ; our own server\n"
    assert settings_of_mailcmd(text.encode()) == MailSettings("mx", 25, user="a b")


@pytest.mark.parametrize("command", ["minivm-send -H 'mx", "minivm-send -P smtp"])
def test_mail_settings_refuse_an_invalid_command(command: str) -> None:
    with pytest.raises(MailSettingError):
        settings_of_mailcmd(f"mailcmd = {command}".encode())


@given(st.lists(st.sampled_from(("-e", "--insecure")) | words.map("-ux{}".format), max_size=4))
def test_mail_settings_of_a_command_are_those_of_its_words(options: list[str]) -> None:
    arguments = ["-H", "mx", *options]
    line = shlex.join([word.replace(";", "") for word in arguments])
    expected = settings(*(word.replace(";", "") for word in arguments))
    assert settings_of_mailcmd(f"mailcmd = minivm-send {line}\n".encode()) == expected
