"""What has to be in the kernel's table."""

from dataclasses import dataclass, field

from pbx.autoban.judgement.addresses import Span
from pbx.autoban.judgement.flows import Flow
from pbx.autoban.kernel.limits import Limits


@dataclass(frozen=True)
class BannedSource:
    """An address to drop.

    Attributes:
        key: The address, or the /64.
        term: Seconds of the whole ban.
        left: Seconds that are left of it.
    """

    key: str
    term: float
    left: float


@dataclass(frozen=True)
class SlowSource:
    """An address to rate-limit.

    Attributes:
        key: The address, or the /64.
        left: Seconds that are left of the limit.
        flows: Addresses and ports that are not limited, and the seconds for which.
    """

    key: str
    left: float
    flows: tuple[tuple[Flow, float], ...] = ()


@dataclass(frozen=True)
class TableContents:
    """All that has to be in the table.

    Attributes:
        white: Always accepted.
        black: Always dropped.
        banned: Dropped for a time.
        slow: Rate-limited for a time.
        free: Their connections are not counted.
        limits: The limits.
    """

    white: tuple[Span, ...] = ()
    black: tuple[Span, ...] = ()
    banned: tuple[BannedSource, ...] = ()
    slow: tuple[SlowSource, ...] = ()
    free: tuple[Span, ...] = ()
    limits: Limits = field(default_factory=Limits)
