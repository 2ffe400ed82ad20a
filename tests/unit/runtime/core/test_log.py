"""The one line on the container's output: shown or not by SYSLOG_LEVEL, as in the shell."""

import re
import subprocess
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.log import ALERT, ERROR, INFO, NOTICE, WARNING, log

LEVELS = (1, ALERT, ERROR, WARNING, NOTICE, INFO)
LINE = re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d pbx: (.*)\n")
nonsense = st.text(st.characters(codec="utf-8", exclude_characters="\0")).filter(
    lambda text: text not in set("012345678")
)


def said(level: int, text: str, setting: str | None) -> str:
    environment = {} if setting is None else {"SYSLOG_LEVEL": setting}
    with (
        patch.dict("os.environ", environment, clear=True),
        redirect_stdout(StringIO()) as output,
    ):
        log(level, text)
    return output.getvalue()


@pytest.mark.parametrize("setting", "012345678")
def test_log_line_is_shown_if_its_level_is_admitted(setting: str) -> None:
    for level in LEVELS:
        assert bool(said(level, "hello", setting)) == (level <= int(setting))


@given(nonsense)
def test_log_any_useless_setting_counts_as_the_default(setting: str) -> None:
    assert said(ERROR, "hello", setting)
    assert not said(WARNING, "hello", setting)


@given(st.text(st.characters(exclude_categories=("C", "Zl", "Zp"))))
def test_log_line_has_time_and_program_name(text: str) -> None:
    line = LINE.fullmatch(said(ERROR, text, None))
    assert line is not None
    assert line[1] == text


@pytest.mark.parametrize("setting", ["", "0", "1", "4", "5", "8", "9", "debug", "44", " 7"])
def test_log_of_shell_scripts_shows_the_same_levels(root: Path, setting: str) -> None:
    library = root / "runtime/pbx/core/lib/core.sh"
    script = f'. "{library}"\nfor level in {" ".join(map(str, LEVELS))}; do log $level $level; done'
    output = subprocess.run(
        ["sh", "-c", script],
        env={"SYSLOG_LEVEL": setting, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    shown = [int(text) for text in LINE.findall(output)]
    assert shown == [level for level in LEVELS if said(level, "hello", setting)]
