"""Which certificate fits a host name best."""

import datetime
from collections.abc import Iterable

from pbx.tls.pair import Pair


def choose_pair(pairs: Iterable[Pair], hostname: str, now: datetime.datetime) -> Pair | None:
    """Return the pair to use for a host, None if none is valid and fits.

    The host's own name goes before a wildcard, that before the name of the parent domain; among
    equals, the one that lasts longest is taken.
    """
    wanted = names_for(hostname)

    def preference(pair: Pair) -> tuple[int, float]:
        rank = min(wanted.index(name) for name in wanted if name in pair.names)
        return rank, -pair.end.timestamp()

    fitting = [pair for pair in pairs if pair.is_valid(now) and pair.names & set(wanted)]
    return min(fitting, key=preference, default=None)


def names_for(hostname: str) -> list[str]:
    """Return the names of certificates that fit a host, the best first."""
    host = hostname.lower().rstrip(".")
    _, _, parent = host.partition(".")
    is_address = ":" in host or host.replace(".", "").isdecimal()
    # A certificate for all of `com` is none for example.com.
    return [host] if is_address or "." not in parent else [host, f"*.{parent}", parent]
