"""What came from the files that were read: only what this container needs goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pbx.tls.acme import AcmeContents, AcmeEntry, AcmeError, parse
from pbx.tls.choice import names_for
from pbx.tls.given import Given
from pbx.tls.pair import PairError, read_pair


@dataclass(frozen=True)
class Found:
    """What was found at a path.

    Attributes:
        data: The file's contents, None if there is no file or it was not read.
        problem: Why it was not read, in words for a person.
        yours: By which folder or file user asterisk could change where the path leads.
    """

    data: bytes | None = None
    problem: str = ""
    yours: str = ""


@dataclass(frozen=True)
class Wanted:
    """What this container needs.

    Attributes:
        hostname: Whom certificates are for.
        everything: Whether certificates for other hosts are needed, too.
    """

    hostname: str
    everything: bool = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Wanted":
        """Read HOSTNAME and ACME_KEEP."""
        everything = environment.get("ACME_KEEP", "").lower() == "all"
        return cls(environment.get("HOSTNAME") or "localhost", everything)


def sift(acme: Found, certificate: Found, key: Found, wanted: Wanted) -> tuple[Given, bool]:
    """Return what goes on, and whether all of it was whole.

    Args:
        acme: ACME_FILE.
        certificate: That of the user's, in PEM.
        key: The key that belongs to it.
        wanted: What this container needs.
    """
    own, own_problem = _own(certificate, key)
    given = Given(
        problem=acme.problem,
        yours=acme.yours,
        own=own,
        own_problem=own_problem,
        own_yours=certificate.yours or key.yours,
    )
    whole = not own_problem or certificate.data is None or key.data is None
    if acme.data is None or not acme.data.strip():
        return given, whole
    try:
        contents, others = fitting(parse(acme.data), wanted)
    except AcmeError as error:
        return replace(given, problem=str(error)), False
    return replace(given, contents=contents, others=others, read=True), whole


def fitting(contents: AcmeContents, wanted: Wanted) -> tuple[AcmeContents, tuple[str, ...]]:
    """Return what is needed of ACME_FILE's contents, and the domains of what is not.

    What does not work goes on as a warning, without the key.
    """
    names = set(names_for(wanted.hostname))
    entries, others, warnings = [], [], list(contents.warnings)
    for entry in contents.entries:
        try:
            pair = read_pair(entry.certificate, entry.key)
        except PairError as error:
            warnings.append(f"{entry.domain}: {error}")
            continue
        if wanted.everything or pair.names & names:
            entries.append(entry)
        if not pair.names & names:
            others.append(entry.domain)
    return AcmeContents(tuple(entries), tuple(warnings)), tuple(others)


def _own(certificate: Found, key: Found) -> tuple[AcmeEntry | None, str]:
    if certificate.yours or key.yours:
        return None, ""
    if problem := certificate.problem or key.problem:
        return None, problem
    if certificate.data is None and key.data is None:
        return None, ""
    if certificate.data is None or key.data is None:
        return None, "one is there without the other"
    try:
        read_pair(certificate.data, key.data)
    except PairError as error:
        return None, str(error)
    return AcmeEntry("own", certificate.data, key.data), ""
