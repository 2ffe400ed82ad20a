"""The state file of earlier editions."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.autoban.earlier_file import load_earlier, read_earlier
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.judgement.offenders import BanStage, Offender
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.state import BanState

FIELDS: dict[str, list[Any]] = {
    "version": [1],
    "offenders": [["192.0.2.1", "jail", 1000.5, 110, 1200, "ChallengeResponseFailed"]],
    "phones": [["192.0.2.7", 3000.0]],
    "whitelist": ["10.0.0.0/8"],
    "blacklist": [],
    "suspects": [["192.0.2.8", True, 500.0, 120, "InvalidAccountID"]],
}
TEXT = json.dumps(FIELDS)
STATE = BanState(
    (Offender("192.0.2.1", BanStage.JAIL, 1000.5, 110, 1200, "ChallengeResponseFailed"),),
    (("192.0.2.7", 3000.0),),
    (parse_span("10.0.0.0/8"),),
    (),
    (Suspect("192.0.2.8", True, 500.0, 120, "InvalidAccountID"),),
)
EPOCH = 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "autoban.nft"


def write(path: Path, passed: float, text: str = TEXT) -> None:
    path.write_text(text)
    os.utime(path, (EPOCH + passed, EPOCH + passed))


def test_earlier_file_has_the_time_that_passed(path: Path) -> None:
    write(path, 400)
    assert load_earlier(path) == STATE.after(400)


@pytest.mark.parametrize("passed", [-1, 20 * 365 * 86400])
def test_earlier_file_with_a_time_of_its_own_counts_as_just_written(
    path: Path, passed: float
) -> None:
    write(path, passed)
    assert load_earlier(path) == STATE


values = st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5), st.integers())


@given(st.sampled_from(["offenders", "phones", "suspects"]), st.integers(0, 5), values)
def test_earlier_text_with_one_other_value_is_refused_or_differs_there_only(
    part: str, place: int, value: object
) -> None:
    row = [*FIELDS[part][0]]
    row[place % len(row)] = value
    try:
        state = read_earlier(json.dumps({**FIELDS, part: [row]}))
    except ValueError:
        return
    assert (state.white, state.black) == (STATE.white, STATE.black)
    for name in {"offenders", "phones", "suspects"} - {part}:
        assert getattr(state, name) == getattr(STATE, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"version": 2}',
        TEXT[:-9],
        TEXT.replace("jail", "gaol"),
        TEXT.replace("192.0.2.1", "here"),
        TEXT.replace("1000.5", "NaN"),
        "[" * 100_000,
    ],
)
def test_earlier_text_is_refused_if_damaged(text: str) -> None:
    with pytest.raises(ValueError, match="not written by AutoBan"):
        read_earlier(text)
