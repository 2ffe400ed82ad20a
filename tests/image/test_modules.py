"""Every module of the image for builders loads, but for those that its manual names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factory.waiting import wait_for
from tests.image.conftest import Start

MANUAL = Path("runtime/pbx/extras/README.md")


def declined(log: str) -> set[str]:
    """The modules that Asterisk's log says were not loaded."""
    one = re.findall(r"load_modules: (\w+) declined to load\.", log)
    others = re.findall(r"Declined modules which depend on \w+: (.+)", log)
    return {*one, *(name.strip() for names in others for name in names.split(","))}


def documented(manual: str) -> set[str]:
    """The modules that the manual says need something."""
    table = manual.partition("\n## Modules that need something\n")[2]
    rows = re.findall(r"^\| (\w+_[\w, ]+?) +\|", table, re.MULTILINE)
    return {name.strip() for row in rows for name in row.split(",")}


@pytest.mark.image("xtra", only=True)
def test_every_module_loads_but_those_of_the_manual(start: Start, root: Path) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": "5"})
    pbx.run("printf '[modules]\\nautoload = yes\\n' > /etc/asterisk/modules.conf")
    pbx.container.restart(timeout=10)
    pbx.await_boot()
    wait_for(
        lambda: declined(pbx.logs()),  # said at the end of it all, and passed on by syslogd
        lambda names: names == documented((root / MANUAL).read_text()),
        seconds=10,
        otherwise="the modules that do not load are not those of the manual",
    )
    assert "undefined symbol" not in pbx.logs()


@pytest.mark.image("xtra", only=True)
def test_default_start_logs_no_warnings(start: Start) -> None:
    pbx = start(environment={"SYSLOG_LEVEL": "8"})
    lines = pbx.logs().splitlines()
    assert [x for x in lines if "WARNING[" in x or "ERROR[" in x or "undefined symbol" in x] == []
