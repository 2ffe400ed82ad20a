"""Synthetic sounds, as a phone would hear them."""

from __future__ import annotations

import math
import random
from array import array
from functools import cache

from fixtures.softphone.tones import JUDGED_SECONDS, OFF_MS, ON_MS, RATE

LEVEL = 9000
_PERIOD = (ON_MS + OFF_MS) / 1000


def played(
    frequency: float,
    seconds: float = JUDGED_SECONDS,
    *,
    level: int = LEVEL,
    begin: float = 0,
    on: float = ON_MS / 1000,
    period: float = _PERIOD,
    phase: float = 0,
    rate: int = RATE,
) -> array[int]:
    """Bursts of a tone; `begin` is where in the rhythm the sound begins, in seconds."""
    turn = 2 * math.pi * frequency / rate
    return array(
        "h",
        (
            round(level * math.sin(turn * i + phase)) if (begin + i / rate) % period < on else 0
            for i in range(round(seconds * rate))
        ),
    )


def continuous(frequency: float, seconds: float = JUDGED_SECONDS) -> array[int]:
    return played(frequency, seconds, on=1, period=1)


def silence(seconds: float = JUDGED_SECONDS) -> array[int]:
    return array("h", bytes(2 * round(seconds * RATE)))


def noise(level: int, seconds: float = JUDGED_SECONDS, seed: int = 1) -> array[int]:
    draw = random.Random(seed).uniform  # noqa: S311 # the same each time
    return array("h", (round(draw(-level, level)) for _ in range(round(seconds * RATE))))


def mixed(*sounds: array[int]) -> array[int]:
    together = map(sum, zip(*sounds, strict=True))
    return array("h", (max(-32768, min(32767, sample)) for sample in together))


def mu_law(sound: array[int]) -> bytes:
    """Encodes as ITU-T G.711 says."""
    return bytes(map(_encode, sound))


def through_mu_law(sound: array[int]) -> array[int]:
    """What is left of a sound after mu-law."""
    return array("h", map(_DECODED.__getitem__, mu_law(sound)))


@cache
def _encode(sample: int) -> int:
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    mantissa = magnitude >> (exponent + 3) & 15
    return ~((128 if sample < 0 else 0) | exponent << 4 | mantissa) & 255


def _decode(code: int) -> int:
    bits = ~code & 255
    magnitude = ((2 * (bits & 15) + 33 << (bits >> 4 & 7)) - 33) * 4
    return -magnitude if bits & 128 else magnitude


_DECODED = [_decode(code) for code in range(256)]
