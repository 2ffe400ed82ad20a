"""A picture of recorded sound: which tones are in it, and when."""

from __future__ import annotations

import wave
from pathlib import Path

_WINDOW = 512  # samples; 32 ms at 16 kHz, which tells tones apart that are 60 Hz apart
_STEP = 128
_HIGHEST = 4000  # Hz; telephones' tones are all below
_FLOOR = -90  # dB below a sine of full scale


def write_spectrogram(wav: Path, png: Path, title: str) -> None:
    """Draws a recording from 0 to 4 kHz, so that silence, tones and noise can be seen.

    Args:
        wav: The recording: one channel of 16 bits, such as at 16 kHz.
        png: The picture to write, of 900x300 pixels.
        title: What to say above it.

    Raises:
        ValueError: the recording has another form.
        wave.Error: it is no WAV file.
    """
    # Slow to import, and only tests that fail need them.
    import numpy as np  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with wave.open(str(wav), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError(f"{wav}: not one channel of 16 bits")
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    seconds = len(samples) / rate
    padded = np.pad(samples, _WINDOW // 2)
    shape = np.hanning(_WINDOW)
    slices = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP] * shape
    magnitudes = np.abs(np.fft.rfft(slices)) / (shape.sum() / 2)
    levels = 20 * np.log10(np.maximum(magnitudes, 10 ** (_FLOOR / 20)))
    shown = levels[:, : _HIGHEST * _WINDOW // rate + 1].T

    figure = Figure(figsize=(9, 3), dpi=100, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(
        shown,
        aspect="auto",
        origin="lower",
        extent=(0, max(seconds, _WINDOW / rate), 0, _HIGHEST / 1000),
        vmin=_FLOOR,
        vmax=0,
        cmap="magma",
    )
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.set_xlabel("seconds")
    axes.set_ylabel("kHz")
    figure.colorbar(image, label="dB", pad=0.01)
    figure.savefig(png)
