"""The examples of the manual are valid configurations."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pbx.websms.configuration.reader import read_settings
from pbx.websms.configuration.settings import ReceiveSettings
from pbx.websms.outgoing.route import senders

from tests.docs.rules import blocks_of, place
from tests.docs.snippets import Snippet

WEBSMS = Path(__file__).parents[4] / "runtime/pbx/websms"
MANUAL = (WEBSMS / "README.md").read_text()
EXAMPLES = blocks_of("ini", "websms.conf")
PROFILES = {
    path.stem: tomllib.loads(path.read_text())
    for path in (WEBSMS / "files/usr/share/websms/profiles").glob("*.toml")
}


@pytest.mark.parametrize("example", EXAMPLES, ids=place)
def test_manual_example_is_valid(example: Snippet) -> None:
    settings = read_settings(example.text, PROFILES)
    ways = senders(settings.interfaces)
    assert ways
    assert all(way.url_host.startswith("https://") for way in ways.values())
    if "[websmsd]" in example.text:
        (interface,) = settings.interfaces
        assert interface.receive
        assert interface.receive.verify != "none"
        assert interface.receive.url_path


def test_manual_has_an_example_of_every_profile() -> None:
    text = "\n".join(example.text for example in EXAMPLES)
    named = set(re.findall(r"^profile = (\S+)", text, re.MULTILINE))
    assert named == set(PROFILES)


def test_manual_explains_every_key() -> None:
    sample = (WEBSMS / "config/websms.conf").read_text()
    keys = set(re.findall(r"^;?([a-z_]+) =", sample, re.MULTILINE))
    keys |= {field for field in ReceiveSettings.__dataclass_fields__ if field != "profile"}
    for key in keys:
        assert f"`{key}`" in MANUAL, key
