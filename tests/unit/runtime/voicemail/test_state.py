"""What became of a mail, and when it is tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pbx.voicemail.settings import MailSettings
from pbx.voicemail.state import MailState, delay_after


@given(
    st.builds(
        MailState,
        came=st.floats(0, 4e9),
        due=st.floats(0, 4e9),
        recipients=st.lists(st.text()).map(tuple),
        attempts=st.integers(0, 1000),
        refused=st.booleans(),
        reason=st.text(),
        settings=st.none() | st.builds(MailSettings, st.text(), st.integers(1, 65535)),
    )
)
def test_mail_state_is_read_as_it_was_written(state: MailState) -> None:
    assert MailState.of_json(state.to_json()) == state


@given(st.integers(1, 10_000))
def test_mail_delays_grow_to_half_an_hour(attempts: int) -> None:
    assert 60 <= delay_after(attempts) <= delay_after(attempts + 1) <= 1800
