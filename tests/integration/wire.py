"""What an eavesdropper hears in captured packets."""

from __future__ import annotations

import struct
from array import array

from fixtures.softphone import tones
from fixtures.softphone.capture import packets

_ETHERNET, _UDP, _RTP = 14, 8, 12
_PCMU = 0


def is_overheard(pcap: bytes, source: str, tone: int) -> bool:
    """Says whether a tone is in the sound (PCMU in RTP over IPv4) that an address sent."""
    sound = array("h")
    for packet in packets(pcap):
        payload = _rtp_payload(packet.data, source)
        sound.extend(_linear(byte) for byte in payload)
    # 8,000 samples a second, looked at as if they were 16,000: all is twice as high.
    return sum(tones.presence(sound, 2 * tone)) > 3


def _rtp_payload(frame: bytes, source: str) -> bytes:
    header = frame[_ETHERNET:]
    if frame[12:14] != b"\x08\x00" or header[9] != 17:
        return b""
    start = (header[0] & 15) * 4
    if ".".join(map(str, header[12:16])) != source:
        return b""
    (length,) = struct.unpack(">H", header[start + 4 : start + 6])
    rtp = header[start + _UDP : start + length]
    if len(rtp) <= _RTP or rtp[0] >> 6 != 2 or rtp[1] & 127 != _PCMU:
        return b""
    return rtp[_RTP:]


def _linear(byte: int) -> int:
    """Decodes a sample of mu-law (ITU-T G.711)."""
    inverted = ~byte & 255
    magnitude = (((inverted & 15) << 3) + 132 << (inverted >> 4 & 7)) - 132
    return -magnitude if inverted & 128 else magnitude
