"""Reads the QR code that a command drew on a terminal."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import zxingcpp

_SQUARES = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}


def read_qr(shown: str) -> str:
    """Returns what an app reads from it; nothing if it finds no code."""
    rows: list[list[int]] = []
    for line in re.findall("\x1b\\[97;40m(.*?)\x1b\\[0m", shown):
        rows += [[_SQUARES[letter][half] for letter in line] for half in (0, 1)]
    if not rows:
        return ""
    picture = np.kron(np.array(rows, np.uint8), np.ones((6, 6), np.uint8))
    found: Any = zxingcpp.read_barcode(picture)
    return str(found.text) if found else ""
