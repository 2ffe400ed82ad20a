"""What is asked of the running AutoBan, as words: `add DSETS = SSETS ADDRS` and the like."""

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
class Order:
    """What to change.

    Attributes:
        verb: `add` or `del`.
        targets: The sets to change.
        sources: Sets whose addresses are meant.
        spans: Addresses that are meant.
        everything: Whether all addresses are meant.
    """

    verb: str
    targets: tuple[str, ...]
    sources: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    everything: bool = False


def parse_order(verb: str, words: Sequence[str]) -> Order:
    """Read what stands behind `add` or `del`.

    Raises:
        OrderError: it makes no sense.
    """
    left, equals, right = " ".join(words).partition("=")
    example = f"autoban {verb} {'whitelist' if verb == 'add' else 'jail'} = 192.0.2.1"
    if not equals or not left.strip():
        raise OrderError(f"say which set, then = and what, such as `{example}`")
    targets = parse_sets(_split(left))
    if verb == "add" and len(targets) == len(SETS):
        raise OrderError("say which set: nothing can be in all of them")
    sources: list[str] = []
    spans: list[Span] = []
    meant = _split(right)
    if not meant:
        raise OrderError(f"say what behind the =, such as `{example}`, or all")
    for word in meant:
        if (name := _SHORT.get(word, word)) in SETS:
            sources.append(name)
        elif word != ALL:
            spans.append(_span(word))
    return Order(verb, targets, tuple(sources), tuple(spans), everything=ALL in meant)


def parse_sets(words: Sequence[str]) -> tuple[str, ...]:
    """Read names of sets; `all` stands for every one.

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
    """Read names of sets as people type them; none at all means every one.

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
