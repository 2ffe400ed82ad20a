"""The queue on disk: complete mails only, for their owner alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.voicemail import queue as queue_module
from pbx.voicemail.queue import Queue
from pbx.voicemail.state import MailState

STATE = MailState(1.0, 1.0, ("bob@example.com",))


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "mail")


@given(came=st.lists(st.integers(0, 4_000_000_000), unique=True), message=st.binary())
def test_queue_returns_mails_as_they_came_the_oldest_first(
    tmp_path_factory: pytest.TempPathFactory, came: list[int], message: bytes
) -> None:
    queue = Queue(tmp_path_factory.mktemp("spool") / "mail")
    for moment in came:
        queue.add(message, MailState(moment, moment, ()))
    assert [mail.state.came for mail in queue] == sorted(came)
    assert all(mail.message == message for mail in queue)


def test_queue_leaves_out_a_mail_half_written(tmp_path: Path, queue: Queue) -> None:
    (tmp_path / "mail" / ".0000000001000-aaaa").mkdir(parents=True)
    (tmp_path / "mail" / ".0000000001000-aaaa" / "message.eml").touch()
    (tmp_path / "mail" / "0000000001000-bbbb").mkdir()
    assert list(queue) == []


def test_queue_has_a_mail_or_not_when_the_program_is_killed(tmp_path: Path, root: Path) -> None:
    program = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from pbx.voicemail import queue
        from pbx.voicemail.state import MailState
        left = int(sys.argv[2])
        def falter(call):
            def do(*arguments):
                global left
                if left == 0:
                    os.kill(os.getpid(), 9)
                left -= 1
                return call(*arguments)
            return do
        queue.write_new = falter(queue.write_new)
        queue.sync_folder = falter(queue.sync_folder)
        Path.rename = falter(Path.rename)
        queue.Queue(Path(sys.argv[1])).add(b"whole", MailState(1.0, 1.0, ("bob@example.com",)))
    """)
    kept = []
    for moment in range(6):
        folder = tmp_path / str(moment)
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder), str(moment)],
            env={"PYTHONPATH": str(root / "runtime")},
            check=False,
        )
        assert done.returncode in (-signal.SIGKILL, 0)
        kept.append([(mail.message, mail.state) for mail in Queue(folder)])
    assert kept == [[]] * 4 + [[(b"whole", STATE)]] * 2


@pytest.mark.parametrize("moment", range(4))
def test_queue_has_no_mail_that_it_could_not_keep(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    left = iter(range(moment + 1))
    for name in ("write_new", "sync_folder"):

        def fail_at_last(*arguments: object, call: object = getattr(queue_module, name)) -> None:
            if next(left) == moment:
                raise OSError(28, "No space left on device")
            call(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(queue_module, name, fail_at_last)
    with pytest.raises(OSError, match="No space"):
        queue.add(b"whole", STATE)
    assert list((tmp_path / "mail").iterdir()) == []


def test_queue_is_for_its_owner_alone(queue: Queue, tmp_path: Path) -> None:
    mail = queue.add(b"whole", STATE)
    assert (tmp_path / "mail").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in mail.folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["0000000001500-aaaa", "by hand"])
def test_queue_shows_a_mail_without_a_state(queue: Queue, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mail" / name
    folder.mkdir(parents=True)
    (folder / "message.eml").write_bytes(b"whole")
    (mail,) = queue
    assert (mail.state.came, mail.message) == (1.5 if name[0] == "0" else 0, b"whole")
    assert "state.json cannot be read" in mail.state.reason
