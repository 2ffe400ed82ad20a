"""Recipients, senders and texts that are allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.incoming.checks import (
    RefusedError,
    address_part,
    read_recipient,
    read_sender,
)


@given(st.text(min_size=1, max_size=30))
def test_read_sender_and_recipient_have_no_special_characters(text: str) -> None:
    for read in (read_recipient, read_sender):
        try:
            taken = read(text)
        except RefusedError:
            continue
        assert taken.isascii()
        assert taken.isprintable()
        assert not set(taken) & set("\"'\\$%{}()[]<>,;:@/|=*?!#~`^")
        assert 2 <= len(taken) <= 21
    # Of a name in an address nothing is left that would have to be quoted.
    assert not set(address_part(text)) - set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+._-"
    )


@pytest.mark.parametrize("text", ["+12025550160", "12025550160", "2020", "MyBank", "info.4you"])
def test_read_sender_and_recipient_accept_numbers_and_names(text: str) -> None:
    assert read_recipient(text) == read_sender(text) == text


@pytest.mark.parametrize("text", ["AT&T", "Marks Co", "Dr. Who"])
def test_read_sender_accepts_names_of_companies(text: str) -> None:
    assert read_sender(text) == text
    with pytest.raises(RefusedError):
        read_recipient(text)
