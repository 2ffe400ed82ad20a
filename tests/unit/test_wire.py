"""An eavesdropper hears what is in the clear, and nothing of what is encrypted."""

import random
import struct
from array import array

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
def test_a_tone_in_the_clear_is_overheard(tone: int) -> None:
    assert is_overheard(capture(spoken(tone)), ALICE, tone)


@settings(max_examples=15)
@given(st.integers())
def test_an_encrypted_tone_is_not(key: int) -> None:
    assert not is_overheard(capture(encrypted(SPOKEN, key)), ALICE, TONE)


def test_another_tone_is_not_taken_for_it() -> None:
    assert not is_overheard(capture(spoken(1800)), ALICE, TONE)
    assert not is_overheard(capture(spoken(2 * TONE)), ALICE, TONE)


def test_a_muted_phone_is_not_overheard() -> None:
    assert not is_overheard(capture(mu_law(array("h", bytes(24000)))), ALICE, TONE)
    assert not is_overheard(capture(b""), ALICE, TONE)


def test_only_what_the_address_itself_sent_counts() -> None:
    assert not is_overheard(capture(SPOKEN, source=BOB), ALICE, TONE)
    assert not is_overheard(capture(SPOKEN, source="98.18.0.3"), ALICE, TONE)


@pytest.mark.parametrize("settings", [{"kind": 128}, {"options": bytes(8)}, {"trailer": bytes(4)}])
def test_a_marker_options_of_ip_and_a_trailer_are_no_obstacle(settings: dict[str, object]) -> None:
    assert is_overheard(capture(SPOKEN, **settings), ALICE, TONE)


@pytest.mark.parametrize(
    "settings", [{"kind": 8}, {"version": 0}, {"protocol": 6}, {"ether_type": 0x86DD}]
)
def test_what_is_not_sound_in_rtp_is_passed_over(settings: dict[str, object]) -> None:
    assert not is_overheard(capture(SPOKEN, **settings), ALICE, TONE)


def test_it_is_found_among_the_packets_of_others() -> None:
    others = capture(spoken(1800), source=BOB)
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    arp_record = struct.pack("<IIII", 0, 0, len(arp), len(arp)) + arp
    pcap = others + arp_record + capture(SPOKEN)[len(FILE_HEADER) :]
    assert is_overheard(pcap, ALICE, TONE)
    assert not is_overheard(pcap, BOB, TONE)
