"""What an eavesdropper hears in captured packets."""

from __future__ import annotations

from array import array

from fixtures.softphone import tones
from fixtures.softphone.capture import datagrams

_RTP_HEADER = 12
_PCMU = 0


def is_overheard(pcap: bytes, source: str, tone: int) -> bool:
    """Says whether a tone is in the sound (PCMU in RTP over IPv4) that an address sent."""
    sound = array("h")
    for datagram in datagrams(pcap):
        if datagram.source.startswith(f"{source}:"):
            sound.extend(_linear(byte) for byte in _rtp_payload(datagram.payload))
    # 8,000 samples a second, looked at as if they were 16,000: all is twice as high.
    return sum(tones.presence(sound, 2 * tone)) > 3


def _rtp_payload(rtp: bytes) -> bytes:
    if len(rtp) <= _RTP_HEADER or rtp[0] >> 6 != 2 or rtp[1] & 127 != _PCMU:
        return b""
    return rtp[_RTP_HEADER:]


def _linear(byte: int) -> int:
    """Decodes a sample of mu-law (ITU-T G.711)."""
    inverted = ~byte & 255
    magnitude = (((inverted & 15) << 3) + 132 << (inverted >> 4 & 7)) - 132
    return -magnitude if inverted & 128 else magnitude
