"""The users in a configuration of Asterisk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.proof.users import read_users
from fixtures.softphone import Account
from tests.unit.factory.proof.example import ALICE, section

words = st.text(
    st.characters(codec="ascii", exclude_characters=";", categories=("L", "N", "P", "S")),
    min_size=1,
)


def test_users_of_the_sample_are_found(root: Path) -> None:
    sample = (root / "runtime/pbx/privatedial/config/pjsip_endpoint.conf").read_text()
    assert read_users(sample) == (
        Account("john.doe", "@SECRET:john.doe@", "+12025550160"),
        Account("jane.doe", "@SECRET:jane.doe@", "+12025550183"),
    )


@given(st.lists(st.builds(Account, words, words, words), max_size=4))
def test_users_are_read_as_they_were_written(users: list[Account]) -> None:
    assert read_users("\n".join(section(user, "somebody") for user in users)) == tuple(users)


@pytest.mark.parametrize(
    "style", ["{}={}", "{}=>{}", "  {}\t=\t{}  ", "{} = {} ; why", "{} = {}\r"]
)
def test_users_settings_may_be_written_in_any_form_of_asterisk(style: str) -> None:
    assert read_users(section(ALICE, style=style)) == (ALICE,)


@pytest.mark.parametrize("key", ["hint_exten", "inbound_auth/username", "inbound_auth/password"])
@pytest.mark.parametrize("change", ["", ";{} = x", "{} =", "{} = ; none", "{}"])
def test_users_need_number_name_and_password(key: str, change: str) -> None:
    lines = section(ALICE).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(key))
    lines[place] = change.format(key)
    bob = Account("bob", "secret", "+12025550183")
    assert read_users("\n".join([*lines, section(bob)])) == (bob,)
