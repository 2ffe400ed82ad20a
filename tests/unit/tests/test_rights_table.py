"""The table of rights in the manual, and what the kernel says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rights_table import (
    NAMES,
    Process,
    capabilities_of,
    differences,
    read_rights,
)

MANUAL = """
| service | user | capabilities | no_new_privs | writes below |
| ------- | ---- | ------------ | ------------ | ------------ |
| supervisors | root | the container's | no | `/` |
| autoban | asterisk | net_admin | yes | `/srv`, `/run/autoban` |
| autoban: reader | asterisk | none | yes | `/srv` |

Text | with | a | bar | in it.
"""
USERS = {"root": 0, "asterisk": 200}
CONTAINER = frozenset({"chown", "net_admin"})


def process(pid: int, uid: int, *held: str, parent: int = 1, no_new_privs: bool = True) -> Process:
    return Process(
        pid, parent, f"p{pid}", f"p{pid} reader" if pid == 9 else "", frozenset({uid}),
        frozenset(held), no_new_privs,
    )  # fmt: skip


ROOT = process(1, 0, "chown", "net_admin", parent=0, no_new_privs=False)
AUTOBAN = process(5, 200, "net_admin")


@given(st.sets(st.sampled_from(range(len(NAMES)))))
def test_capabilities_of_a_mask_are_its_bits(bits: set[int]) -> None:
    assert capabilities_of(f"{sum(1 << bit for bit in bits):016x}") == {NAMES[bit] for bit in bits}


@pytest.mark.parametrize(
    ("found", "container", "words"),
    [
        ({"supervisors": [ROOT], "autoban": [AUTOBAN]}, CONTAINER, []),
        ({"supervisors": [ROOT], "autoban": [process(5, 200)]}, CONTAINER, ["has none"]),
        ({"supervisors": [ROOT], "autoban": [process(5, 0, "net_admin")]}, CONTAINER, ["users"]),
        ({"supervisors": [ROOT]}, CONTAINER, ["does not run"]),
        (
            {"supervisors": [ROOT], "autoban": [AUTOBAN], "new": [ROOT]},
            CONTAINER,
            ["not in the table"],
        ),
        (
            {"supervisors": [ROOT], "autoban": [process(5, 200, "net_admin", no_new_privs=False)]},
            CONTAINER,
            ["no_new_privs"],
        ),
    ],
)
def test_differences_are_a_line_each(
    found: dict[str, list[Process]], container: frozenset[str], words: list[str]
) -> None:
    lines = differences(read_rights(MANUAL), found, USERS, container)
    assert len(lines) == len(words)
    assert all(word in line for word, line in zip(words, lines, strict=True))
