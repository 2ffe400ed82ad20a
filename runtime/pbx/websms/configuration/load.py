"""Reads websms.conf and the profiles from disk."""

import os
import tomllib
from pathlib import Path

from pbx.websms.configuration.reader import NAME, read_settings
from pbx.websms.configuration.settings import SmsSettings

PROFILES = Path("/usr/share/websms/profiles")


def configuration_folder() -> Path:
    """Return the folder of Asterisk's configuration."""
    return Path(os.environ.get("DOCKER_CONF_DIR", "/etc/asterisk"))


def load_settings(folder: Path) -> SmsSettings:
    """Read websms.conf and the profiles of this version.

    Args:
        folder: Of websms.conf.

    Raises:
        IniError: a line is wrong.
        UnicodeDecodeError: it is not in UTF-8.
        OSError: it cannot be read.
    """
    profiles = {path.stem: tomllib.loads(path.read_text()) for path in PROFILES.glob("*.toml")}
    return read_settings((folder / NAME).read_text(encoding="utf-8-sig"), profiles)
