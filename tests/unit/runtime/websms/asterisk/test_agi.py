"""Commands and answers of AGI."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.websms.asterisk.agi import (
    LONGEST_PIECE,
    AgiError,
    encode_pieces,
    read_reply,
    write_command,
)

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
def test_write_command_words_arrive_unchanged(words: list[str]) -> None:
    line = write_command(*words)
    assert line.count(b"\n") == 1
    assert words_of(line) == words


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "a\0b", "x" * 2000])
def test_write_command_refuses_line_breaks_and_long_lines(word: str) -> None:
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
def test_read_reply_result_and_value(line: str, result: str, value: str) -> None:
    assert (read_reply(line).result, read_reply(line).value) == (result, value)


@pytest.mark.parametrize(
    "line",
    ["510 Invalid or unknown command", "511 Command Not Permitted", "200 result=-1", "", "HANGUP"],
)
def test_read_reply_refusals_are_errors(line: str) -> None:
    with pytest.raises(AgiError):
        read_reply(line)


@given(texts)
def test_encode_pieces_decodes_to_the_text_piece_by_piece(text: str) -> None:
    pieces = encode_pieces(text)
    assert "".join(unquote(piece, errors="strict") for piece in pieces) == text
    for piece in pieces:
        assert len(piece) <= LONGEST_PIECE
        assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", piece)
