"""Which of ACME_FILE's certificates are of use."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from pbx.tls.acme import AcmeContents
from pbx.tls.pair import Pair, PairError, read_pair


@dataclass(frozen=True)
class Offer:
    """A certificate of ACME_FILE that works; it may be over, or not have begun.

    Attributes:
        domain: Whose it is according to the file, and under which name it is kept.
        pair: Itself.
    """

    domain: str
    pair: Pair


def examine_all(contents: AcmeContents) -> tuple[list[Offer], list[str]]:
    """Return those that work, and warnings about the others."""
    offers, warnings = [], list(contents.warnings)
    for entry in contents.entries:
        try:
            offers.append(Offer(entry.domain, read_pair(entry.certificate, entry.key)))
        except PairError as error:
            warnings.append(f"{entry.domain}: {error}")
    return offers, warnings


def best_of_each(offers: Iterable[Offer], now: datetime.datetime) -> dict[str, Pair]:
    """Return one pair for each domain; several resolvers may have some."""
    best: dict[str, Pair] = {}
    for offer in offers:
        others = best.get(offer.domain, offer.pair)
        best[offer.domain] = max(others, offer.pair, key=lambda p: (p.is_valid(now), p.end))
    return best
