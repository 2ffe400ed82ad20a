"""Hypothesis strategies for what an attacker plants. Pure: the same tree gives the same plants."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.hostile.plants import Kind, Plant, compatible

FOLDERS_OF_ROOT = (
    "/etc/entrypoint.d",
    "/etc/exitpoint.d",
    "/etc/health.d",
    "/etc/service",
    "/etc/service/syslogd",
    "/usr/lib/python3/dist-packages",
    "/usr/local/bin",
    "/usr/local/lib/pbx",
    "/usr/share/asterisk/config",
    "/run/pbx",
    "/root",
    "/secret",
    "/acme",
    "/etc",
    "/",
    "/proc/1/root/etc/health.d",
    "/proc/self/fd",
    "/dev",
)
"""Where root executes, or keeps, something."""

FILES_OF_ROOT = (
    "/root/canary",
    "/secret/key",
    "/acme/acme.json",
    "/etc/passwd",
    "/etc/hosts",
    "/etc/service/syslogd/run",
    "/etc/health.d/10-asterisk",
    "/usr/local/lib/pbx/core.sh",
    "/run/pbx/entrypoint.pid",
    "/proc/1/environ",
    "/proc/1/mem",
    "/proc/kmsg",
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/stdin", "/dev/tty")
DANGLING = (
    "/etc/entrypoint.d/99-planted",
    "/etc/health.d/99-planted",
    "/etc/service/planted",
    "/usr/lib/python3/dist-packages/planted.pth",
    "/usr/local/bin/planted",
    "/nowhere/planted",
    "planted.next",
)
NEW_NAMES = (
    ".seeded",
    ".seeding",
    ".upgraded",
    ".sample",
    ".before-upgrade-1",
    "private",
    "certs",
    "cert.pem",
    "priv_key.pem",
    "kept-1.pem",
    "new.conf",
    "mail",
    "run",
    "sitecustomize.py",
    "planted.pth",
    "-rf",
    "a b",
    "$(touch x)",
    "it's",
    "*",
    "two\nlines",
    "Ünïcode",
)
"""Names that the programs make themselves, and those that a careless script trips over."""

_WITHOUT_TARGET = [kind for kind in Kind if kind not in (Kind.LINK, Kind.HARD_LINK)]


def batches(
    folders: Sequence[str], files: Sequence[str], size: int = 16
) -> SearchStrategy[list[Plant]]:
    """Returns a strategy of plants that can be there at the same time.

    Args:
        folders: Absolute paths of the folders in which user asterisk may do as it likes, and of
            those below; sorted, so that the same tree gives the same plants.
        files: Absolute paths of the files there, likewise.
        size: The most plants of a batch.
    """
    return st.lists(plants(folders, files), min_size=size // 2, max_size=size).map(compatible)


def plants(folders: Sequence[str], files: Sequence[str]) -> SearchStrategy[Plant]:
    """Returns a strategy of single plants in such a tree."""
    new = st.builds("{}/{}".format, st.sampled_from(folders), st.sampled_from(NEW_NAMES))
    paths = st.one_of(st.sampled_from([*files, *folders]), new)
    targets = st.sampled_from([*FOLDERS_OF_ROOT, *FILES_OF_ROOT, *DEVICES, *DANGLING])
    return st.one_of(
        st.builds(Plant, paths, st.just(Kind.LINK), targets),
        st.builds(Plant, paths, st.just(Kind.HARD_LINK), st.sampled_from(files)),
        st.builds(Plant, paths, st.sampled_from(_WITHOUT_TARGET)),
    )


def examples(strategy: SearchStrategy[list[Plant]], count: int) -> list[list[Plant]]:
    """Returns so many batches of a strategy, always the same ones.

    Each is tried in containers, for half a minute: nothing is shrunk, the messages name the path.
    """
    found: list[list[Plant]] = []

    @settings(
        max_examples=count + 1,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(batch: list[Plant]) -> None:
        found.append(batch)

    collect()
    return found[1 : count + 1]  # the first one is the simplest of all
