"""What the dynamic linker reads in a program or library; the only user of pyelftools."""

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from elftools.elf.segments import InterpSegment

MAGIC = b"\x7fELF"
TEXT_TAGS = {"DT_NEEDED": "needed", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}


@dataclass(frozen=True)
class Linkage:
    """What must be there before a program runs or a library loads."""

    needed: tuple[str, ...] = ()  # names of libraries
    search: tuple[str, ...] = ()  # directories to look in first, may begin with $ORIGIN
    interpreter: str | None = None  # path of the dynamic linker itself


@dataclass(frozen=True)
class Symbols:
    """The names that a library offers, and those that it wants from others."""

    defined: frozenset[str]
    undefined: frozenset[str]


def is_elf(path: Path) -> bool:
    """Whether the file begins as programs and libraries do."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_linkage(path: Path) -> Linkage:
    """Return the linkage of an ELF file; a static program has an empty one."""
    texts: dict[str, list[str]] = {attribute: [] for attribute in TEXT_TAGS.values()}
    interpreter = None
    with path.open("rb") as file:
        for segment in ELFFile(file).iter_segments():
            if isinstance(segment, InterpSegment):
                interpreter = segment.get_interp_name()
            elif isinstance(segment, DynamicSegment):
                for tag in segment.iter_tags():
                    if attribute := TEXT_TAGS.get(tag.entry.d_tag):
                        texts[attribute].append(getattr(tag, attribute))
    search = ":".join(texts["rpath"] + texts["runpath"])
    return Linkage(tuple(texts["needed"]), tuple(filter(None, search.split(":"))), interpreter)


def read_symbols(path: Path) -> Symbols:
    """Return the dynamic symbols; weak ones that are undefined may stay so and are not counted."""
    defined: set[str] = set()
    undefined: set[str] = set()
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".dynsym")
        symbols = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
        for symbol in symbols:
            if symbol.entry.st_shndx != "SHN_UNDEF":
                defined.add(symbol.name)
            elif symbol.entry.st_info.bind == "STB_GLOBAL":
                undefined.add(symbol.name)
    return Symbols(frozenset(defined), frozenset(undefined))
