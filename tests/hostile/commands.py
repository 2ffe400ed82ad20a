"""What an administrator types as root while user asterisk is an attacker."""

from __future__ import annotations

EVERY = (
    "pbx health",
    "pbx user list",
    "pbx user add mallory +12025550111 --mailbox mallory@example.com",
    "pbx user phone john.doe",
    "pbx passwords",
    "pbx config diff",
    "pbx config upgrade --yes",
    "pbx audio",
    "pbx audio on",
    "pbx audio off",
    "autoban",
    "autoban stats",
    "autoban add watch = 198.18.255.1",
    "websms queue",
    "websms +12025550160 +12025550183 text",
    "minivm-send --queue",
    "printf 'To: a@example.com\\n\\nx\\n' | minivm-send -H 127.0.0.1:1",
    "minivm-send --retry",
    "minivm-send --rescue",
    "asterisk -rx 'core show uptime'",
    "asterisk -rx 'core reload'",
    "asterisk -V",
    "sv status asterisk",
    "sv restart certificates websms voicemail autoban",
    "healthcheck",
)
"""A test compares them with what `pbx --help` lists."""

IN_MINI = ("asterisk -rx 'core show uptime'", "asterisk -rx 'core reload'", "healthcheck")
