"""Shows how files differ, without the secrets in them; pure."""

import re
from collections.abc import Sequence
from difflib import unified_diff

from pbx.core.terminal import BOLD, CYAN, GREEN, RED, YELLOW, harmless, paint
from pbx.upgrade.plan import Change, FileState

_COLOURS = {
    FileState.YOURS: GREEN,
    FileState.OWN: GREEN,
    FileState.REMOVED: GREEN,
    FileState.IMAGES: CYAN,
    FileState.NEW: CYAN,
    FileState.GONE: CYAN,
    FileState.MERGED: YELLOW,
    FileState.DIFFERENT: YELLOW,
    FileState.CONFLICT: RED,
}
_SETTING = re.compile(
    r"^(\s*;?\s*[\w/.-]*(?:password|passwd|secret|md5_cred)\w*\s*=>?\s*)(.*\S)", re.IGNORECASE
)
_OPTION = re.compile(r"(\s-p\s+)(\S+)")  # of minivm-send and other mail programs
_PLACEHOLDER = re.compile(r"@SECRET:[a-z0-9._-]*@")
_HIDDEN = "(not shown)"


def format_summary(changes: Sequence[Change], *, colours: bool) -> str:
    """Return a line for each file that is not as in this image."""
    shown = [change for change in changes if change.state is not FileState.SAME]
    width = max((len(change.name) for change in shown), default=0)
    return "\n".join(
        f"{harmless(change.name).ljust(width)}  "
        f"{paint(change.state.value, _COLOURS[change.state], colours=colours)}"
        for change in shown
    )


def format_diff(name: str, theirs: bytes, ours: bytes, *, colours: bool) -> str:
    """Return what was changed from the image's sample to the file in use."""
    lines = unified_diff(
        _shown(theirs), _shown(ours), f"sample/{name}", f"in use/{name}", lineterm=""
    )
    return "\n".join(_paint(line, colours=colours) for line in lines)


def _shown(content: bytes) -> list[str]:
    lines = content.decode("utf-8", "replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [harmless(_without_secrets(line.replace("\t", "    "))) for line in lines]


def _without_secrets(line: str) -> str:
    if _PLACEHOLDER.search(line):
        return line
    line = _SETTING.sub(rf"\1{_HIDDEN}", line)
    return _OPTION.sub(rf"\1{_HIDDEN}", line) if "mailcmd" in line else line


def _paint(line: str, *, colours: bool) -> str:
    if line.startswith(("---", "+++")):
        return paint(line, BOLD, colours=colours)
    colour = {"-": RED, "+": GREEN, "@": CYAN}.get(line[:1], "")
    return paint(line, colour, colours=colours and bool(colour))
