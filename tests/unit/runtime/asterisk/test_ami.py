"""The language of the manager interface: any bytes, in pieces of any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.asterisk.ami import MAX_MESSAGE, AmiReader, Message, write_action

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
names = st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=1, max_size=12)
values = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=40)
messages = st.dictionaries(names, values, min_size=1, max_size=8)
pieces = st.lists(st.one_of(st.binary(max_size=40), st.just(b"\r\n\r\n"), st.just(b"A: b\r\n")))


def wire(message: Message) -> bytes:
    return "".join(f"{k}: {v}\r\n" for k, v in message.items()).encode() + b"\r\n"


def read(*data: bytes) -> list[Message]:
    reader = AmiReader()
    return [message for piece in data for message in reader.receive(piece)]


@given(st.lists(messages, max_size=5))
def test_ami_messages_are_read_as_they_were_sent(sent: list[dict[str, str]]) -> None:
    assert read(GREETING + b"".join(map(wire, sent))) == sent


@given(pieces, st.data())
def test_ami_messages_do_not_depend_on_how_bytes_are_cut(
    data: list[bytes], draw: st.DataObject
) -> None:
    whole = b"".join(data)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert read(*parts) == read(whole)


@given(st.binary(), messages)
def test_ami_message_after_nonsense_is_read(nonsense: bytes, message: dict[str, str]) -> None:
    assert read(nonsense + b"\r\n\r\n" + wire(message))[-1] == message


@pytest.mark.parametrize("piece", [997, 64 * 1024, 1 << 20])
@pytest.mark.parametrize("line", [b"x", b"x: y\r\n"])
def test_ami_huge_message_is_left_out_in_bounded_memory(piece: int, line: bytes) -> None:
    reader = AmiReader()
    huge = line * (3 * MAX_MESSAGE // len(line)) + b"\r\n\r\n" + wire({"Event": "next"})
    found = []
    for start in range(0, len(huge), piece):
        found += reader.receive(huge[start : start + piece])
        assert len(reader._rest) < MAX_MESSAGE + piece
    assert found == [{"Event": "next"}]
    assert reader.skipped == 1


@pytest.mark.parametrize("beyond", [0, 1])
@pytest.mark.parametrize("piece", [1, MAX_MESSAGE * 2])
def test_ami_limit_does_not_depend_on_how_bytes_come(beyond: int, piece: int) -> None:
    text = b"A: " + b"x" * (MAX_MESSAGE - 3 + beyond) + b"\r\n\r\n"
    reader = AmiReader()
    reader.receive(text[:-40])  # the beginning at once, for the sake of time
    found = [
        m
        for i in range(len(text) - 40, len(text), piece)
        for m in reader.receive(text[i : i + piece])
    ]
    assert (len(found), reader.skipped) == ((0, 1) if beyond else (1, 0))


def test_ami_first_of_equal_fields_counts() -> None:
    assert read(b"Event: a\r\nEvent: b\r\n\r\n") == [{"Event": "a"}]


def test_ami_value_may_have_colons_and_spaces() -> None:
    assert read(b"URI: sip:a@b:1 \r\nEmpty:\r\nTight:x\r\n\r\n") == [
        {"URI": "sip:a@b:1 ", "Empty": "", "Tight": "x"}
    ]


def test_ami_action_is_written_as_it_is_read() -> None:
    data = write_action("Login", Username="pbx", Secret="a: b")  # noqa: S106
    assert read(data) == [{"Action": "Login", "Username": "pbx", "Secret": "a: b"}]


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb"])
def test_ami_action_refuses_values_of_several_lines(value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        write_action("Login", Secret=value)
