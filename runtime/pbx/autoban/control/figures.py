"""Figures of the running AutoBan, for people and for monitoring."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from pbx.autoban.kernel.reading import Dropped

_PREFIX = "autoban"


@dataclass(frozen=True)
class Figures:
    """What AutoBan has seen and done since its start.

    Attributes:
        events: Number of events by kind.
        sets: Number of members by set.
        sentences: Number of bans.
        dropped: Packets that the kernel dropped, by reason.
        connected: Whether the manager interface is connected.
        dropping: Whether the kernel drops packets of banned addresses.
        phones: Number of addresses from which phones have logged in.
        trunks: Number of addresses and networks of trunks.
        rebuilt: How often the kernel's table had to be restored.
        uptime: Seconds.
    """

    events: Mapping[str, int]
    sets: Mapping[str, int]
    sentences: int
    dropped: Mapping[str, Dropped]
    connected: bool
    dropping: bool
    phones: int
    trunks: int
    rebuilt: int
    uptime: float


def as_json(figures: Figures) -> dict[str, object]:
    """Return them as a value for JSON."""
    return asdict(figures)


def as_prometheus(figures: Figures) -> str:
    """Return them in the text format of Prometheus (exposition format 0.0.4)."""
    events = {f'{{kind="{kind}"}}': count for kind, count in sorted(figures.events.items())}
    sets = {f'{{set="{name}"}}': count for name, count in figures.sets.items()}
    packets = {f'{{reason="{name}"}}': d.packets for name, d in sorted(figures.dropped.items())}
    octets = {f'{{reason="{name}"}}': d.bytes for name, d in sorted(figures.dropped.items())}
    return "".join(
        [
            _metric("events_total", "counter", "Security events of Asterisk.", events),
            _metric("addresses", "gauge", "Members of each set.", sets),
            _metric("jailed_total", "counter", "Bans.", figures.sentences),
            _metric("dropped_packets_total", "counter", "Packets dropped.", packets),
            _metric("dropped_bytes_total", "counter", "Bytes in them.", octets),
            _metric("connected", "gauge", "Whether AMI is connected.", figures.connected),
            _metric("dropping", "gauge", "Whether the kernel drops.", figures.dropping),
            _metric("phones", "gauge", "Addresses of phones.", figures.phones),
            _metric("trunks", "gauge", "Addresses of trunks.", figures.trunks),
            _metric("rebuilt_total", "counter", "Restorations of the table.", figures.rebuilt),
            _metric("uptime_seconds", "gauge", "Seconds since the start.", figures.uptime),
        ]
    )


def as_lines(figures: Figures) -> str:
    """Return them as lines for people."""
    rows = [("connected to Asterisk", "yes" if figures.connected else "no")]
    rows += [("dropping packets", "yes" if figures.dropping else "no, watching only")]
    rows += [(f"events {kind}", str(count)) for kind, count in sorted(figures.events.items())]
    rows += [(f"addresses in {name}", str(count)) for name, count in figures.sets.items()]
    rows += [("addresses of phones", str(figures.phones))]
    rows += [("addresses of trunks", str(figures.trunks))]
    rows += [("bans", str(figures.sentences))]
    rows += [
        (f"dropped, {name}", f"{dropped.packets} packets, {dropped.bytes} bytes")
        for name, dropped in sorted(figures.dropped.items())
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in rows)


def _metric(name: str, kind: str, text: str, values: Mapping[str, int] | float) -> str:
    samples = values if isinstance(values, Mapping) else {"": values}
    lines = [f"# HELP {_PREFIX}_{name} {text}", f"# TYPE {_PREFIX}_{name} {kind}"]
    for labels, value in samples.items():
        number = int(value) if isinstance(value, bool) else value
        lines.append(f"{_PREFIX}_{name}{labels} {number}")
    return "\n".join(lines) + "\n"
