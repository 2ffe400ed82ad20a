"""The INI reader: PHP's rules, and errors that say where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.ini import IniEntry, IniError, parse_ini, parse_ini_lines

WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=20)
VALUE = st.text(st.characters(categories=["L", "M", "N", "P", "S"], include_characters=" "))


def quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@given(st.lists(st.tuples(WORD, WORD, st.none() | WORD, VALUE)))
def test_ini_reads_what_was_written(rows: list[tuple[str, str, str | None, str]]) -> None:
    lines = []
    for section, key, index, value in rows:
        brackets = "" if index is None else f" [{index}]"
        lines += [f"[{section}] ; comment", f"{key}{brackets} = {quote(value)}\r"]
    assert list(parse_ini("\n".join(lines), "x.ini")) == [
        IniEntry(2 * number, *row) for number, row in enumerate(rows, 1)
    ]


def test_ini_numbers_empty_indexes_after_the_highest_of_the_key() -> None:
    entries = parse_ini("[a]\nk[3] = x\nk[] = y\nk[name] = z\nk[] = w\nl[] = v", "x.ini")
    assert [entry.index for entry in entries] == ["3", "4", "name", "5", "0"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain words ; and a comment", "plain words"),
        ("a;b", "a"),
        ('"a;b" ; c', "a;b"),
        ("'a\"b'", 'a"b'),
        (r'"say \"hi\" \\ \n"', 'say "hi" \\ \\n'),
        ("'back\\slash'", "back\\slash"),
        ("", ""),
        ("; nothing", ""),
        ("${NOT} $[a] %s", "${NOT} $[a] %s"),
        ("1e3", "1e3"),
    ],
)
def test_ini_values_are_text(written: str, meant: str) -> None:
    (entry,) = parse_ini(f"[s]\nkey = {written}\r\n", "x.ini")
    assert entry.value == meant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("key_to = x", "line 1: key_to: it is in no section"),
        ("[a]\n\nkey", "line 3: 'key' is not of the form key = value"),
        ("[a", "line 1: a section is written [name], not '[a'"),
        ('[a]\nk = "a', 'line 2: k: there is no second "'),
        ("[a]\nk = 'a' b", "line 2: k: there is something behind the second '"),
        ("[a]\nk = a\x07b", "line 2: k: it holds a control character"),
        (f"[a]\nk[{'x' * 65}] = a", "line 2: k: an index has at most 64 letters"),
    ],
)
def test_ini_error_names_file_line_key_and_reason(text: str, reason: str) -> None:
    with pytest.raises(IniError) as caught:
        list(parse_ini(text, "x.ini"))
    assert str(caught.value).startswith(f"x.ini, {reason}")


@given(st.text())
def test_ini_gives_each_line_at_most_one_entry_or_printable_error(text: str) -> None:
    items = list(parse_ini_lines(text, "x.ini"))
    numbers = [item.line for item in items]
    assert numbers == sorted(set(numbers))
    assert all(0 < number <= text.count("\n") + 1 for number in numbers)
    assert all(str(item).isprintable() for item in items if isinstance(item, IniError))


def test_ini_goes_on_after_a_wrong_line() -> None:
    first, second, *rest = parse_ini_lines("[a]\nnonsense\nk = v\n[b\nl = w", "x.ini")
    assert isinstance(first, IniError)
    assert second == IniEntry(3, "a", "k", None, "v")
    assert [type(item) for item in rest] == [IniError, IniError]
