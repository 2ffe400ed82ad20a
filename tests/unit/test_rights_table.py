"""The table of rights in the manual, and what the kernel says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rights_table import (
    NAMES,
    Process,
    Rights,
    by_service,
    capabilities_of,
    differences,
    read_processes,
    read_rights,
    read_table,
    unlisted,
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


def test_the_table_is_read() -> None:
    supervisors, autoban, _ = read_rights(MANUAL)
    assert supervisors == Rights("supervisors", "root", None, False, ("/",))
    held = frozenset({"net_admin"})
    assert autoban == Rights("autoban", "asterisk", held, True, ("/srv", "/run/autoban"))


@pytest.mark.parametrize(
    ("text", "words"), [("", "there is no table"), ("|a|b|\n|-|-|\n|1|\n", "not 2 cells")]
)
def test_no_such_table_is_an_error(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_table(text, "a", "b")


STATUS = """Name:\tpython3
Pid:\t5
PPid:\t1
Uid:\t200\t200\t200\t200
CapPrm:\t0000000000001000
CapEff:\t0000000000001000
CapAmb:\t0000000000001000
NoNewPrivs:\t1
Command:\tpython3 x
Name:\tsh
Pid:\t1
PPid:\t0
Uid:\t0\t0\t0\t200
CapPrm:\t0000000000000003
CapEff:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t0
Command:\tsh
"""


def test_processes_are_read() -> None:
    first, second = read_processes(STATUS)
    net_admin = frozenset({"net_admin"})
    assert first == Process(5, 1, "python3", "python3 x", frozenset({200}), net_admin, True)
    assert second.uids == {0, 200}
    assert second.capabilities == {"chown", "dac_override"}


@given(st.sets(st.sampled_from(range(len(NAMES)))))
def test_a_mask_names_each_of_its_bits(bits: set[int]) -> None:
    assert capabilities_of(f"{sum(1 << bit for bit in bits):016x}") == {NAMES[bit] for bit in bits}


def test_processes_belong_to_the_service_above_them() -> None:
    child, reader = process(7, 200, parent=5), process(9, 200, parent=5)
    found = by_service([ROOT, AUTOBAN, child, reader], {5: "autoban"}, ["autoban: reader"])
    assert found == {
        "supervisors": [ROOT],
        "autoban": [AUTOBAN, child],
        "autoban: reader": [reader],
    }


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
def test_each_difference_is_a_line(
    found: dict[str, list[Process]], container: frozenset[str], words: list[str]
) -> None:
    lines = differences(read_rights(MANUAL), found, USERS, container)
    assert len(lines) == len(words)
    assert all(word in line for word, line in zip(words, lines, strict=True))


def test_a_capability_that_the_container_lacks_is_not_wanted() -> None:
    root = process(1, 0, "chown", parent=0, no_new_privs=False)
    found = {"supervisors": [root], "autoban": [process(5, 200)]}
    assert differences(read_rights(MANUAL), found, USERS, frozenset({"chown"})) == []


def test_unlisted_paths_are_those_below_no_place() -> None:
    paths = ["/srv", "/srv/x", "/srvx", "/etc/x"]
    assert unlisted(paths, ["/srv", "/run/"]) == ["/srvx", "/etc/x"]
    assert unlisted(paths, ["/"]) == []
