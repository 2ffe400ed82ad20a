"""The words of the command's orders: `add DSETS = SSETS ADDRS` and the like."""

from collections.abc import Sequence
from dataclasses import dataclass

from pbx.autoban.judgement.addresses import Span, parse_span
from pbx.core.errors import OrderError

OFFENDERS = ("watch", "jail", "parole")
SLOW = "slow"
LISTS = ("whitelist", "blacklist")
SETS = (*OFFENDERS, SLOW, *LISTS)
ALL = "all"
_SHORT = {"white": "whitelist", "black": "blacklist"}


@dataclass(frozen=True)
class SetChange:
    """A change of sets.

    Attributes:
        verb: `add` or `del`.
        targets: The sets to change.
        sources: Sets whose addresses are concerned.
        spans: Addresses that are concerned.
        everything: Whether all addresses are concerned.
    """

    verb: str
    targets: tuple[str, ...]
    sources: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    everything: bool = False


def parse_change(verb: str, words: Sequence[str]) -> SetChange:
    """Read the words after `add` or `del`.

    Raises:
        OrderError: they are invalid.
    """
    left, equals, right = " ".join(words).partition("=")
    example = f"autoban {verb} {'whitelist' if verb == 'add' else 'jail'} = 192.0.2.1"
    if not equals or not left.strip():
        raise OrderError(f"name a set, then = and addresses, such as `{example}`")
    targets = parse_sets(_split(left))
    if verb == "add" and len(targets) == len(SETS):
        raise OrderError("name a set: no address can be in all of them")
    sources: list[str] = []
    spans: list[Span] = []
    right_words = _split(right)
    if not right_words:
        raise OrderError(f"name addresses after the =, such as `{example}`, or all")
    for word in right_words:
        if (name := _SHORT.get(word, word)) in SETS:
            sources.append(name)
        elif word != ALL:
            spans.append(_span(word))
    return SetChange(verb, targets, tuple(sources), tuple(spans), everything=ALL in right_words)


def parse_sets(words: Sequence[str]) -> tuple[str, ...]:
    """Read names of sets; `all` stands for all sets.

    Raises:
        OrderError: there is no such set.
    """
    names = list(dict.fromkeys(_SHORT.get(word, word) for word in words))
    if ALL in names:
        return SETS
    for name in names:
        if name not in SETS:
            raise OrderError(f"there is no set '{name}': the sets are {', '.join(SETS)}, or all")
    return tuple(names)


def split_sets(words: Sequence[str]) -> tuple[str, ...]:
    """Read names of sets, separated by spaces or commas; without names, return all sets.

    Raises:
        OrderError: there is no such set.
    """
    return parse_sets(_split(" ".join(words)) or [ALL])


def _split(text: str) -> list[str]:
    return text.replace(",", " ").lower().split()


def _span(word: str) -> Span:
    try:
        return parse_span(word)
    except ValueError as error:
        raise OrderError(f"{error}, and no set ({', '.join(SETS)})") from error
