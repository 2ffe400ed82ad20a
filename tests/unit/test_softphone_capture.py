"""Packets are read from a capture, also while it is being written."""

import io
import struct
import tarfile
from collections.abc import Iterator
from typing import Any, cast

from docker.models.containers import Container
from hypothesis import given
from hypothesis import strategies as st

from fixtures.softphone.capture import Capture, Packet, packets

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
START = 1_800_000_000


def record(millis: int, data: bytes) -> bytes:
    return struct.pack("<IIII", START, millis * 1000, len(data), len(data) + 40) + data


class FakeContainer:
    """Has a capture, which it hands out as the engine does: in an archive, in chunks."""

    def __init__(self, pcap: bytes) -> None:
        self._pcap = pcap

    def get_archive(self, path: str) -> tuple[Iterator[bytes], dict[str, Any]]:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(path.rpartition("/")[2])
            entry.size = len(self._pcap)
            tar.addfile(entry, io.BytesIO(self._pcap))
        data = archive.getvalue()
        return (data[i : i + 1000] for i in range(0, len(data), 1000)), {}


def captured(pcap: bytes) -> Capture:
    capture = Capture.__new__(Capture)
    capture._container = cast(Container, FakeContainer(pcap))
    return capture


def test_packets_come_with_their_times() -> None:
    assert packets(HEADER + record(0, b"one") + record(250, b"three")) == [
        Packet(START, b"one"),
        Packet(START + 0.25, b"three"),
    ]


@given(st.lists(st.binary(max_size=80), max_size=5), st.data())
def test_what_is_only_half_written_is_left_out(frames: list[bytes], data: st.DataObject) -> None:
    whole = HEADER + b"".join(record(0, frame) for frame in frames)
    cut = data.draw(st.integers(0, len(whole)))
    found = [packet.data for packet in packets(whole[:cut])]
    ends = [len(HEADER)]
    for frame in frames:
        ends.append(ends[-1] + 16 + len(frame))
    assert found == frames[: sum(cut >= end for end in ends[1:])]


def test_a_capture_since_a_time_leaves_out_what_came_before() -> None:
    capture = captured(HEADER + record(0, b"one") + record(250, b"two") + record(500, b"three"))
    assert capture.since(START + 0.25) == HEADER + record(250, b"two") + record(500, b"three")
    assert capture.since(START + 9) == HEADER


def test_a_capture_that_has_not_begun_is_empty() -> None:
    assert captured(b"").since(START) == b""
    assert packets(b"") == []
