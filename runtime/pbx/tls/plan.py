"""What becomes of the certificate in use: a new one or not, and when to look again."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pbx.tls.in_use import InUse
from pbx.tls.pair import Pair

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
_NAMED_BY_ENGINE = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class CertificatePlan:
    """What to do.

    Attributes:
        use: A pair to take in the place of what is in use.
        make: Why a self-signed certificate has to be made for that; '' if it need not.
        keep: Whether what is in use is the user's, and has to be kept under another name.
    """

    use: Pair | None = None
    make: str = ""
    keep: bool = False


def plan(
    in_use: InUse, fitting: Pair | None, hostname: str, now: datetime.datetime
) -> CertificatePlan:
    """Decides.

    Args:
        in_use: What Asterisk has now: a pair that works, or nothing, if none is fitting.
        fitting: The best in ACME_FILE, None if nothing there fits.
        hostname: Whom the certificate is for.
        now: An aware time.
    """
    keep, pair = not in_use.ours, in_use.pair
    if fitting is not None:
        same = pair and (pair.certificate, pair.key) == (fitting.certificate, fitting.key)
        return CertificatePlan() if same else CertificatePlan(use=fitting, keep=keep)
    if pair is None:
        return CertificatePlan(make="there was none", keep=keep)
    if pair.self_signed and now >= renewal(pair):
        return CertificatePlan(make="the last one is over or soon will be", keep=keep)
    if pair.made_here and now < pair.start:
        return CertificatePlan(make="the last one is from a time when the clock was ahead")
    # A name that the engine made up is another in each container on the same volume.
    another_name = hostname.lower() not in pair.names and not _NAMED_BY_ENGINE.fullmatch(hostname)
    if pair.made_here and another_name:
        return CertificatePlan(make=f"the last one was for {min(pair.names)}")
    return CertificatePlan()


def renewal(pair: Pair) -> datetime.datetime:
    """Return when a self-signed certificate is to be renewed: when a third of its life is left."""
    return pair.end - max((pair.end - pair.start) / 3, HOUR)


def outlook(pair: Pair, now: datetime.datetime) -> str:
    """Return a warning that a certificate of an authority nears its end, '' if it does not.

    Traefik renews one when a third of its life is left, so that this is too late for it.
    """
    if pair.self_signed:
        return ""
    if now < pair.start:
        return f"is not valid before {pair.start:%Y-%m-%d %H:%M} UTC"
    if now >= pair.end:
        return f"is over since {pair.end:%Y-%m-%d %H:%M} UTC"
    if pair.end - now < min(14 * DAY, (pair.end - pair.start) / 6):
        return f"ends on {pair.end:%Y-%m-%d %H:%M} UTC"
    return ""


def next_look(
    in_use: Pair | None, others: Iterable[Pair], now: datetime.datetime
) -> datetime.datetime:
    """Return when to look again, if nothing changes before: in a day at the latest.

    Args:
        in_use: What Asterisk has now.
        others: What is in ACME_FILE; one of them may begin or end earlier than that.
        now: An aware time.
    """
    moments = [moment for pair in others for moment in (pair.start, pair.end)]
    if in_use is not None and in_use.self_signed:
        moments.append(renewal(in_use))
    return min((moment for moment in moments if now < moment < now + DAY), default=now + DAY)
