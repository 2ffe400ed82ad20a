"""autoban.conf, as upstream's users know it and as people mistype it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.settings import Settings, read_settings

LOGIN = "[asmanager]\nusername=autoban\nsecret=s\n"


def autoban(text: str) -> Settings:
    return read_settings(f"{LOGIN}[autoban]\n{text}\n")


def test_a_file_of_the_upstream_image_is_understood() -> None:
    settings = read_settings(
        "[asmanager]\n"
        "server     = 127.0.0.2\n"
        "port       = 5039\n"
        "username   = autoban\n"
        'secret     = "6003.438;x"\n'
        "\n"
        "[autoban]\n"
        "enabled    = true\n"
        "maxcount   = 5\n"
        "watchtime  = 1d2h3m4s\n"
        "jailtime   = 60\n"
        "repeatmult = 3\n"
    )
    assert settings.complaints == ()
    assert settings.rules == Rules(maxcount=5, watchtime=93784, jailtime=60, repeatmult=3)
    login = settings.login
    assert (login.host, login.port, login.user) == ("127.0.0.2", 5039, "autoban")
    assert login.secret == "6003.438;x"  # noqa: S105


def test_our_sample_is_understood_and_says_the_defaults(root: Path) -> None:
    text = (root / "runtime/pbx/autoban/config/autoban.conf").read_text()
    settings = read_settings(text)
    assert settings.enabled
    assert settings.complaints == ()
    assert settings.rules == Rules()
    assert settings.login.secret == "@SECRET:autoban@"  # noqa: S105
    assert (
        "secret = @SECRET:autoban@"
        in (root / "runtime/pbx/autoban/config/manager_autoban.conf").read_text()
    )


@pytest.mark.parametrize(
    ("value", "enabled"),
    [
        ("true", True),
        ("yes", True),
        ("1", True),
        ("", True),
        ("no", False),
        ("No", False),
        ("false", False),
        ("FALSE ; for now", False),
        ('"no"', False),
    ],
)
def test_it_is_on_unless_it_says_no(value: str, *, enabled: bool) -> None:
    assert autoban(f"enabled = {value}").enabled is enabled


def test_an_empty_file_is_on_and_asks_for_a_login() -> None:
    settings = read_settings("")
    assert settings.enabled
    assert settings.rules == Rules()
    assert settings.complaints == (
        "autoban.conf: [asmanager] needs username and secret, as in manager.conf",
    )


def test_lists_have_addresses_networks_and_ranges() -> None:
    settings = autoban(
        "whitelist = 192.0.2.1, 10.0.0.0/8 2001:db8::/32\nwhitelist=192.0.2.9\n"
        "blacklist => 203.0.113.5-203.0.113.9 ; nobody we know"
    )
    texts = ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "192.0.2.9"]
    assert settings.whitelist == tuple(map(parse_span, texts))
    assert settings.blacklist == (parse_span("203.0.113.5-203.0.113.9"),)
    assert settings.complaints == ()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            "jailtime = soon",
            "line 5: jailtime = soon: give seconds, or a time such as 1d2h3m4s; taking 20m",
        ),
        ("maxcount = -1", "line 5: maxcount = -1: give a number from 0 to 1000000; taking 10"),
        ("repeatmult = 0.5", "line 5: repeatmult = 0.5: give a number from 1 to 1000; taking 6"),
        ("repeatmult = nan", "taking 6"),
        ("repeatmult = x", "taking 6"),
        (
            "whitelist = 10.0.0.0/8 home",
            "line 5: whitelist = 10.0.0.0/8 home: 'home' is no address",
        ),
        ("maxcuont = 3", "line 5: there is no setting 'maxcuont' in [autoban]; left out"),
        ("[asmanager]\nport = 0", "line 6: port = 0: give a number from 1 to 65535; taking 5038"),
        ("just words", "there is no setting 'just words'"),
    ],
)
def test_a_mistake_is_named_and_counts_as_not_said(line: str, complaint: str) -> None:
    settings = autoban(line)
    assert len(settings.complaints) == 1
    assert complaint in settings.complaints[0]
    assert settings.rules == Rules()


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    read_settings(text)
    read_settings(f"[autoban]\n{text}")


@given(
    st.sampled_from(["maxcount", "watchtime", "repeatmult", "maxjailtime", "port", "enabled"]),
    st.text(st.characters(exclude_characters="\r\n"), max_size=12),
)
def test_any_value_is_taken_or_complained_of(key: str, value: str) -> None:
    section = "asmanager" if key == "port" else "autoban"
    read_settings(f"[{section}]\n{key} = {value}")
