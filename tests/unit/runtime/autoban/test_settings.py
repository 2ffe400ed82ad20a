"""autoban.conf, as upstream documents it, and with mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.rules import Rules
from pbx.autoban.settings import BanSettings, read_settings

LOGIN = "[asmanager]\nusername=autoban\nsecret=s\n"


def autoban(text: str) -> BanSettings:
    return read_settings(f"{LOGIN}[autoban]\n{text}\n")


def test_settings_of_the_sample_are_the_defaults(root: Path) -> None:
    text = (root / "runtime/pbx/autoban/config/autoban.conf").read_text()
    settings = read_settings(text)
    assert settings.enabled
    assert settings.problems == ()
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
        ("", True),
        ("no", False),
        ("FALSE ; for now", False),
        ('"no"', False),
    ],
)
def test_settings_are_on_unless_enabled_is_no(value: str, *, enabled: bool) -> None:
    assert autoban(f"enabled = {value}").enabled is enabled


def test_settings_of_an_empty_file_lack_a_login() -> None:
    settings = read_settings("")
    assert settings.enabled
    assert settings.rules == Rules()
    assert settings.problems == (
        "autoban.conf: [asmanager] needs username and secret, as in manager.conf",
    )


def test_settings_lists_have_addresses_networks_and_ranges() -> None:
    settings = autoban(
        "whitelist = 192.0.2.1, 10.0.0.0/8 2001:db8::/32\nwhitelist=192.0.2.9\n"
        "blacklist => 203.0.113.5-203.0.113.9 ; nobody we know"
    )
    texts = ["192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "192.0.2.9"]
    assert settings.whitelist == tuple(map(parse_span, texts))
    assert settings.blacklist == (parse_span("203.0.113.5-203.0.113.9"),)
    assert settings.problems == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "jailtime = soon",
            "line 5: jailtime = soon: give seconds, or a time such as 1d2h3m4s; taking 20m",
        ),
        ("maxcount = -1", "line 5: maxcount = -1: give a number from 0 to 1000000; taking 10"),
        ("repeatmult = 0.5", "line 5: repeatmult = 0.5: give a number from 1 to 1000; taking 6"),
        ("repeatmult = nan", "taking 6"),
        (
            "whitelist = 10.0.0.0/8 home",
            "line 5: whitelist = 10.0.0.0/8 home: 'home' is no address",
        ),
        ("maxcuont = 3", "line 5: there is no setting 'maxcuont' in [autoban]; left out"),
        ("[asmanager]\nport = 0", "line 6: port = 0: give a number from 1 to 65535; taking 5038"),
        ("just words", "line 5: 'just words' is not of the form key = value; left out"),
    ],
)
def test_settings_with_a_mistake_have_the_default_and_a_problem(line: str, problem: str) -> None:
    settings = autoban(line)
    assert len(settings.problems) == 1
    assert problem in settings.problems[0]
    assert settings.rules == Rules()


def test_settings_lists_may_have_brackets_as_in_php() -> None:
    settings = autoban("whitelist[] = 192.0.2.1\nwhitelist[] = 192.0.2.2")
    assert settings.whitelist == (parse_span("192.0.2.1"), parse_span("192.0.2.2"))
    assert settings.problems == ()


times = st.builds(
    lambda d, h, m, s: (f"{d}d{h}h{m}m{s}s", 86400 * d + 3600 * h + 60 * m + s),
    *(st.integers(0, 50) for _ in range(3)),
    st.integers(1, 50),
)
counts = st.integers(0, 1_000_000).map(lambda number: (str(number), number))
VALUES = {"maxcount": counts, "ownercount": counts, "watchtime": times, "jailtime": times}
spaces = st.sampled_from(["", " ", "\t", "   "])
quotes = st.sampled_from(["", "'", '"'])
comments = st.sampled_from(["", " ; a comment", "\t;x=y [z]", " ;"])


@given(st.fixed_dictionaries({}, optional=VALUES), st.data())
def test_settings_are_read_whatever_the_spaces_quotes_and_comments(
    said: dict[str, tuple[str, float]], data: st.DataObject
) -> None:
    lines = []
    for key, (text, _) in said.items():
        before, behind, quote = data.draw(spaces), data.draw(spaces), data.draw(quotes)
        lines.append(f"{before}{key}{behind}={before}{quote}{text}{quote}{data.draw(comments)}")
    settings = autoban("\n".join(lines))
    assert settings.problems == ()
    expected: dict[str, Any] = {key: value for key, (_, value) in said.items()}
    assert settings.rules == Rules(**expected)


@given(st.sampled_from(sorted(VALUES)), st.text("0123456789dhms.-x ", max_size=12))
def test_settings_have_each_value_or_its_default_and_a_problem(key: str, value: str) -> None:
    settings = autoban(f"{key} = {value}")
    changed = getattr(settings.rules, key) != getattr(Rules(), key)
    assert not (changed and settings.problems)
    if settings.problems:
        assert settings.rules == Rules()
        assert f"line 5: {key}" in settings.problems[0]
