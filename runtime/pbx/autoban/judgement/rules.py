"""Thresholds and times of bans and limits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """The settings that decisions depend on; the component's README explains each.

    Attributes:
        maxcount: Threshold: allowed attempts in watchtime.
        watchtime: Seconds in which they are counted; also the length of parole.
        jailtime: Seconds of the first ban.
        repeatmult: Factor for the length of each further ban.
        maxjailtime: Maximum seconds of a ban.
        ownercount: maxcount for addresses of phones and trunks.
        ownertime: Seconds that an address counts as a phone's after a login.
        maxchallenges: Allowed unanswered challenges in a row; 0: no limit.
        slowrate: UDP requests a second of a rate-limited address; 0: no limit.
        maxconnections: Concurrent TCP connections of an address without phones; 0: no limit.
        connectrate: New TCP connections of an address a second; 0: no limit.
        limit: Number of offenders to store, and of suspects.
    """

    maxcount: int = 10
    watchtime: float = 20 * 60
    jailtime: float = 20 * 60
    repeatmult: float = 6
    maxjailtime: float = 30 * 86400
    ownercount: int = 100
    ownertime: float = 3600
    maxchallenges: int = 0
    slowrate: int = 5
    maxconnections: int = 100
    connectrate: int = 50
    limit: int = 20_000

    def first_term(self) -> float:
        """Return the seconds of the first ban."""
        return min(self.jailtime, self.maxjailtime)

    def next_term(self, term: float) -> float:
        """Return the seconds of the ban that follows one of `term` seconds."""
        return min(term * self.repeatmult, self.maxjailtime)
