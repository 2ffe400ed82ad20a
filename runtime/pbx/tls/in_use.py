"""What Asterisk uses now, and whose it is."""

from collections.abc import Collection
from dataclasses import dataclass

from pbx.tls.pair import Pair, PairError, read_pair


@dataclass(frozen=True)
class InUse:
    """What is in use.

    Attributes:
        pair: None if there is none that works.
        problem: Why what is there does not work; '' if it does, or if nothing is there.
        ours: Whether it may be lost: it was made here, or came out of ACME_FILE.
    """

    pair: Pair | None = None
    problem: str = ""
    ours: bool = True


def examine(certificate: bytes | None, key: bytes | None, known: Collection[bytes]) -> InUse:
    """Find out about it.

    Args:
        certificate: In PEM, None if there is no file.
        key: The same.
        known: Certificates that are, or were, in ACME_FILE.
    """
    if certificate is None and key is None:
        return InUse()
    if certificate is None or key is None:
        return InUse(problem="one is there without the other", ours=False)
    try:
        pair = read_pair(certificate, key, locked=True)
    except PairError as error:
        return InUse(problem=str(error), ours=False)
    return InUse(pair, ours=pair.made_here or certificate in known)
