"""The picture of recorded sound: tones are where they belong."""

import math
import struct
import wave
from pathlib import Path

import numpy as np
from matplotlib.image import imread

from tests.report.spectrogram import write_spectrogram

RATE = 16000


def record(path: Path, samples: list[float], channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", round(32767 * value)) for value in samples))
    return path


def tone(hertz: float, seconds: float) -> list[float]:
    return [0.5 * math.sin(2 * math.pi * hertz * n / RATE) for n in range(round(seconds * RATE))]


def draw(tmp_path: Path, samples: list[float]) -> np.ndarray:
    png = tmp_path / "sound.png"
    write_spectrogram(record(tmp_path / "sound.wav", samples), png, "what $bob heard_{")
    picture: np.ndarray = imread(png)
    assert picture.shape[:2] == (300, 900)
    return picture


def brightest_row(picture: np.ndarray, column: int) -> int:
    """The row of the brightest point below the title and above the axis."""
    return int(picture[40:240, column, :3].sum(axis=1).argmax()) + 40


def test_spectrogram_draws_a_higher_tone_higher(tmp_path: Path) -> None:
    picture = draw(tmp_path, tone(500, 1) + tone(3000, 1))
    assert brightest_row(picture, 250) > 180
    assert brightest_row(picture, 550) < 120
