"""A member of a set, as the command shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One member of a set.

    Attributes:
        set: Name of the set.
        address: Address, network or range.
        left: Seconds until it leaves the set; None if it stays.
        count: Attempts; None if they are not counted.
        note: The last event, or where the member comes from.
    """

    set: str
    address: str
    left: float | None
    count: int | None
    note: str
