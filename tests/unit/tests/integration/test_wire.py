"""An eavesdropper hears what is in the clear, and nothing of what is encrypted."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.softphone.tests.sounds import mu_law, played
from fixtures.softphone.tones import draw
from tests.integration.wire import is_overheard

ALICE, BOB = "198.18.0.3", "198.18.0.4"
TONE = 1040
FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
tones = st.sampled_from(sorted({draw() for _ in range(300)}))


def frame(
    payload: bytes,
    *,
    source: str = ALICE,
    kind: int = 0,
    version: int = 2,
    protocol: int = 17,
    ether_type: int = 0x0800,
    options: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    rtp = bytes([version << 6, kind]) + bytes(10) + payload
    udp = struct.pack(">HHHH", 4000, 10000, 8 + len(rtp), 0) + rtp
    addresses = bytes(map(int, f"{source}.{BOB}".split(".")))
    first = 0x45 + len(options) // 4
    size = 20 + len(options) + len(udp)
    ip = struct.pack(">BBHIBBH", first, 0, size, 0, 64, protocol, 0) + addresses + options
    return bytes(12) + struct.pack(">H", ether_type) + ip + udp + trailer


def capture(sound: bytes, **settings: object) -> bytes:
    """Packets of 20 ms, as a pcap file."""
    frames = [
        frame(sound[i : i + 160], **settings)  # type: ignore[arg-type]
        for i in range(0, len(sound), 160)
    ]
    records = (struct.pack("<IIII", 0, 0, len(data), len(data)) + data for data in frames)
    return FILE_HEADER + b"".join(records)


def spoken(tone: float) -> bytes:
    return mu_law(played(tone, rate=8000))


def encrypted(sound: bytes, key: int) -> bytes:
    stream = random.Random(key).randbytes(len(sound))  # noqa: S311 # the same each time
    return bytes(a ^ b for a, b in zip(sound, stream, strict=True))


SPOKEN = spoken(TONE)


@settings(max_examples=15)
@given(tones)
def test_overheard_is_a_tone_in_the_clear(tone: int) -> None:
    assert is_overheard(capture(spoken(tone)), ALICE, tone)


def test_overheard_is_no_other_tone() -> None:
    assert not is_overheard(capture(spoken(1800)), ALICE, TONE)
    assert not is_overheard(capture(spoken(2 * TONE)), ALICE, TONE)


def test_overheard_is_only_what_the_address_sent() -> None:
    assert not is_overheard(capture(SPOKEN, source=BOB), ALICE, TONE)
    assert not is_overheard(capture(SPOKEN, source="98.18.0.3"), ALICE, TONE)


@pytest.mark.parametrize(
    "settings", [{"kind": 8}, {"version": 0}, {"protocol": 6}, {"ether_type": 0x86DD}]
)
def test_overheard_is_only_sound_in_rtp(settings: dict[str, object]) -> None:
    assert not is_overheard(capture(SPOKEN, **settings), ALICE, TONE)
