"""The state file of earlier editions, autoban.nft: it is taken over once, then removed.

It holds JSON. The time that passed since it was written is in its modification time.
"""

import json
from pathlib import Path

from pbx.autoban.state import (
    LONGEST,
    BanState,
    checked_offender,
    checked_phone,
    checked_spans,
    checked_suspect,
)

_VERSION = 1
_EPOCH = 1_000_000_000
"""The modification time of a file since whose writing no time has passed, in seconds of Unix."""


class EarlierFileError(Exception):
    """The file is not one of AutoBan's, or damaged; it was set aside, and the text says where."""


def load_earlier(path: Path) -> BanState | None:
    """Return the state in the file; None if there is no file.

    Raises:
        EarlierFileError: it was not written by AutoBan, such as the ruleset of the upstream image.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(errors="replace")
        passed = path.stat().st_mtime - _EPOCH
    except FileNotFoundError:
        return None
    try:
        state = read_earlier(text)
    except ValueError as error:
        aside = path.with_name(f"{path.name}.unread")
        path.replace(aside)
        raise EarlierFileError(f"{path}: {error}; set aside as {aside.name}") from error
    # A copy that has another modification time says nothing about the time that passed.
    return state.after(passed if 0 < passed < LONGEST else 0)


def read_earlier(text: str) -> BanState:
    """Return the state in the text of such a file.

    Raises:
        ValueError: it is none.
    """
    try:
        fields = json.loads(text)
        if fields["version"] != [_VERSION]:
            raise ValueError("version")
        return BanState(
            tuple(checked_offender(*row) for row in fields["offenders"]),
            tuple(checked_phone(*row) for row in fields["phones"]),
            checked_spans(fields["whitelist"]),
            checked_spans(fields["blacklist"]),
            tuple(checked_suspect(*row) for row in fields.get("suspects", ())),  # not in old ones
        )
    except (
        AttributeError,
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ValueError("it was not written by AutoBan, or is damaged") from error
