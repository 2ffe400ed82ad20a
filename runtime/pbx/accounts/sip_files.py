"""The SIP files that Asterisk reads."""

import os
from collections.abc import Mapping
from pathlib import Path

from pbx.asterisk.files import read_configuration
from pbx.asterisk.sections import Configuration, merge_all

ROOTS = ("pjsip.conf", "pjsip_wizard.conf")
"""What Asterisk reads accounts from; the other files are included."""


def folder() -> Path:
    """Where Asterisk's configuration is."""
    return Path(os.environ.get("DOCKER_CONF_DIR", "/etc/asterisk"))


def read_sip(instead: Mapping[Path, bytes] | None = None) -> Configuration:
    """Read all that they say.

    Args:
        instead: Content to take in place of what some files have, by path without links.
    """
    present = [name for name in ROOTS if os.path.lexists(folder() / name)]
    return merge_all(read_configuration(folder(), name, instead) for name in present)
