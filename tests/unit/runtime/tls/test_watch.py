"""The watcher has the work done when the reader says something, and when it is due."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pbx.tls import state, watch
from pbx.tls.digest import digest
from pbx.tls.given import Given, encode
from pbx.tls.paths import TlsPaths

FIRST, SECOND = encode(Given(problem="first")), encode(Given(problem="second"))
LATER = 4e9
"""A time that no run of the tests reaches, in seconds since 1970."""


class EnoughError(Exception):
    """Ends the loop of a test."""


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what runs in a container."""
    (tmp_path / "asterisk").mkdir()
    for name in ("DOCKER_ACME_SSL_DIR", "DOCKER_AST_SSL_DIR", "DOCKER_RUN_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("ACME_FILE", str(tmp_path / "acme/acme.json"))
    monkeypatch.setattr("sys.argv", ["watch", "--given"])
    return tmp_path / "asterisk"


@pytest.fixture
def reader() -> Iterator[int]:
    """What the reader writes to, which is standard input."""
    before = os.dup(0)
    read, write = os.pipe()
    os.dup2(read, 0)
    os.close(read)
    yield write
    os.dup2(before, 0)
    os.close(before)


def runs(monkeypatch: pytest.MonkeyPatch, results: list[float]) -> list[bytes]:
    """Has the work be done in name only: each time gives the next due time, at last it ends."""
    frames: list[bytes] = []

    def refresh(_: TlsPaths, frame: bytes) -> float:
        frames.append(frame)
        if not results:
            raise EnoughError
        return results.pop(0)

    monkeypatch.setattr(watch, "refresh", refresh)
    return frames


def done_before(container: Path, frame: bytes, due: float = LATER) -> None:
    state.save(container, state.RefreshState(digest(frame, TlsPaths.of(os.environ)), due))


def test_watch_does_not_repeat_what_the_start_did(
    container: Path, reader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done_before(container, FIRST)
    frames = runs(monkeypatch, [])
    os.write(reader, FIRST + SECOND)
    with pytest.raises(EnoughError):
        watch.main()
    assert frames == [SECOND]


def test_watch_has_each_change_worked_on_once(
    container: Path, reader: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert container.exists()
    frames = runs(monkeypatch, [LATER] * 9)
    os.write(reader, FIRST + FIRST + SECOND + SECOND + FIRST)
    os.close(reader)
    assert watch.main() == 1  # the reader has ended
    assert frames == [FIRST, SECOND, FIRST]


@pytest.mark.parametrize("cut", [0, 3, 8, len(FIRST) - 1])
def test_watch_ends_with_the_reader(
    container: Path, reader: int, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    assert container.exists()
    frames = runs(monkeypatch, [])
    os.write(reader, FIRST[:cut])
    os.close(reader)
    assert watch.main() == 1
    assert frames == []


def test_watch_refuses_what_would_fill_the_memory(container: Path, reader: int) -> None:
    assert container.exists()
    os.write(reader, b"\xff" * 8)
    with pytest.raises(ValueError, match="announced"):
        watch.main()


@pytest.mark.parametrize(
    ("status", "due", "soon"), [(0, 60.0, True), (0, 0.0, False), (1, 60.0, False)]
)
def test_what_failed_is_tried_again_later(
    container: Path, monkeypatch: pytest.MonkeyPatch, status: int, due: float, soon: bool
) -> None:
    now = time.time()
    state.save(container, state.RefreshState(0, due and now + due))
    monkeypatch.setattr("sys.executable", "/bin/false" if status else "/bin/true")
    again = watch.refresh(TlsPaths.of(os.environ), b"") - now
    assert again == pytest.approx(60 if soon else watch.AGAIN_SECONDS, abs=5)
