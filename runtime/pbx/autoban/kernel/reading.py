"""Reads what nft(8) prints about AutoBan's table."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Dropped:
    """Packets and bytes that were dropped."""

    packets: int = 0
    bytes: int = 0

    def __add__(self, other: "Dropped") -> "Dropped":
        return Dropped(self.packets + other.packets, self.bytes + other.bytes)


@dataclass(frozen=True)
class TableReading:
    """The table as the kernel has it.

    Attributes:
        shape: The table's text without numbers that change by themselves.
        dropped: By counter.
        banned: Number of banned addresses.
        slow: Number of rate-limited addresses.
        floods: Number of addresses that opened too many connections.
    """

    shape: str
    dropped: Mapping[str, Dropped]
    banned: int
    slow: int
    floods: int


@dataclass(frozen=True)
class FloodSource:
    """An address that opened more connections than are allowed.

    Attributes:
        key: The address, or the /64.
        left: Seconds until it is removed, if it opens no more.
        packets: Refused connection attempts.
    """

    key: str
    left: float
    packets: int


def read_table(text: str) -> TableReading:
    """Read the table, listed without the elements of its sets."""
    dropped = {
        name: Dropped(int(packets), int(octets))
        for name, packets, octets in re.findall(
            r"counter (\w+) \{\s*packets (\d+) bytes (\d+)\s*\}", text
        )
    }
    sizes = {"jail": 0, "slow": 0, "flood": 0}
    for name, number in re.findall(r"set (\w+)[46] \{[^}#]*# count (\d+)", text):
        if name in sizes:
            sizes[name] += int(number)
    shape = re.sub(r"packets \d+ bytes \d+|#.*", "", text)
    shape = re.sub(r"\s+", " ", shape)
    return TableReading(shape, dropped, sizes["jail"], sizes["slow"], sizes["flood"])


def read_floods(text: str) -> list[FloodSource]:
    """Read a set of addresses that opened too many connections, listed as JSON."""
    (found,) = (item["set"] for item in json.loads(text)["nftables"] if "set" in item)
    return [
        FloodSource(
            element["val"] if found["type"] == "ipv4_addr" else f"{element['val']}/64",
            float(element.get("expires", 0)),
            int(element["counter"]["packets"]),
        )
        for element in (item["elem"] for item in found.get("elem", []))
    ]
