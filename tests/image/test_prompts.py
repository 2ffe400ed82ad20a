"""The prompts that callers hear, of the dialplan and of the applications that it uses."""

from __future__ import annotations

import re

import pytest

from tests.pbx import Pbx

pytestmark = pytest.mark.image("full", only=True)

PLAYED = re.compile(r"(?:Playback|BackGround|Background|Read)\(([a-z][\w\-&/]*)[,)]")
SAID = re.compile(r"sub_say,s,1\(([a-z][\w-]*)[,)]")
RECORDED = re.compile(r"sub_record,s,1\(\w+,([a-z][\w-]*)\)")
CHOSEN = re.compile(r"[?:](vm-[a-z-]+)(?=[:})])")
NOBODYS = {"vm-theextensionis"}
"""Asterisk's prompts never had it. Only MinivmGreet plays it, which our dialplan does not use."""
SOUNDS = "/usr/share/asterisk/sounds/en"


def missing(pbx: Pbx, prompts: set[str]) -> set[str]:
    """Those that there is no English sound file of."""
    files = pbx.run(f"cd {SOUNDS} && find -L . -type f -size +0").splitlines()
    return prompts - {file.removeprefix("./").rpartition(".")[0] for file in files}


def test_every_prompt_of_the_dialplan_is_there(pbx: Pbx) -> None:
    dialplan = pbx.run("grep -v '^ *;' /etc/asterisk/extensions.conf")
    played = {one for names in PLAYED.findall(dialplan) for one in names.split("&")}
    prompts = played.union(*(x.findall(dialplan) for x in (SAID, RECORDED, CHOSEN)))
    assert {"beep", "hello-world", "vm-rec-temp", "vm-isonphone", "vm-intro"} <= prompts
    assert missing(pbx, prompts) == set()


def test_every_prompt_of_the_voicemail_is_there(pbx: Pbx) -> None:
    # The module itself tells what it plays.
    module = "/usr/lib/asterisk/modules/app_minivm.so"
    words = pbx.run(rf"tr '\0' '\n' < {module} | grep -axE 'vm-[a-z]+|beep'")
    prompts = set(words.splitlines())
    assert {"vm-intro", "vm-isonphone", "vm-isunavail", "vm-mailboxfull", "beep"} <= prompts
    assert "MinivmGreet(" not in pbx.run("cat /etc/asterisk/extensions*.conf")
    assert missing(pbx, prompts) <= NOBODYS
