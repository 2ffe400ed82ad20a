"""Does once all that is to be done about certificates, and notes when to do it again.

Short-lived: run at the start of the container, and by watch.py whenever there is a reason.
"""

import datetime
import fcntl
import hashlib
import os
import sys
from collections.abc import Sequence

from pbx.core.log import ALERT, ERROR, NOTICE, WARNING, log
from pbx.tls import source, state, store
from pbx.tls.asterisk import CONSOLE, AsteriskError, reload_certificate
from pbx.tls.choice import choose
from pbx.tls.in_use import examine
from pbx.tls.offers import Offer, best_of_each, examine_all
from pbx.tls.pair import Pair, read_pair
from pbx.tls.places import Places
from pbx.tls.plan import next_look, outlook, plan
from pbx.tls.self_signed import SettingError, Settings, make_certificate

PATIENCE_SECONDS, PATIENCE_AT_START_SECONDS = 5.0, 1.0
MAX_COMPLAINTS = 10


class CertificateError(Exception):
    """There is no certificate that Asterisk could use; the message says what to do."""


def main(arguments: Sequence[str]) -> int:
    """Runs once, with `--start` before Asterisk does; returns the exit status."""
    starting = "--start" in arguments
    patience = PATIENCE_AT_START_SECONDS if starting else PATIENCE_SECONDS
    places = Places.of(os.environ)
    now = datetime.datetime.now(datetime.UTC)
    try:
        refresh(places, Settings.of(os.environ), now, patience)
    except (SettingError, CertificateError) as error:
        log(ALERT, str(error))
        return 1
    except OSError as error:
        log(ERROR, f"certificates: {error.filename or places.used}: {error.strerror}")
        # What is in use goes on being used; without any, there would be no TLS.
        return 0 if starting and None not in store.in_use(places.used) else 1
    return 0


def refresh(places: Places, settings: Settings, now: datetime.datetime, patience: float) -> None:
    """Finds out what should be in use, writes what changed, and tells Asterisk.

    Raises:
        CertificateError: what is there is of no use, and there is nothing else.
        OSError: something cannot be written.
    """
    with (places.run / "certificates.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time
        if store.finish(places.used):
            log(NOTICE, f"completed a change of {places.used / store.CERTIFICATE} cut short before")
        seen = source.signature(places.acme)
        offers = _offers(places, patience)
        in_use = _switch(places, settings, offers, now)
        told = _tell(places, in_use)
        due = next_look(in_use, [offer.pair for offer in offers], now).timestamp()
        state.save(places.run, state.State(seen, due if told else 0.0, told))
        # Last: that there is no room for the others is no reason to do without the one in use.
        for domain, pair in best_of_each(offers, now).items():
            store.store(places.kept, domain, pair)


def _offers(places: Places, patience: float) -> list[Offer]:
    """Returns what is of use in ACME_FILE; prints what is not."""
    reading = source.read(places.acme, patience)
    if reading.problem:
        log(ERROR, f"ACME_FILE {places.acme}: {reading.problem}; what was in use stays in use")
    offers, complaints = examine_all(reading.contents)
    for complaint in complaints[:MAX_COMPLAINTS]:
        log(ERROR, f"ACME_FILE {places.acme}, left out: {complaint}")
    if len(complaints) > MAX_COMPLAINTS:
        log(ERROR, f"ACME_FILE {places.acme}, left out: {len(complaints) - MAX_COMPLAINTS} more")
    return offers


def _switch(
    places: Places, settings: Settings, offers: Sequence[Offer], now: datetime.datetime
) -> Pair:
    """Puts another pair into use if there is reason to; returns the one that is in use then."""
    certificate = places.used / store.CERTIFICATE
    pairs = [offer.pair for offer in offers]
    fitting = choose(pairs, settings.hostname, now)
    if offers and not fitting:
        names = ", ".join(sorted({offer.domain for offer in offers})[:MAX_COMPLAINTS])
        log(
            WARNING,
            f"ACME_FILE {places.acme} has no valid certificate for {settings.hostname}, only "
            f"for {names}",
        )
    known = {pair.certificate for pair in pairs} | set(store.stored(places.kept))
    in_use = examine(*store.in_use(places.used), known)
    if in_use.problem and not fitting:
        raise CertificateError(
            f"{certificate} and {store.KEY}: {in_use.problem}; put the right ones there, or "
            "remove both to have them made"
        )
    todo = plan(in_use, fitting, settings.hostname, now)
    pair = todo.use or (_make(settings, now) if todo.make else in_use.pair)
    assert pair  # noqa: S101 # one is there, or is made
    if todo.keep:
        kept = store.keep(places.used, now)
        log(NOTICE, f"what was in use is the user's: kept as {kept} and the key beside it")
    if pair is not in_use.pair:
        store.use(places.used, pair)
    if todo.use:
        log(NOTICE, f"using the certificate for {min(pair.names)} from ACME_FILE {places.acme}")
    if todo.make:
        days = f"{settings.days} days"
        log(NOTICE, f"made a self-signed certificate for {settings.hostname}, {days}: {todo.make}")
    if warning := outlook(pair, now):
        log(WARNING if pair.is_valid(now) else ERROR, f"the certificate in {certificate} {warning}")
    return pair


def _make(settings: Settings, now: datetime.datetime) -> Pair:
    try:
        return read_pair(*make_certificate(settings, now))
    except ValueError as error:
        raise CertificateError(
            f"no certificate can be made for HOSTNAME '{settings.hostname}': {error}"
        ) from error


def _tell(places: Places, pair: Pair) -> str:
    """Has Asterisk use what is in use, if it does not yet; returns what it uses, '' if unknown."""
    told = state.load(places.run).told
    fingerprint = hashlib.sha256(pair.certificate + pair.key).hexdigest()
    if told == fingerprint:
        return told
    try:
        if reload_certificate(places.run / CONSOLE):
            log(NOTICE, "Asterisk uses the certificate from now on")
    except AsteriskError as error:
        log(ERROR, f"the certificate is not in use yet, Asterisk does not reload it: {error}")
        return ""
    return fingerprint


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
