"""What the documents leave open: values for placeholders, and what has to be there beforehand.

Words in capitals are placeholders in commands, `…` is one where nothing else says it better.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NOBODY = "+12025550199"
"""A number outside of the PBX."""

WORDS = {
    "ADDRESS": "192.0.2.1",
    "BODY": "Hello",
    "COMMAND": "user",
    "FILE": "pjsip_endpoint.conf",
    "FROM": "+12025550160",  # a user of the sample
    "INDEX": "home",
    "NAME": "kim.roe",
    "NUMBER": "+12025550150",
    "TO": NOBODY,
}

WHOLE = {
    'asterisk -rx "…"': 'asterisk -rx "core show version"',
    "autoban del whitelist = …": "autoban del whitelist = 192.168.0.0/16",
}

PREPARATIONS = {
    r"autoban del jail =": "autoban add jail = 192.0.2.1 192.0.2.9",
    r"autoban del (all|blacklist) =": "autoban add blacklist = 192.0.2.1",
    r"autoban add blacklist = jail": "autoban add jail = 192.0.2.9",
    r"\bwebsms (test|\S+ \S+ \S+)": (
        "grep -q '^url_host' /etc/asterisk/websms.conf || {"
        " sed -i 's|^\\[websms\\]|&\\n{websms}|' /etc/asterisk/websms.conf &&"
        " sv restart websms && until websms queue; do usleep 50000; done; }"
    ),
    r"\bpbx user add kim\.roe": "sed -i '/^\\[kim.roe\\]/,$d' /etc/asterisk/pjsip_endpoint.conf",
    r"\bpbx user phone ann$": ("pbx user list | grep -q '^ann ' || pbx user add ann +12025550151"),
    r"\bsox welcome.flac": (
        "mkdir -p /var/lib/asterisk/sounds/custom && sox -n welcome.flac synth 0.1 sine 440"
    ),
    r"\bsox song.mp3": "sox -n -r 44100 song.mp3 synth 0.1 sine 440",
}
"""Scripts for the container, so that the command has something to do; by what it contains."""

STATUSES = {
    r"\bpbx config diff": (0, 1),  # 1: something differs
    r"\bpbx audio( on)?$": (
        1,
    ),  # no sound server is there; tests/integration/test_audio.py has one
}
"""Exit statuses that are as the documents say, by what the command contains; else 0."""

INPUTS = {
    r"asterisk -rv": "core show uptime\nexit\n",
}
"""What is typed into commands that stay until one leaves them."""

ASKED_AGAIN = re.compile(r"\b(pbx health|healthcheck)\b")
"""Commands that a busy machine may answer in the negative at first."""

_PLACEHOLDER = re.compile(r"(?<!--cap-add )(?<!--cap-drop )(?<![\w.@/$=-])[A-Z][A-Z_]+(?![\w./=-])")


class NoValueError(Exception):
    """Nobody says what a placeholder stands for."""


def filled(command: str, words: Mapping[str, str] = WORDS) -> str:
    """Returns a command with values in the place of placeholders.

    Raises:
        NoValueError: there is none for a placeholder.
    """
    command = WHOLE.get(command, command)

    def value(match: re.Match[str]) -> str:
        if match[0] not in words:
            raise NoValueError(match[0])
        return words[match[0]]

    quoted = re.split(r"('[^']*'|\"[^\"]*\")", command)
    quoted[::2] = [_PLACEHOLDER.sub(value, part) for part in quoted[::2]]
    return "".join(quoted)


def preparation(command: str) -> str:
    """Returns the script that has to run before a command, '' if none."""
    return next((s for what, s in PREPARATIONS.items() if re.search(what, command)), "")


def statuses(command: str) -> tuple[int, ...]:
    """Returns the exit statuses that are good."""
    return next((s for what, s in STATUSES.items() if re.search(what, command)), (0,))


def typed(command: str) -> str:
    """Returns what is typed into a command."""
    return next((s for what, s in INPUTS.items() if re.search(what, command)), "")
