"""The watcher sees every change, waits for quiet, and has the work done."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asyncinotify import Inotify
from pbx.tls import state, watch
from pbx.tls.places import Places
from pbx.tls.source import signature

from fixtures.traefik import rewrite


@pytest.fixture
def inotify() -> Iterator[Inotify]:
    with Inotify(sync_timeout=5) as inotify:
        yield inotify


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    return tmp_path / "acme" / "acme.json"


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("new")
    other.rename(path)


def test_a_file_that_appears_is_seen(inotify: Inotify, acme: Path) -> None:
    acme.parent.mkdir()
    watch.watch(inotify, acme)
    rewrite(acme, b"{}")
    assert inotify.sync_get() is not None


def test_a_folder_that_appears_is_seen(inotify: Inotify, acme: Path) -> None:
    watch.watch(inotify, acme)
    acme.parent.mkdir()
    assert inotify.sync_get() is not None
    watch.watch(inotify, acme)
    rewrite(acme, b"{}")
    assert inotify.sync_get() is not None


@pytest.mark.parametrize(
    "change", [lambda path: rewrite(path, b"{}"), replace, lambda path: path.chmod(0o640)]
)
def test_a_change_is_seen_each_time(
    inotify: Inotify, acme: Path, change: Callable[[Path], None]
) -> None:
    acme.parent.mkdir()
    acme.write_text("old")
    for _ in range(2):
        watch.watch(inotify, acme)
        inotify.sync_timeout = 5
        change(acme)
        assert inotify.sync_get() is not None
        inotify.sync_timeout = 0
        while inotify.sync_get():
            pass


def test_a_file_mounted_alone_is_seen_though_its_folder_is_not(
    inotify: Inotify, acme: Path, tmp_path: Path
) -> None:
    acme.parent.mkdir()
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    os.link(outside, acme)  # one file in two folders, as a mount is
    watch.watch(inotify, acme)
    rewrite(outside, b"{ }")
    assert inotify.sync_get() is not None


def test_others_in_the_folder_who_only_write_do_not_wake_it(inotify: Inotify, acme: Path) -> None:
    acme.parent.mkdir()
    log = acme.with_name("access.log")
    log.touch()
    watch.watch(inotify, acme)
    log.write_text("much")
    inotify.sync_timeout = 0
    assert inotify.sync_get() is None


def test_it_waits_until_nobody_writes(
    inotify: Inotify, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.parent.mkdir()
    acme.write_text("")
    monkeypatch.setattr(watch, "QUIET_SECONDS", 0.5)
    pieces = 5

    def write() -> None:
        with acme.open("a") as file:
            for _ in range(pieces):
                before = signature(acme)
                while signature(acme) == before:
                    file.write("x")
                    file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    seen = watch.await_quiet(inotify, acme)
    writer.join()
    assert seen == signature(acme)


def test_it_does_not_wait_for_ever(
    inotify: Inotify, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.parent.mkdir()
    acme.write_text("")
    monkeypatch.setattr(watch, "MAX_UNQUIET_SECONDS", 0.0)
    monkeypatch.setattr(watch, "watch", lambda *_: rewrite(acme, b"{}"))
    watch.add(inotify, acme, watch._OF_FILE)
    assert len(watch.await_quiet(inotify, acme)) == 5


class EnoughError(Exception):
    """Ends the loop of a test."""


@pytest.fixture
def container(tmp_path: Path, acme: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what runs in a container whose entrypoint has looked at ACME_FILE."""
    (tmp_path / "asterisk").mkdir()
    acme.parent.mkdir()
    for name in ("DOCKER_ACME_SSL_DIR", "DOCKER_AST_SSL_DIR", "DOCKER_RUN_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("ACME_FILE", str(acme))
    state.save(tmp_path / "asterisk", state.State(signature(acme), time.time() + 3600))
    return tmp_path / "asterisk"


def runs(monkeypatch: pytest.MonkeyPatch, results: list[float], then: Callable[[], None]) -> None:
    """Has the work be done in name only: each time gives the next due time, at last it ends."""

    def refresh(_: Places) -> float:
        if not results:
            raise EnoughError
        then()
        return results.pop(0)

    monkeypatch.setattr(watch, "refresh", refresh)


def test_what_the_entrypoint_did_is_not_done_again(
    container: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert container.exists()
    waited: list[float | None] = []

    def wait(self: Inotify) -> None:
        waited.append(self.sync_timeout)
        raise EnoughError

    monkeypatch.setattr(Inotify, "sync_get", wait)
    with pytest.raises(EnoughError):
        watch.main()
    assert waited == [watch.POLL_SECONDS]


def test_each_change_is_worked_on_once(
    container: Path, acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One while it works, too."""
    assert container.exists()
    rewrite(acme, b"{}")
    monkeypatch.setattr(watch, "QUIET_SECONDS", 0.01)
    done: list[list[int]] = []

    def then() -> None:
        done.append(signature(acme))
        if len(done) < 3:
            rewrite(acme, b"{}" * len(done))
        else:
            monkeypatch.setattr(watch, "add", enough)

    def enough(*_: object) -> bool:
        raise EnoughError

    runs(monkeypatch, [time.time() + 3600] * 3, then)
    with pytest.raises(EnoughError):
        watch.main()
    assert len(done) == 3


def test_it_works_when_that_is_due(container: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.save(container, state.State([], time.time()))
    monkeypatch.setattr(watch, "QUIET_SECONDS", 0.01)
    runs(monkeypatch, [time.time() + 0.2, time.time()], lambda: None)
    with pytest.raises(EnoughError):
        watch.main()


@pytest.mark.parametrize(
    ("status", "due", "soon"), [(0, 60.0, True), (0, 0.0, False), (1, 60.0, False)]
)
def test_what_failed_is_tried_again_later(
    container: Path, monkeypatch: pytest.MonkeyPatch, status: int, due: float, soon: bool
) -> None:
    now = time.time()
    state.save(container, state.State([], due and now + due))
    monkeypatch.setattr("sys.executable", "/bin/false" if status else "/bin/true")
    again = watch.refresh(Places.of(os.environ)) - now
    assert again == pytest.approx(60 if soon else watch.AGAIN_SECONDS, abs=5)
