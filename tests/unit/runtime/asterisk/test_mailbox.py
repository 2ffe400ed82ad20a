"""What a mailbox is, and the folder that it has."""

from __future__ import annotations

import string
import subprocess
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pbx.accounts.user import check_mailbox
from pbx.asterisk.mailbox import folder_of, mailbox_of, mailbox_problem
from pbx.core.errors import CommandError

LETTERS = string.ascii_letters + string.digits
ATOM = st.text(LETTERS + "_+=~&'-", min_size=1, max_size=12)
LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
MAILBOX = st.builds(
    lambda name, domain: f"{'.'.join(name)}@{'.'.join(domain)}",
    st.lists(ATOM, min_size=1, max_size=4),
    st.lists(LABEL, min_size=1, max_size=4),
)

BAD = [
    "",
    "@example.com",
    "ann@",
    "ann@example.com@example.com",
    "a'|touch${IFS}/tmp/x|'@example.com",
    "`id`@example.com",
    "../../x@example.com",
    ".ann@example.com",
    "ann..smith@example.com",
    "ann@..",
    "ann@-example.com",
    "ann@example.com.",
    "ann/smith@example.com",
    "ann smith@example.com",
    '"ann smith"@example.com',
    "ann@[192.0.2.1]",
    "o^brien@example.com",
    "jörg@example.com",
    "٣@example.com",
    "ann@example.com\n",
    "ann@example.com\0",
    f"{'a' * 65}@example.com",
    f"ann@{'b' * 80}",
]
GOOD = {
    "ann@example.com": "example.com/ann",
    "o'brien@example.com": "example.com/o^brien",
    "r&d@example.com": "example.com/r!d",
    "Ann.Smith+pbx@Example.COM": "Example.COM/Ann.Smith+pbx",
    "root@localhost": "localhost/root",
    f"{'a' * 64}@{'b' * 79}": f"{'b' * 79}/{'a' * 64}",
}


@pytest.mark.parametrize("mailbox", BAD)
def test_mailbox_refuses(mailbox: str) -> None:
    assert mailbox_problem(mailbox)


@pytest.mark.parametrize("mailbox", GOOD)
def test_mailbox_accepts(mailbox: str) -> None:
    assert not mailbox_problem(mailbox)
    assert folder_of(mailbox) == GOOD[mailbox]


@pytest.mark.parametrize("mailbox", ["ann", "ann@example.com\n"])
def test_mailbox_of_a_new_user_is_refused_in_one_line(mailbox: str) -> None:
    with pytest.raises(CommandError) as refusal:
        check_mailbox(mailbox)
    assert refusal.value.status == 2
    assert str(refusal.value).isprintable()


@given(MAILBOX)
def test_mailbox_folder_belongs_to_one_mailbox(mailbox: str) -> None:
    if not mailbox_problem(mailbox):
        domain, name = folder_of(mailbox).split("/")
        assert mailbox_of(domain, name) == mailbox


@given(st.one_of(MAILBOX, st.text(), st.text(LETTERS + ".@/'|$`&;~*?[]{}()<>\\\"!# \n-")))
@example("../../x@example.com")
def test_mailbox_folder_is_two_levels_below(mailbox: str) -> None:
    if not mailbox_problem(mailbox):
        parts = PurePosixPath("/voicemail", folder_of(mailbox)).parts
        assert len(parts) == 4
        assert not {"", ".", ".."} & set(parts)


@settings(max_examples=60, deadline=None)
@given(MAILBOX)
def test_mailbox_folder_is_a_word_to_a_shell(mailbox: str) -> None:
    """MiniVM gives it to one, unquoted, where volgain is set."""
    if not mailbox_problem(mailbox):
        path = f"/spool/voicemail/{folder_of(mailbox)}/tmp/a8Zk2P.wav"
        shell = subprocess.run(
            ["/bin/sh", "-c", f"printf '<%s>' {path}"], capture_output=True, check=True, text=True
        )
        assert shell.stdout == f"<{path}>"
