"""The numbers that decide who is jailed, and for how long."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """See the component's README for what each is good for.

    Attributes:
        maxcount: Attempts that are put up with.
        watchtime: Seconds in which they are counted, and those of parole.
        jailtime: Seconds of the first jail.
        repeatmult: How many times longer than the last one the next jail is.
        maxjailtime: Seconds of the longest.
        ownercount: maxcount for addresses of one's own phones and trunks.
        ownertime: Seconds for which an address is one of them after a phone has logged in there.
        maxchallenges: Challenges in a row that may stay unanswered; 0: any number.
        slowrate: Requests a second over UDP of an address that only forgeable packets speak
            against; 0: never limited.
        maxconnections: TCP connections at a time from an address without phones; 0: any number.
        connectrate: New ones a second; 0: any number.
        limit: Offenders to remember.
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
        """Return the seconds of the first jail."""
        return min(self.jailtime, self.maxjailtime)

    def next_term(self, term: float) -> float:
        """Return the seconds of the jail after one of `term` seconds."""
        return min(term * self.repeatmult, self.maxjailtime)
