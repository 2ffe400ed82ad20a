"""What became of each file, and merging: pure."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pbx.upgrade.difference import format_diff
from pbx.upgrade.merge import merge
from pbx.upgrade.placeholders import complete, fill, format_secrets, hide, parse_secrets
from pbx.upgrade.plan import Change, FileState, plan

lines = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"d\r\n", b"\0\n"]), max_size=6)
files = st.builds(
    lambda body, end: b"".join(body) + end, lines, st.sampled_from([b"", b"end", b"\xff"])
)
contents = st.one_of(st.none(), files)
names = st.from_regex(rb"[a-z0-9._-]{1,9}", fullmatch=True)
keys = st.from_regex(rb"[A-Za-z0-9_-]{24}", fullmatch=True)
secrets = st.dictionaries(names, keys, max_size=4)

LONG = [b"%d\n" % number for number in range(300)]


def joined(parts: list[bytes]) -> bytes:
    return b"".join(parts)


@given(files, files)
def test_merge_without_edits_of_the_user_is_the_images(base: bytes, theirs: bytes) -> None:
    assert merge(base, base, theirs) == theirs


@given(files, files)
def test_merge_without_changes_of_the_image_is_the_users(base: bytes, ours: bytes) -> None:
    assert merge(base, ours, base) == ours


@given(files, files)
def test_merge_of_the_same_change_on_both_sides_is_that_change(base: bytes, both: bytes) -> None:
    assert merge(base, both, both) == both


@settings(max_examples=500)
@given(files, files, files)
def test_merge_loses_no_line_that_the_user_added(base: bytes, ours: bytes, theirs: bytes) -> None:
    merged = merge(base, ours, theirs)
    if merged is not None:
        added = Counter(ours.splitlines()) - Counter(base.splitlines())
        assert set(added) <= set(merged.splitlines())
        assert set(merged.splitlines()) <= set((ours + b"\n" + theirs).splitlines())


@given(st.integers(0, 140), st.integers(160, 299), st.booleans())
def test_merge_has_both_of_two_changes_far_apart(mine: int, other: int, swapped: bool) -> None:
    if swapped:
        mine, other = other, mine
    ours = joined([*LONG[:mine], b"mine\n", *LONG[mine + 1 :]])
    theirs = joined([*LONG[:other], b"other\n", *LONG[other + 1 :]])
    merged = merge(joined(LONG), ours, theirs)
    assert merged
    assert merged.count(b"\n") == 300
    assert merged.splitlines()[mine] == b"mine"
    assert merged.splitlines()[other] == b"other"


def test_merge_of_changes_to_one_line_is_a_conflict() -> None:
    assert merge(b"a\nb\nc\n", b"a\nx\nc\n", b"a\ny\nc\n") is None


def test_merge_works_on_long_files_of_empty_lines() -> None:
    base = [b"\n", b"x = 1\n"] * 300
    ours, theirs = [*base], [*base]
    ours[3], theirs[501] = b"x = 2\n", b"x = 3\n"
    merged = [*ours]
    merged[501] = b"x = 3\n"
    assert merge(joined(base), joined(ours), joined(theirs)) == joined(merged)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "state", "result", "settled"),
    [
        (b"a", b"a", b"a", FileState.SAME, None, False),
        (b"a", b"b", b"b", FileState.SAME, None, True),
        (None, b"b", b"b", FileState.SAME, None, True),
        (b"a", b"b", b"a", FileState.YOURS, None, False),
        (b"a", b"a", b"b", FileState.IMAGES, b"b", True),
        (b"a\nb\nc\n", b"x\nb\nc\n", b"a\nb\ny\n", FileState.MERGED, b"x\nb\ny\n", True),
        (b"a", b"b", b"c", FileState.CONFLICT, None, False),
        (None, b"b", b"c", FileState.CONFLICT, None, False),
        (None, None, b"c", FileState.NEW, b"c", True),
        (b"a", None, b"a", FileState.REMOVED, None, False),
        (b"a", None, b"b", FileState.REMOVED, None, True),
        (b"a", b"a", None, FileState.GONE, None, False),
        (b"a", None, None, FileState.GONE, None, False),
        (None, b"a", None, FileState.OWN, None, False),
    ],
)
def test_plan_has_a_state_for_each_file(
    base: bytes | None,
    ours: bytes | None,
    theirs: bytes | None,
    state: FileState,
    result: bytes | None,
    settled: bool,
) -> None:
    assert planned(base, ours, theirs) == Change("f", state, result, settled)


def planned(
    base: bytes | None, ours: bytes | None, theirs: bytes | None, *, keep: bool = False
) -> Change:
    def folder(content: bytes | None) -> dict[str, bytes]:
        return {} if content is None else {"f": content}

    kept = frozenset({"f"} if keep else ())
    return plan(folder(base), folder(ours), folder(theirs), kept)[0]


@given(contents, contents, files)
def test_plan_after_an_upgrade_has_nothing_to_do(
    base: bytes | None, ours: bytes | None, theirs: bytes
) -> None:
    first = planned(base, ours, theirs)
    after = ours if first.result is None else first.result
    start = theirs if first.settled else base
    second = planned(start, after, theirs)
    assert second.result is None
    assert not second.settled


@given(files, files, files)
def test_plan_leaves_a_kept_file_and_settles_it(base: bytes, ours: bytes, theirs: bytes) -> None:
    change = planned(base, ours, theirs, keep=True)
    assert change.result is None
    if theirs not in (ours, base):
        assert change.settled
        assert planned(theirs, ours, theirs).state is FileState.YOURS


@given(contents, files)
def test_plan_merges_nothing_if_the_start_is_not_known(ours: bytes | None, theirs: bytes) -> None:
    change = plan(None, {} if ours is None else {"f": ours}, {"f": theirs}, frozenset())[0]
    assert change.state in (FileState.SAME, FileState.DIFFERENT, FileState.NEW)
    assert change.result in (None, theirs)
    assert (change.result is None) == (ours is not None)


@given(secrets, files)
def test_placeholders_are_filled_with_the_secrets_that_were_hidden(
    known: dict[bytes, bytes], content: bytes
) -> None:
    filled = fill(b"%s x=@SECRET:other@" % content, known)
    assert fill(hide(filled, known), known) == filled
    assert parse_secrets(format_secrets(known)) == known


@given(secrets)
def test_placeholders_leave_no_secret_in_what_is_compared(known: dict[bytes, bytes]) -> None:
    content = b"".join(b"x = %s\n" % secret for secret in known.values())
    assert not any(secret in hide(content, known) for secret in known.values())


@given(st.binary(max_size=100))
def test_placeholders_of_any_record_are_written_as_they_are_read(content: bytes) -> None:
    found = parse_secrets(content)
    assert all(len(secret) >= 16 for secret in found.values())
    assert parse_secrets(format_secrets(found)) == found


def test_placeholders_of_new_names_get_new_secrets() -> None:
    made = iter([b"one", b"two"])
    known = complete(
        {b"old": b"kept"}, [b"@SECRET:b@ @SECRET:old@", b"@SECRET:a@@SECRET:b@"], made.__next__
    )
    assert known == {b"old": b"kept", b"a": b"one", b"b": b"two"}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("inbound_auth/password = hunter2", "inbound_auth/password = (not shown)"),
        ("secret=>hunter2 ; mine", "secret=>(not shown)"),
        (";password = hunter2", ";password = (not shown)"),
        ("md5_cred = hunter2", "md5_cred = (not shown)"),
        (
            "mailcmd = minivm-send -u me -p hunter2 -f x",
            "mailcmd = minivm-send -u me -p (not shown) -f x",
        ),
        ("password = @SECRET:ann@", "password = @SECRET:ann@"),
        ("username = hunter2", "username = hunter2"),
    ],
)
def test_difference_does_not_show_passwords(line: str, shown: str) -> None:
    text = format_diff("f", b"", line.encode() + b"\n", colours=False)
    assert text.splitlines()[-1] == f"+{shown}"


@given(files, files)
def test_difference_of_any_files_is_printable(theirs: bytes, ours: bytes) -> None:
    text = format_diff("f", theirs, ours + b"\x1b[31m\n", colours=False)
    assert all(line.isprintable() for line in text.splitlines())
    assert text
