"""Does once all that is to be done about certificates, and notes when to do it again.

Short-lived: run at the start of the container, and by watch.py whenever there is a reason. Has no
rights but those of user asterisk. With `--given`, it finds on its standard input what reader.py
read.
"""

import datetime
import fcntl
import hashlib
import os
import select
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pbx.core.log import ALERT, ERROR, NOTICE, WARNING, log
from pbx.tls import given, kept, pair_files, state, unprivileged
from pbx.tls.asterisk import CONSOLE, AsteriskError, reload_certificate
from pbx.tls.choice import choose_pair, names_for
from pbx.tls.digest import digest
from pbx.tls.given import Given
from pbx.tls.in_use import InUse, examine
from pbx.tls.offers import Offer, best_of_each, examine_all
from pbx.tls.pair import Pair, PairError, read_pair
from pbx.tls.paths import TlsPaths
from pbx.tls.plan import next_look, outlook, plan
from pbx.tls.self_signed import CertificateSettingError, CertificateSettings, make_certificate
from pbx.tls.sieve import Wanted

TIMEOUT_SECONDS, TIMEOUT_AT_START_SECONDS = 5.0, 1.0
READER_SECONDS = 20.0
"""How long a start waits for the reader; a file may be on a network filesystem that hangs."""
MAX_WARNINGS = 10


class CertificateError(Exception):
    """There is no certificate that Asterisk could use; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Run once, with `--start` before Asterisk does; return the exit status."""
    starting = "--start" in arguments
    paths = TlsPaths.of(os.environ)
    now = datetime.datetime.now(datetime.UTC)
    try:
        frame = receive(0, READER_SECONDS) if "--given" in arguments else b""
        wanted = Wanted.of(os.environ)
        seen = digest(frame, paths)
        found = given.decode(frame) if "--given" in arguments else Given()
        timeout = TIMEOUT_AT_START_SECONDS if starting else TIMEOUT_SECONDS
        found = unprivileged.read_rest(found, paths, wanted, timeout)
    except (ValueError, TimeoutError) as error:
        seen, found = -1, Given(problem=f"it cannot be read: {error}")
    try:
        refresh(paths, CertificateSettings.of(os.environ), wanted, found, seen, now)
    except (CertificateSettingError, CertificateError) as error:
        log(ALERT, str(error))
        return 1
    except OSError as error:
        log(ERROR, f"certificates: {error.filename or paths.used}: {error.strerror}")
        # What is in use goes on being used; without any, there would be no TLS.
        return 0 if starting and _is_complete(paths.used) else 1
    return 0


def _is_complete(folder: Path) -> bool:
    try:
        return None not in pair_files.in_use(folder)
    except OSError:
        return False


def receive(descriptor: int, seconds: float) -> bytes:
    """Return a frame from the reader.

    Raises:
        TimeoutError: it did not come in time.
    """
    frame, deadline = b"", time.monotonic() + seconds
    while len(frame) < given.HEADER_BYTES + (given.length_of(frame) if frame else 1):
        remaining = max(0.0, deadline - time.monotonic())
        if not select.select([descriptor], [], [], remaining)[0]:
            raise TimeoutError(f"nothing came for {seconds:.0f} s")
        if not (part := os.read(descriptor, 1024 * 1024)):
            break
        frame += part
    return frame


def refresh(
    paths: TlsPaths,
    settings: CertificateSettings,
    wanted: Wanted,
    found: Given,
    seen: int,
    now: datetime.datetime,
) -> None:
    """Find out what should be in use, write what changed, and tell Asterisk.

    Args:
        paths: Where things are.
        settings: For a self-signed certificate.
        wanted: What is needed of ACME_FILE.
        found: What is in the files of others.
        seen: Digest of that.
        now: An aware time.

    Raises:
        CertificateError: what is there cannot be used, and there is nothing else.
        OSError: something cannot be written.
    """
    with (paths.run / "certificates.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time
        if pair_files.finish(paths.used):
            log(
                NOTICE,
                f"completed an interrupted change of {paths.used / pair_files.CERTIFICATE}",
            )
        offers = _offers(paths, found)
        listed = kept.load(paths.kept)
        in_use = _switch(paths, settings, offers, found, listed, now)
        told = _tell(paths, in_use)
        due = next_look(in_use, [offer.pair for offer in offers], now).timestamp()
        state.save(paths.run, state.RefreshState(seen, due if told else 0.0, told))
        # Last: that there is no room for the others is no reason to do without the one in use.
        pairs = best_of_each(offers, now)
        if in_use.certificate in {pair.certificate for pair in pairs.values()}:
            listed = replace(listed, used=kept.checksum(in_use.certificate))
        needed = _needed(paths, pairs, listed, wanted, dropped=found.read)
        new = kept.update(paths.kept, listed, needed)
        if new.used != kept.load(paths.kept).used:
            kept.save(paths.kept, new)


def _needed(
    paths: TlsPaths, pairs: Mapping[str, Pair], listed: kept.Kept, wanted: Wanted, *, dropped: bool
) -> dict[str, bytes]:
    """Return the files that are to be kept for other programs, by their path.

    Args:
        paths: Where they are.
        pairs: What is in ACME_FILE for this host, by domain.
        listed: What was kept up to now.
        wanted: What this container needs.
        dropped: Whether what is missing in `pairs` is missing in ACME_FILE, too.
    """
    needed: dict[str, bytes] = {}
    for domain in kept.domains(listed):
        certificate, key = kept.names(domain)
        data = [pair_files.contents(paths.kept / name) for name in (certificate, key)]
        if None not in data and (wanted.everything or (not dropped and _fits(data, wanted))):
            needed |= {certificate: data[0] or b"", key: data[1] or b""}
    for domain, pair in pairs.items():
        needed |= dict(zip(kept.names(domain), (pair.certificate, pair.key), strict=True))
    return needed


def _fits(data: Sequence[bytes | None], wanted: Wanted) -> bool:
    try:
        pair = read_pair(data[0] or b"", data[1] or b"")
    except PairError:
        return False
    return bool(pair.names & set(names_for(wanted.hostname)))


def _offers(paths: TlsPaths, found: Given) -> list[Offer]:
    """Return what is of use in ACME_FILE; prints what is not."""
    if found.problem:
        log(ERROR, f"ACME_FILE {paths.acme}: {found.problem}; what was in use stays in use")
    if found.own_problem:
        certificate, key = paths.own_names()
        log(
            ERROR,
            f"the certificate {certificate} and its key {key}: {found.own_problem}; what was in "
            "use stays in use",
        )
    offers, warnings = examine_all(found.contents)
    for warning in warnings[:MAX_WARNINGS]:
        log(ERROR, f"ACME_FILE {paths.acme}, left out: {warning}")
    if len(warnings) > MAX_WARNINGS:
        log(ERROR, f"ACME_FILE {paths.acme}, left out: {len(warnings) - MAX_WARNINGS} more")
    return offers


def _fitting(
    paths: TlsPaths,
    settings: CertificateSettings,
    offers: Sequence[Offer],
    found: Given,
    now: datetime.datetime,
) -> tuple[Pair | None, str]:
    """Return the pair to use, None if nothing that was given fits, and where it is from."""
    if found.own:
        return read_pair(found.own.certificate, found.own.key), paths.own_names()[0]
    fitting = choose_pair([offer.pair for offer in offers], settings.hostname, now)
    if (offers or found.others) and not fitting:
        domains = {offer.domain for offer in offers} | set(found.others)
        log(
            WARNING,
            f"ACME_FILE {paths.acme} has no valid certificate for {settings.hostname}, only "
            f"for {', '.join(sorted(domains)[:MAX_WARNINGS])}",
        )
    return fitting, f"ACME_FILE {paths.acme}"


def _in_use(paths: TlsPaths, known: Collection[bytes], used: str) -> InUse:
    """Return what is in use; in a folder that lasts no longer than the container, it is ours."""
    certificate, key = pair_files.in_use(paths.used)
    if certificate is not None and kept.checksum(certificate) == used:
        known = {*known, certificate}
    in_use = examine(certificate, key, known)
    if paths.own:
        return InUse(in_use.pair)
    return in_use


def _switch(
    paths: TlsPaths,
    settings: CertificateSettings,
    offers: Sequence[Offer],
    found: Given,
    listed: kept.Kept,
    now: datetime.datetime,
) -> Pair:
    """Put another pair into use if there is reason to; return the one that is in use then."""
    certificate = paths.used / pair_files.CERTIFICATE
    fitting, origin = _fitting(paths, settings, offers, found, now)
    stored = [pair_files.contents(paths.kept / name) for name in listed.files]
    known = {offer.pair.certificate for offer in offers} | {data for data in stored if data}
    in_use = _in_use(paths, known, listed.used)
    if in_use.problem and not fitting:
        raise CertificateError(
            f"{certificate} and {pair_files.KEY}: {in_use.problem}; put the right ones there, or "
            "remove both to have them made"
        )
    todo = plan(in_use, fitting, settings.hostname, now)
    pair = todo.use or (_make(settings, now) if todo.make else in_use.pair)
    assert pair  # noqa: S101 # one is there, or is made
    if todo.keep:
        copy = pair_files.keep(paths.used, now)
        log(NOTICE, f"what was in use is the user's: kept as {copy} and the key beside it")
    if pair is not in_use.pair:
        pair_files.use(paths.used, pair)
    if todo.use:
        log(NOTICE, f"using the certificate for {min(pair.names, default='no name')} from {origin}")
    if todo.make:
        days = f"{settings.days} days"
        log(NOTICE, f"made a self-signed certificate for {settings.hostname}, {days}: {todo.make}")
    if warning := outlook(pair, now):
        log(WARNING if pair.is_valid(now) else ERROR, f"the certificate in {certificate} {warning}")
    return pair


def _make(settings: CertificateSettings, now: datetime.datetime) -> Pair:
    try:
        return read_pair(*make_certificate(settings, now))
    except ValueError as error:
        raise CertificateError(
            f"no certificate can be made for HOSTNAME '{settings.hostname}': {error}"
        ) from error


def _tell(paths: TlsPaths, pair: Pair) -> str:
    """Has Asterisk use what is in use, if it does not yet; return what it uses, '' if unknown."""
    told = state.load(paths.run).told
    fingerprint = hashlib.sha256(pair.certificate + pair.key).hexdigest()
    if told == fingerprint:
        return told
    try:
        if reload_certificate(paths.run / CONSOLE):
            log(NOTICE, "Asterisk uses the certificate from now on")
    except AsteriskError as error:
        log(ERROR, f"the certificate is not in use yet, Asterisk does not reload it: {error}")
        return ""
    return fingerprint


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
