"""Prompts in the language that SOUNDS_LANG names: what the phone hears is the file."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from factory.waiting import wait_for
from fixtures.softphone import Phone, tones

from .lab import Visit
from .test_configurations import JOHN

pytestmark = pytest.mark.image("xtra", only=True)

PROMPT = "hello-world"


def likeness(heard: array[int], prompt: bytes) -> float:
    """How much of the prompt is in what was heard, wherever it is, 0 to 1 (cross-correlation)."""
    sound = np.array(heard, dtype=float)
    wanted = np.frombuffer(prompt, dtype="<i2").astype(float)
    if len(sound) < len(wanted):
        return 0.0
    found = np.fft.irfft(
        np.fft.rfft(sound, 2 * len(sound)) * np.conj(np.fft.rfft(wanted, 2 * len(sound)))
    )[: len(sound) - len(wanted) + 1]
    energy = np.convolve(sound**2, np.ones(len(wanted)), "valid") + 1
    return float(np.max(np.abs(found) / np.sqrt(energy * np.sum(wanted**2))))


def hears(phone: Phone, prompt: bytes) -> float:
    """The likeness, once the phone has heard the menu's tones behind the prompt."""
    wait_for(lambda: sum(tones.presence(phone.recording(), 660)), seconds=10, otherwise="no menu")
    return likeness(phone.recording(), prompt)


def test_callers_hear_french_if_sounds_lang_says_so(lab: Visit) -> None:
    if lab.lab.target.container:
        pytest.skip("starts containers of its own, of an image")
    pbx = lab.another_pbx("household", environment={"SYSLOG_LEVEL": "6", "SOUNDS_LANG": "fr"})
    prompts: dict[str, bytes] = {}
    for language in ("fr", "en"):
        path = f"/usr/share/asterisk/sounds/{language}/{PROMPT}.gsm"
        result = pbx.container.exec_run(
            ["sox", path, "-t", "raw", "-e", "signed", "-b", "16", "-r", str(tones.RATE), "-"]
        )
        assert isinstance(result.output, bytes)
        prompts[language] = result.output
    john = lab.phones.phone("john")
    john.register(JOHN, pbx.address())
    john.call("8").answered()
    assert hears(john, prompts["fr"]) > 0.8
    assert likeness(john.recording(), prompts["en"]) < 0.4
