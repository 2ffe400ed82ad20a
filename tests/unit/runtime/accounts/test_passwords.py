"""Which passwords are weak, and whose."""

from __future__ import annotations

import base64
import json
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx.accounts.audit import Weak, format_table, warning, weak_accounts
from pbx.accounts.directory import accounts
from pbx.accounts.strength import weakness
from pbx.asterisk.files import read_configuration
from pbx.supervision.main import main

Printed = pytest.CaptureFixture[str]

STRONG = "v7gBL-tb3lr2a6FzlUXPAl2e"
WIZARD = """
[w](!)
type = wizard
accepts_auth = yes
accepts_registrations = yes
#tryinclude pjsip_endpoint.conf
"""


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration without accounts."""
    monkeypatch.setenv("DOCKER_CONF_DIR", str(tmp_path))
    (tmp_path / "pjsip_wizard.conf").write_text(WIZARD)
    return tmp_path


def problems(conf: Path, text: str, capsys: Printed) -> dict[str, str]:
    (conf / "pjsip_endpoint.conf").write_text(text)
    status = main(["passwords", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert status == (1 if found["weak"] or found["unread"] else 0)
    return {one["account"]: one["problem"] for one in found["weak"]}


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "none"),
        ("@SECRET:john.doe@", "placeholder"),
        ("john.doe", "its name"),
        ("eod.nhoj", "its name"),
        ("+12025550160", "number"),
        ("password", "published"),
        ("unsecurepassword", "published"),
        ("xK3!9", "only 5 characters"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "easily guessed"),
        ("123456789012345678901234", "no lower case, upper case"),
        ("abababababababababababab", "easily guessed"),
        ("xkqjwpvz", "no upper case, digits, other characters: use some, or make it longer"),
        ("xkqjwpvz7R", "no other characters"),
        ("John.Doe1", "easily guessed"),
    ],
)
def test_strength_of_weak_passwords(password: str, why: str) -> None:
    assert why in weakness(password, "john.doe", "+12025550160")


@pytest.mark.parametrize(
    "password",
    [
        "xK3!9zQp",
        "7#uhYwq.Lm",
        STRONG,
        "abcefkhmwqztrplskdjfhg",
        "3f2a9c1e77b04d58a6c1f09e2b7d4c31",
        "627183049572618304853917",
        "grün-Öl7!x",
        "correct horse battery staple",
    ],
)
def test_strength_of_strong_passwords(password: str) -> None:
    assert weakness(password, "john.doe", "+12025550160") == ""


@settings(max_examples=300)
@given(st.binary(min_size=18, max_size=18))
def test_strength_of_random_secrets_without_one_kind_of_letters(entropy: bytes) -> None:
    password = base64.urlsafe_b64encode(entropy).decode()
    if len(set(password)) > 8:  # as good as always
        assert weakness(password, "john.doe", "+12025550160") == ""


@given(st.text(string.ascii_letters + string.digits + string.punctuation, max_size=7))
def test_strength_of_short_passwords_is_weak(password: str) -> None:
    assert weakness(password)


@given(st.text(string.ascii_letters, min_size=1, max_size=30))
def test_strength_of_its_own_name_is_weak(name: str) -> None:
    assert weakness(name, name)


def test_strength_of_hashed_passwords_is_not_judged() -> None:
    assert weakness(None, "john.doe") == ""


def test_directory_has_accounts_of_the_wizard(conf: Path, capsys: Printed) -> None:
    text = f"""
[shared](!,w)
inbound_auth/password = password
[heir](shared)
[own](shared)
inbound_auth/password = {STRONG}
[none](w)
[lamb](w)
inbound_auth/username = shy
inbound_auth/password = shy
[hash](w)
inbound_auth/auth_type = md5
inbound_auth/md5_cred = 0123456789abcdef0123456789abcdef
[open](w)
accepts_auth = no
inbound_auth/password = {STRONG}
[trunk](w)
accepts_auth = no
accepts_registrations = no
sends_auth = yes
outbound_auth/password = password
"""
    assert problems(conf, text, capsys) == {
        "heir": "a published or usual one",
        "none": "there is none",
        "lamb": "the same as its name or number",
        "open": "there is none",
    }


def test_directory_has_accounts_of_auth_sections(conf: Path, capsys: Printed) -> None:
    (conf / "pjsip.conf").write_text(
        "[a]\ntype=auth\npassword=secret\n"
        f"[b]\ntype = auth\npassword = {STRONG}\n"
        "[itsp]\ntype=auth\npassword=secret\n"
        "[reg]\ntype=registration\noutbound_auth=itsp\n"
    )
    assert list(problems(conf, "", capsys)) == ["a"]


def test_audit_never_shows_passwords(conf: Path, capsys: Printed) -> None:
    (conf / "pjsip_endpoint.conf").write_text(
        f"[a](w)\ninbound_auth/password = sEcr3t!\n[b](w)\ninbound_auth/password = {STRONG}\n"
    )
    assert main(["passwords"]) == 1
    assert main(["passwords", "--json"]) == 1
    shown = "".join(capsys.readouterr())
    assert "sEcr3t" not in shown
    assert STRONG not in shown


def test_passwords_command_says_if_there_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("DOCKER_CONF_DIR", str(tmp_path / "none"))
    assert main(["passwords"]) == 1
    assert capsys.readouterr().err.startswith("pbx: there are no SIP accounts in ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b";--",
        b"[a](a)\n",
        b"#include pjsip_endpoint.conf\n",
    ],
)
def test_passwords_command_judges_accounts_beside_unreadable_files(
    conf: Path, capsys: Printed, content: bytes
) -> None:
    (conf / "pjsip_endpoint.conf").write_bytes(content)
    (conf / "pjsip.conf").write_text("[bad]\ntype=auth\npassword=secret\n")
    assert main(["passwords", "--json"]) == 1
    assert "bad" in [one["account"] for one in json.loads(capsys.readouterr().out)["weak"]]


@given(st.binary(max_size=300))
def test_directory_has_an_account_whatever_follows_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    conf = tmp_path_factory.mktemp("conf")
    account = "[ann](w)\ninbound_auth/password = password\n[end](!)\n"
    (conf / "pjsip_wizard.conf").write_bytes(f"{WIZARD}{account}".encode() + content)
    configuration = read_configuration(conf, "pjsip_wizard.conf")
    assert accounts(configuration)[0].name == "ann"
    assert weak_accounts(configuration)[0].account == "ann"


def test_passwords_command_prints_names_harmlessly(conf: Path, capsys: Printed) -> None:
    found = problems(conf, "[\x1b[31m\u202ea\xff](w)\n", capsys)
    assert all(name.isprintable() for name in found)


def test_passwords_command_fails_if_a_file_cannot_be_read(conf: Path, capsys: Printed) -> None:
    (conf / "pjsip_endpoint.conf").mkdir()
    assert main(["passwords"]) == 1
    assert capsys.readouterr().err == "pbx: not read: pjsip_endpoint.conf: not a regular file\n"


def test_audit_warning_names_only_some_accounts() -> None:
    weak = [Weak(f"user{number}", "", "x") for number in range(8)]
    assert "user4 and 3 more;" in warning(weak)
    assert warning(weak[:1]).startswith("1 account has a weak password: user0;")


def test_passwords_command_uses_colours_on_terminals_only() -> None:
    weak = [Weak("ann", "1", "x")]
    assert "\x1b[" in format_table(weak, colours=True)
    assert "\x1b" not in format_table(weak, colours=False)
