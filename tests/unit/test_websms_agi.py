"""What Asterisk is told, word by word."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.asterisk import dialplan
from pbx.websms.asterisk.agi import (
    LONGEST_PIECE,
    AgiError,
    encode_pieces,
    read_reply,
    write_command,
)
from pbx.websms.asterisk.dialplan import BEGUN, Lane
from pbx.websms.incoming.checks import LONGEST_BODY

texts = st.text(st.characters(codec="utf-8"))


def words_of(line: bytes) -> list[str]:
    """Takes a line apart as Asterisk does (res_agi.c, parse_args)."""
    words, word, quoted, inside = [], "", False, False
    text = line.decode().removesuffix("\n")
    position = 0
    while position < len(text):
        letter = text[position]
        if letter == "\\" and position + 1 < len(text):
            position += 1
            word += text[position]
            inside = True
        elif letter == '"':
            quoted = not quoted
            inside = True
        elif letter in " \t" and not quoted:
            if inside:
                words.append(word)
            word, inside = "", False
        else:
            word += letter
            inside = True
        position += 1
    return [*words, word] if inside else words


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), min_size=1))
def test_words_arrive_as_they_are(words: list[str]) -> None:
    line = write_command(*words)
    assert line.count(b"\n") == 1
    assert words_of(line) == words


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "a\0b", "x" * 2000])
def test_what_would_be_two_commands_is_none(word: str) -> None:
    with pytest.raises(ValueError, match="command"):
        write_command("NOOP", word)


@pytest.mark.parametrize(
    ("line", "result", "value"),
    [
        ("200 result=0", "0", ""),
        ("200 result=1 (ANSWER)", "1", "ANSWER"),
        ("200 result=1 (a (b) c)", "1", "a (b) c"),
        ("200 result=1 ()", "1", ""),
    ],
)
def test_answers_are_read(line: str, result: str, value: str) -> None:
    assert (read_reply(line).result, read_reply(line).value) == (result, value)


@pytest.mark.parametrize(
    "line",
    ["510 Invalid or unknown command", "511 Command Not Permitted", "200 result=-1", "", "HANGUP"],
)
def test_refusals_are_errors(line: str) -> None:
    with pytest.raises(AgiError):
        read_reply(line)


@given(texts)
def test_pieces_make_the_text_each_by_itself(text: str) -> None:
    pieces = encode_pieces(text)
    assert "".join(unquote(piece, errors="strict") for piece in pieces) == text
    for piece in pieces:
        assert len(piece) <= LONGEST_PIECE
        assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", piece)


@given(st.text(st.characters(codec="utf-8"), max_size=4000).filter(lambda x: len(x) > 0))
def test_a_text_of_any_length_fits_into_commands(text: str) -> None:
    pieces = encode_pieces(text)
    for name, value in dialplan.text_variables(pieces, "rfc3986"):
        write_command("SET", "VARIABLE", name, value)
    write_command("EXEC", "Exec", dialplan.join_command(pieces, "rfc3986"))


def test_so_does_the_longest() -> None:
    pieces = encode_pieces("\u20ac" * (LONGEST_BODY // 3))
    write_command("EXEC", "Exec", dialplan.join_command(pieces, "none"))


def test_short_texts_come_as_call_files_brought_them() -> None:
    assert dialplan.text_variables(["a%20b"], "rfc3986") == [
        ("MESSAGE_ENCODE", "rfc3986"),
        ("MESSAGE(body)", "a%20b"),
    ]
    assert dialplan.join_command(["a%20b"], "rfc3986") == ""
    for pieces, encoding in (
        (["a%20b"], "none"),
        (["a" * 1500], "rfc3986"),
        (["a", "b"], "rfc3986"),
    ):
        variables = dict(dialplan.text_variables(pieces, encoding))
        assert variables["MESSAGE_ENCODE"] == "none"
        assert [variables[f"WEBSMS_{n}"] for n in range(len(pieces))] == pieces
        assert "${URIDECODE(${WEBSMS_0})}" in dialplan.join_command(pieces, encoding)


def test_what_asterisk_remembers_is_read() -> None:
    text = "host/1/22\n   WEBSMS_LANE_0=17:SUCCESS\n   WEBSMS_LANE_1=18:begun\n"
    text += "   WEBSMS_LANE_2=\n   WEBSMS_LANE_3=5:\n   WEBSMS_LANE_=\n   OTHER=1:begun\n\n    -- 5"
    assert dialplan.read_lanes(text) == {0: Lane(17, "SUCCESS"), 1: Lane(18, BEGUN), 3: Lane(5, "")}


def test_contacts_are_told_apart_by_address_and_status() -> None:
    text = """
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

  Contact:  jane.doe/sip:jane.doe@198.18.0.3:5060          3cb764c8d0 {}         {}

Objects found: 1
"""
    first = dialplan.read_contacts(text.format("Avail", "1.460"))
    assert ("jane.doe/sip:jane.doe@198.18.0.3:5060", "Avail") in first
    assert dialplan.read_contacts(text.format("Avail", "  nan")) == first
    assert dialplan.read_contacts(text.format("Unavail", "  nan")) != first


def test_a_channel_is_found_by_its_message() -> None:
    line = "Local/17@pbx-websms-00000002;2!pbx-websms!17!1!Up!AGI!agi://127.0.0.1!!!!3!20!!1.5"
    assert dialplan.has_channel(line, 17)
    assert not dialplan.has_channel(line, 7)
    assert not dialplan.has_channel(line, 1)
