"""What the reader passes on: the certificates that this container needs, and what was wrong."""

import json
from dataclasses import dataclass

from pbx.tls.acme import AcmeContents, AcmeEntry

NOTHING = AcmeContents()
HEADER_BYTES = 8
MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Given:
    """What was found at the places that only root, or somebody else, can change.

    Attributes:
        contents: What ACME_FILE has for this host, or all of it if all is to be kept.
        others: Domains of what ACME_FILE has for other hosts.
        problem: Why ACME_FILE cannot be used; '' if it is, or if it is missing.
        read: Whether ACME_FILE was there and read, so that what is missing in it was dropped.
        yours: The folder or file by which user asterisk could change where ACME_FILE leads, so that
            it is to be read with that user's rights; '' if there is none.
        own: Certificate and key of the user's, None if none were mounted.
        own_problem: Why they do not work; '' if they are, or if there are none.
        own_yours: The same as `yours`, for them.
    """

    contents: AcmeContents = NOTHING
    others: tuple[str, ...] = ()
    problem: str = ""
    read: bool = False
    yours: str = ""
    own: AcmeEntry | None = None
    own_problem: str = ""
    own_yours: str = ""


def encode(given: Given) -> bytes:
    """Return it as bytes to be sent: JSON, behind its length."""
    entries = [_plain(entry) for entry in given.contents.entries]
    text = json.dumps(
        {
            "entries": entries,
            "warnings": given.contents.warnings,
            "others": given.others,
            "problem": given.problem,
            "read": given.read,
            "yours": given.yours,
            "own": _plain(given.own) if given.own else None,
            "own_problem": given.own_problem,
            "own_yours": given.own_yours,
        }
    ).encode()
    return len(text).to_bytes(HEADER_BYTES) + text


def decode(frame: bytes) -> Given:
    """Return what was encoded.

    Raises:
        ValueError: it was interrupted, or is something else.
    """
    text = frame[HEADER_BYTES:]
    if len(frame) < HEADER_BYTES or length_of(frame) != len(text):
        raise ValueError("the reader was interrupted")
    fields = json.loads(text)
    return Given(
        AcmeContents(tuple(_entry(e) for e in fields["entries"]), tuple(fields["warnings"])),
        tuple(fields["others"]),
        fields["problem"],
        fields["read"],
        fields["yours"],
        _entry(fields["own"]) if fields["own"] else None,
        fields["own_problem"],
        fields["own_yours"],
    )


def length_of(header: bytes) -> int:
    """Return how many bytes follow a header."""
    return int.from_bytes(header[:HEADER_BYTES])


def _plain(entry: AcmeEntry) -> list[str]:
    return [entry.domain, entry.certificate.decode("latin-1"), entry.key.decode("latin-1")]


def _entry(plain: list[str]) -> AcmeEntry:
    domain, certificate, key = plain
    return AcmeEntry(domain, certificate.encode("latin-1"), key.encode("latin-1"))
