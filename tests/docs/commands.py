"""Which snippets are commands, and what is to become of each."""

from __future__ import annotations

import enum
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.docs.snippets import Snippet


class Kind(enum.Enum):
    """Where a command is executed."""

    CONTAINER = "by docker, or in the container `pbx`"
    MAKE = "by make in the checkout"
    BUILD = "build.py's command line"
    BENCH = "a bench, or another module of ours"
    TESTS = "the tests on something else"
    SOFTPHONE = "the phones' own documentation"
    DEMO = "the demo's own tests"
    NEVER = "not at all, see NEVER"


@dataclass(frozen=True)
class Command:
    """A command of a document.

    Attributes:
        snippet: Where it is; of a block, with the line of the command.
        text: The command, with placeholders.
        kind: How it is executed; None if nobody knows.
    """

    snippet: Snippet
    text: str
    kind: Kind | None

    @property
    def place(self) -> str:
        """File and line."""
        return self.snippet.place


NEVER = {
    "docker pull mlan/asterisk": "what is tested is there already",
    "git clone": "the checkout is there already",
    "docker save mlan/asterisk-arm64:mini": "needs a Raspberry Pi",
    "docker image prune": "it removes what is not ours",
    "docker buildx": "needs BuildKit; tests/unit/factory/plan/test_bake.py has it read the file",
    "CACHE=": "the same",
    "git tag": "makes a release",
    "docker login": "needs a registry; tests/publish has one",
    "mkdir -p pulse": "needs a desktop's sound server; tests/integration/test_audio.py has one",
    "cp -f": "the same",
    "sudo": "the same",
    "asterisk -rx 'console ": "the same",
    "docker exec pbx aplay": "the same",
    "docker run --rm -it --volumes-from pbx -p 8088:8088": "tests/integration/test_linphone.py has "
    "a Linphone that fetches it",
    "docker exec -it pbx pbx user phone ann --linphone": "the same",
    "pbx user phone NAME --linphone": "the same",
    "docker cp app_mine.c": "tests/image/test_debugging.py has a module",
    "docker exec pbx gcc": "the same",
    "docker exec pbx asterisk -rx 'module load app_mine": "the same",
    "gh ": "asks GitHub about one",
}

PROGRAMS = ("autoban", "healthcheck", "minivm-send", "nft", "openssl", "pbx", "sox", "sv", "websms")
"""Those of the image that documents speak of; `asterisk` is one, too, and the name of a user."""

CONSOLE = ("bridge", "core", "dialplan", "minivm", "module", "pjsip", "rtp")
"""First words of commands for the Asterisk console."""

_SPAN = re.compile(
    rf"(docker (run|logs|restart|network|image|build|cp|compose|pull|stop)|{'|'.join(PROGRAMS)}"
    r"|docker exec( -\S+)* [^-\s]\S*|make"
    r"|asterisk -\S+|(\.venv/bin/)?(python3?|pytest|pip)"
    rf"|{'|'.join(CONSOLE)}) \S.*|(\.venv/bin/)?python3? \S+"
)
_PYTHON = r"(\.venv/bin/)?python3? "
_KINDS = (
    (r"make -C demo |cd demo && make |docker[- ]compose -f demo/", Kind.DEMO),
    (r"docker |[^|]*\| *docker exec ", Kind.CONTAINER),
    (rf"({'|'.join([*PROGRAMS, *CONSOLE, 'asterisk'])})\b", Kind.CONTAINER),
    (r"make\b", Kind.MAKE),
    (rf"{_PYTHON}build\.py\b", Kind.BUILD),
    (rf"{_PYTHON}-m (bench\b|factory\.)", Kind.BENCH),
    (rf"({_PYTHON}-m )?(\.venv/bin/)?pytest ", Kind.TESTS),
)
_COMMAND_COLUMN = re.compile(r"\bcommand\b|docker exec")
_MAY_BE_LEFT_OUT = re.compile(r" ?\[([^][]*)\]")


def commands(snippets: Iterable[Snippet]) -> Iterator[Command]:
    """Yields the commands among snippets, in their order.

    A block of `sh` is all commands. A span is one if it begins with a program of ours that has an
    argument, or is in the first column of a table of commands.
    """
    before = ""
    for snippet in snippets:
        if snippet.is_block:
            if snippet.language == "sh":
                for line, text in logical_lines(snippet.text):
                    there = replace(snippet, line=snippet.line + line)
                    yield Command(there, text, kind_of(text, snippet.file))
            continue
        text = snippet.text
        if _COMMAND_COLUMN.search(snippet.column) and text.startswith("… "):
            text = _continued(before, text)
        if is_command(snippet, text):
            before = text
            for variant in variants(text):
                yield Command(snippet, variant, kind_of(variant, snippet.file))


def is_command(snippet: Snippet, text: str) -> bool:
    """Tells whether a span is a command."""
    in_table = _COMMAND_COLUMN.search(snippet.column) and text in {*PROGRAMS, "asterisk"}
    return bool(in_table or _SPAN.fullmatch(text)) and not re.search(r"\s=$", text)


def kind_of(text: str, file: str) -> Kind | None:
    """Returns how a command is executed, None if nobody knows."""
    if any(text.startswith(command) for command in NEVER):
        return Kind.NEVER
    if file.startswith("demo/"):
        return Kind.DEMO
    if file.startswith("fixtures/softphone/"):
        return Kind.SOFTPHONE
    return next((kind for pattern, kind in _KINDS if re.match(pattern, text)), None)


def logical_lines(script: str) -> Iterator[tuple[int, str]]:
    """Yields the commands of a script, each in one line without comment, and where it begins.

    A command goes on in the next line after a backslash and after `|`.
    """
    begin, text = 0, ""
    for number, line in enumerate(script.splitlines()):
        if not text:
            begin = number
        text += _without_comment(line).strip()
        if text.endswith("\\"):
            text = text[:-1].rstrip() + " "
        elif text.endswith("|"):
            text += " "
        elif text:
            yield begin, text
            text = ""
    if text:
        yield begin, text.strip()


def variants(text: str) -> list[str]:
    """Returns what a command in the notation of manuals stands for.

    `[…]` may be left out: the shortest and the longest are returned. Of `one|other` in such
    brackets, the first is taken.
    """
    longest = shortest = text
    while _MAY_BE_LEFT_OUT.search(longest):
        longest = _MAY_BE_LEFT_OUT.sub(lambda m: f" {m[1].split('|')[0]}", longest)
    while _MAY_BE_LEFT_OUT.search(shortest):
        shortest = _MAY_BE_LEFT_OUT.sub("", shortest)
    return [*dict.fromkeys([shortest.strip(), longest.strip()])]


def in_container(text: str) -> str:
    """Returns the command for a shell of the host: `docker exec` goes before what needs it."""
    first = text.split(maxsplit=1)[0]
    if first in CONSOLE:
        return f"docker exec pbx asterisk -rx {shlex.quote(text)}"
    if first in {*PROGRAMS, "asterisk"}:
        return f"docker exec pbx {text}"
    return text


def _continued(before: str, text: str) -> str:
    added = text.removeprefix("… ").split()
    words = before.split()
    return " ".join([*words[: len(words) - len(added)], *added])


def _without_comment(line: str) -> str:
    quote = ""
    for position, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and (position == 0 or line[position - 1].isspace()):
            return line[:position]
    return line
