"""Finds websms.conf and the profiles: the part that touches the disk."""

import os
import tomllib
from pathlib import Path

from pbx.websms.places import NAME, PROFILES
from pbx.websms.settings import Settings
from pbx.websms.settings_reader import read_settings


def configuration_folder() -> Path:
    """Return where Asterisk's configuration is."""
    return Path(os.environ.get("DOCKER_CONF_DIR", "/etc/asterisk"))


def load_settings(folder: Path) -> Settings:
    """Read websms.conf, and the profiles that this version brings.

    Args:
        folder: Where it is.

    Raises:
        IniError: something in it is wrong.
        UnicodeDecodeError: it is not in UTF-8.
        OSError: it cannot be read.
    """
    profiles = {path.stem: tomllib.loads(path.read_text()) for path in PROFILES.glob("*.toml")}
    return read_settings((folder / NAME).read_text(encoding="utf-8-sig"), profiles)
