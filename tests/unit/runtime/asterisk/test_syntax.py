"""Asterisk's configuration files: lines, sections, templates, includes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx.asterisk.files import MOST_FILES, read_configuration
from pbx.asterisk.sections import Configuration, SourceFile, load
from pbx.asterisk.syntax import Header, Include, Item, Mistake, Setting, parse_lines

words = st.text("abcdefghij/_-.", min_size=1, max_size=8)
values = st.text(st.characters(exclude_characters=";\\", exclude_categories=("C", "Z")), min_size=1)
soup = st.text("[](!)+,;-#\\=>ab \n\t\0", max_size=80)


def items(text: str) -> list[Item]:
    return [item for _, item in parse_lines(text.encode())]


def loaded(text: str, **others: str) -> Configuration:
    files = {"main": text, **others}

    def read(name: str) -> Sequence[SourceFile]:
        return [SourceFile(name, files[name].encode())] if name in files else []

    return load("main", read)


def settings_of(configuration: Configuration, name: str) -> Mapping[str, str]:
    section = configuration.find(name)
    assert section
    return section.settings


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("[a]", Header("a")),
        ("[a](!)", Header("a", template=True)),
        ("[a](!,b)", Header("a", ("b",), template=True)),
        ("[a](+type=auth)", Header("a", addition=True)),
        ("[a] (b)", Header("a")),
        ("[a", Mistake("there is no ']'")),
        ("[a](b", Mistake("there is no ')'")),
        ("x = 1", Setting("x", "1")),
        (" x\t=\t1 2 ", Setting("x", "1 2")),
        ("x = a=b", Setting("x", "a=b")),
        ("x =", Setting("x", "")),
        ("= 1", Mistake("there is nothing before '='")),
        ("x", Mistake("there is no '='")),
        (r"x = 1\;two;three", Setting("x", "1;two")),
        ("x = 1 ;-- two --; 3", Setting("x", "1  3")),
        ("x = 1 ;--- two", Setting("x", "1")),
        (r"x = 1 \\", Setting("x", "1 \\\\")),
        (r"\[x = 1", Setting("[x", "1")),
        ("#include a.conf", Include("a.conf", required=True)),
        ('#tryinclude "a b.conf"', Include("a b.conf", required=False)),
        ("#INCLUDE <a.conf>", Include("a.conf", required=True)),
        ("#include", Mistake("#include names no file")),
        ("#exec /bin/date", Mistake("#exec is not followed")),
        ("#", Mistake("# is not followed")),
        ("x = 1\0 = 2", Setting("x", "1")),
    ],
)
def test_syntax_of_lines(line: str, item: Item) -> None:
    assert items(line) == [item]


@pytest.mark.parametrize("line", ["", "   ", ";", "; x = 1", ";-- x = 1 --;", "\r", "\0x = 1"])
def test_syntax_of_lines_that_say_nothing(line: str) -> None:
    assert items(line) == []


def test_syntax_comment_without_an_end_hides_the_rest() -> None:
    assert items("a = 1\n;-- b\nc = 2\n")[0] == Setting("a", "1")
    assert items("a = 1\n;-- b\nc = 2\n")[1:] == [
        Mistake("a comment that began with ;-- has no end")
    ]


def test_syntax_line_that_is_too_long_is_skipped() -> None:
    assert items("a = " + "x" * 8187 + "\nb = 2")[1] == Setting("b", "2")
    assert isinstance(items("a = " + "x" * 8187)[0], Mistake)
    assert isinstance(items("a = " + "x" * 8186)[0], Setting)


@given(st.binary(max_size=200))
def test_syntax_of_any_bytes_numbers_lines_in_order(content: bytes) -> None:
    *numbers, last = [0, *(number for number, _ in parse_lines(content))]
    assert numbers == sorted(numbers)
    assert last <= content.count(b"\n") + 1


@settings(max_examples=300)
@given(soup)
def test_sections_before_any_file_are_not_changed_by_it(text: str) -> None:
    found = loaded(f"[first](!)\na = 1\n[second]\n{text}")
    assert (found.sections[0].name, found.sections[0].settings) == ("first", {"a": "1"})


@given(st.lists(st.tuples(words, values), max_size=5), words)
def test_sections_are_read_as_they_were_written(pairs: list[tuple[str, str]], section: str) -> None:
    lines = [f"{name} = {value} ; why" for name, value in pairs]
    found = loaded("\n".join([f"[{section}]", *lines]))
    assert dict(settings_of(found, section)) == dict(pairs)
    assert found.mistakes == ()


@given(soup)
def test_syntax_comment_makes_no_difference(text: str) -> None:
    inside = text.replace("-", "").replace("\0", "")
    assert items(f"a = 1\n;--x{inside} --;\nb = 2\n") == [
        Setting("a", "1"),
        Setting("b", "2"),
    ]


def test_sections_are_filled_in_from_templates() -> None:
    found = loaded("[a](!)\nx=1\ny=1\n[b](!,a)\ny=2\n[c](b)\nz=3\n[d](a,b)\n")
    assert settings_of(found, "c") == {"x": "1", "y": "2", "z": "3"}
    assert settings_of(found, "d") == {"x": "1", "y": "2"}
    assert [s.name for s in found.sections if s.template] == ["a", "b"]


def test_sections_report_what_is_missing_and_go_on() -> None:
    found = loaded("x=1\n[a](b)\n[c](+)\ny=2\n[a](a)\n")
    assert found.mistakes == (
        "main:1: a setting before the first section",
        "main:2: there is no [b] to inherit from",
        "main:3: there is no [c] to add to",
    )
    assert settings_of(found, "c") == {"y": "2"}


def test_sections_go_on_in_an_included_file() -> None:
    found = loaded("[a]\n#include more\nz=3\n", more="x=1\n[b]\ny=2\n")
    assert settings_of(found, "a") == {"x": "1", "z": "3"}
    assert settings_of(found, "b") == {"y": "2"}


def test_sections_report_a_missing_file_if_it_is_required() -> None:
    assert loaded("#tryinclude none\n").unread == ()
    assert loaded("#include none\n").unread == ("none: no such file",)


def test_sections_of_a_file_that_includes_itself_end() -> None:
    found = loaded("[a]\n#include main\n")
    assert len(found.sections) == 11
    assert "too deep" in found.mistakes[0]


def test_sections_are_found_whatever_their_capital_letters() -> None:
    assert loaded("[John]\n").find("jOHN")


@pytest.mark.parametrize("word", ["yes", "TRUE", "y", "t", "1", "on"])
def test_sections_know_what_is_switched_on(word: str) -> None:
    section = loaded(f"[a]\nx={word}\ny=no\n").sections[0]
    assert section.is_true("x")
    assert not section.is_true("y")


def test_files_of_a_pattern_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "main.conf").write_text('#include "more/*.conf"\n#tryinclude none*\n')
    (tmp_path / "more").mkdir()
    for name in ("b", "a"):
        (tmp_path / f"more/{name}.conf").write_text(f"[{name}]\n")
    found = read_configuration(tmp_path, "main.conf")
    assert [s.name for s in found.sections] == ["a", "b"]
    assert found.sections[0].path == str(tmp_path / "more/a.conf")


def test_files_that_are_no_regular_files_are_reported(tmp_path: Path) -> None:
    (tmp_path / "main.conf").write_text("#include pipe\n#include folder\n#include link\n[a]\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    found = read_configuration(tmp_path, "main.conf")
    assert found.unread == (
        "pipe: not a regular file",
        "folder: not a regular file",
        "link: No such file or directory",
    )
    assert found.find("a")


def test_files_are_limited_in_number_and_size(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.conf").write_text("#include *.conf\n")
    found = read_configuration(tmp_path, "0.conf")
    assert f"more than {MOST_FILES} files are included" in found.unread[0]


def test_files_that_are_huge_are_reported(tmp_path: Path) -> None:
    with (tmp_path / "main.conf").open("wb") as file:
        file.truncate(1 << 30)
    found = read_configuration(tmp_path, "main.conf")
    assert found.unread == ("main.conf: more than 8 MB in all",)


def test_sections_of_templates_that_double_stay_small() -> None:
    text = "[t0](!)\nx=1\n" + "".join(f"[t{n}](!,t{n - 1},t{n - 1})\n" for n in range(1, 60))
    assert settings_of(loaded(text), "t59") == {"x": "1"}
