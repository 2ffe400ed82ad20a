"""Which machine this is: figures of another one say nothing about a change."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_CPU = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What figures depend on.

    Attributes:
        cpu: Model of the processor, or its architecture where the kernel names none.
        cores: How many of them.
    """

    cpu: str
    cores: int

    def __str__(self) -> str:
        return f"{self.cpu}, {self.cores} cores"


def this_machine() -> Machine:
    """Asks the kernel."""
    text = _CPU.read_text() if _CPU.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return Machine(model[1].strip() if model else platform.machine(), os.cpu_count() or 1)
