"""Puts the lines of configuration files together: includes followed, templates filled in; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pbx.asterisk.syntax import Header, Include, Mistake, Setting, parse_lines

DEEPEST_INCLUDE = 10  # as in Asterisk


@dataclass(frozen=True)
class SourceFile:
    """A file as it was found: its content, or why that could not be read."""

    path: str
    content: bytes = b""
    problem: str = ""


@dataclass(frozen=True)
class Section:
    """A section with all that it has, what it inherits first.

    Attributes:
        name: As written.
        parents: Sections that it inherits from, as written.
        template: Whether it exists for others to inherit from only.
        path: The file that it begins in.
        settings: By name in small letters; of several with one name the last, which is the one
            that counts, except where Asterisk takes lists.
    """

    name: str
    parents: tuple[str, ...]
    template: bool
    path: str
    settings: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a value, or nothing."""
        return self.settings.get(name, "")

    def is_true(self, name: str) -> bool:
        """Whether a setting is switched on, in any of the ways Asterisk knows."""
        return self.get(name).lower() in ("yes", "true", "y", "t", "1", "on")


@dataclass(frozen=True)
class Configuration:
    """What a file and all that it includes say.

    Attributes:
        sections: In order, templates too.
        mistakes: Lines that Asterisk does not take, as `file:line: what`.
        unread: Files that could not be read, as `file: why`.
    """

    sections: tuple[Section, ...] = ()
    mistakes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def find(self, name: str) -> Section | None:
        """Return the first section of a name; Asterisk does not mind capital letters."""
        return next((s for s in self.sections if s.name.lower() == name.lower()), None)

    def __add__(self, other: "Configuration") -> "Configuration":
        return Configuration(
            self.sections + other.sections,
            self.mistakes + other.mistakes,
            self.unread + other.unread,
        )


@dataclass
class _Draft:
    name: str
    path: str
    parents: list[str] = field(default_factory=list)
    template: bool = False
    settings: dict[str, str] = field(default_factory=dict)


def load(name: str, read: Callable[[str], Sequence[SourceFile]]) -> Configuration:
    """Read a file and what it includes.

    Where Asterisk gives up a file for a mistake, this goes on: whoever asks wants to know what is
    meant, too.

    Args:
        name: Of the file.
        read: Returns the files that a name or pattern of an include stands for.
    """
    loader = _Loader(read)
    loader.include(name, required=True, origin=name, current=None, depth=0)
    sections = (
        Section(d.name, tuple(d.parents), d.template, d.path, d.settings) for d in loader.drafts
    )
    return Configuration(tuple(sections), tuple(loader.mistakes), tuple(loader.unread))


class _Loader:
    def __init__(self, read: Callable[[str], Sequence[SourceFile]]) -> None:
        self.read = read
        self.drafts: list[_Draft] = []
        self.mistakes: list[str] = []
        self.unread: list[str] = []
        self._by_name: dict[str, _Draft] = {}

    def include(
        self, pattern: str, *, required: bool, origin: str, current: _Draft | None, depth: int
    ) -> None:
        if depth > DEEPEST_INCLUDE:
            self.mistakes.append(f"{origin}: {pattern} is included too deep")
            return
        sources = self.read(pattern)
        if required and not sources:
            self.unread.append(f"{pattern}: no such file")
        for source in sources:
            if source.problem:
                self.unread.append(f"{source.path}: {source.problem}")
            else:
                self._read_lines(source, current, depth)

    def _read_lines(self, source: SourceFile, current: _Draft | None, depth: int) -> None:
        for number, item in parse_lines(source.content):
            where = f"{source.path}:{number}"
            match item:
                case Header():
                    current = self._begin(item, source.path, where)
                case Include():
                    self.include(
                        item.pattern,
                        required=item.required,
                        origin=where,
                        current=current,
                        depth=depth + 1,
                    )
                case Setting() if current:
                    name = item.name.lower()
                    before = current.settings.get(name, "") if item.append else ""
                    current.settings[name] = before + item.value
                case Setting():
                    self.mistakes.append(f"{where}: a setting before the first section")
                case Mistake():
                    self.mistakes.append(f"{where}: {item.text}")

    def _begin(self, header: Header, path: str, where: str) -> _Draft:
        known = self._by_name.get(header.name.lower())
        if header.addition and known is None:
            self.mistakes.append(f"{where}: there is no [{header.name}] to add to")
        if header.addition and known is not None:
            draft = known
            draft.template |= header.template
        else:
            draft = _Draft(header.name, path, template=header.template)
            self.drafts.append(draft)
            self._by_name.setdefault(header.name.lower(), draft)
        for parent in header.parents:
            inherited = self._by_name.get(parent.lower())
            if inherited is None or inherited is draft:
                self.mistakes.append(f"{where}: there is no [{parent}] to inherit from")
            else:
                draft.parents.append(parent)
                draft.settings |= inherited.settings
        return draft


def merge_all(configurations: Iterable[Configuration]) -> Configuration:
    """Return what several files say as one."""
    return sum(configurations, Configuration())
