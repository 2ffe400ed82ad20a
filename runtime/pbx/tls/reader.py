"""Reads files that user asterisk may not read, and passes on what this container needs of them.

The only part of the certificates component that holds a capability (DAC_OVERRIDE): it opens the
files that its arguments name, and does nothing else with it; it writes nothing but its standard
output, and takes no input. What the files contain is looked at by a child process that has given up
the capability, and whose memory user asterisk cannot read: other sites' keys are in it.

usage: python3 -m pbx.tls.reader [--once] ACME_FILE [CERTIFICATE KEY]

Writes a frame (given.py) at once, and, without --once, at each change. Ends when nobody reads.
Stays in memory, hence imports little.
"""

import ctypes
import os
import select
import sys
import time

from pbx.tls.guarded import (
    MAX_BYTES,
    ChangeableError,
    NotAFileError,
    explain,
    open_guarded,
    open_mounted,
)

QUIET_SECONDS, MAX_UNQUIET_SECONDS = 0.3, 10.0
POLL_SECONDS = 60.0
"""Network filesystems do not report changes, hence a look from time to time."""
RETRY_SECONDS, TIMEOUT_SECONDS, TIMEOUT_AT_START_SECONDS = 0.3, 5.0, 1.0
"""Files are rewritten in place, certificates before keys: half of it is read again."""

WHOLE, HALF = 0, 75
CHUNK = 1024 * 1024

# <sys/inotify.h>: what of a folder, and of a file, is a reason to look again.
IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_TO, IN_CREATE = 0x2, 0x4, 0x8, 0x80, 0x100
OF_FOLDER, OF_FILE = (
    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE,
    IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB,
)
# <linux/prctl.h>, <linux/capability.h>
PR_SET_DUMPABLE = 4
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)

Look = tuple[tuple[bytes | None, str, str], ...]
"""Of each file: its contents, why there are none, and who could change where it leads."""


class UselessError(Exception):
    """The file cannot be used; the message says why."""


def main() -> int:
    """Run until nobody reads any more; return the exit status."""
    once = "--once" in sys.argv[1:]
    paths = [argument for argument in sys.argv[1:] if argument != "--once"]
    paths += [""] * (3 - len(paths))
    sent: int | None = None
    while True:
        events = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        deadline = time.monotonic() + (TIMEOUT_AT_START_SECONDS if once else TIMEOUT_SECONDS)
        while True:
            look = tuple(_look(path, events) for path in paths)
            changeable = any(yours for _, _, yours in look)
            # A digest; what user asterisk reads itself may have changed unseen.
            seen = None if changeable else hash(look)
            if seen is not None and seen == sent:
                break
            last = time.monotonic() >= deadline
            status = _pass_on(look, last=last)
            if status == WHOLE:
                sent = seen
                break
            if status != HALF or last:
                return 1
            time.sleep(RETRY_SECONDS)
        if once:
            return 0
        del look
        if not _await_change(events):
            return 0
        os.close(events)


def _look(path: str, events: int) -> tuple[bytes | None, str, str]:
    """Read a file, and have its folders and itself watched."""
    data, problem, changeable = None, "", ""
    try:
        if path:
            data = _read(path, events)
    except (FileNotFoundError, NotADirectoryError):
        pass  # normal before Traefik's first certificate
    except ChangeableError as error:
        changeable = str(error)
    except UselessError as error:
        problem = str(error)
    except NotAFileError:
        problem = "it is no file"
    except PermissionError:
        problem = "it cannot be read: give the container the capability DAC_OVERRIDE"
    except OSError as error:
        problem = explain(error)
    return data, problem, changeable


def _read(path: str, events: int) -> bytes:
    try:
        file = open_guarded(path, lambda folder: _watch(events, folder, OF_FOLDER))
    except ChangeableError:
        mounted = open_mounted(path)
        if mounted is None:
            raise
        file = mounted
    try:
        _watch(events, file, OF_FILE)
        if os.fstat(file).st_nlink == 0:
            raise UselessError(
                "it was replaced outside, where this container does not see it: "
                "mount its folder, not the file alone"
            )
        return _contents(file)
    finally:
        os.close(file)


def _contents(file: int) -> bytes:
    """Return at most one byte more than is of use; what is larger is refused later."""
    data = bytearray()
    while len(data) <= MAX_BYTES and (part := os.read(file, CHUNK)):
        data += part
    return bytes(data[: MAX_BYTES + 1])


def _watch(events: int, descriptor: int, mask: int) -> None:
    """Watch what is open; what cannot be watched is looked at once a minute."""
    _libc.inotify_add_watch(events, f"/proc/self/fd/{descriptor}".encode(), mask)


def _await_change(events: int) -> bool:
    """Wait for a change, and until nobody writes; say whether somebody reads what is written."""
    poll = select.poll()
    if events >= 0:
        poll.register(events, select.POLLIN)
    poll.register(1, 0)  # an error, if the other end is closed
    seconds, deadline = POLL_SECONDS, time.monotonic() + POLL_SECONDS
    while time.monotonic() < deadline:
        ready = dict(poll.poll(seconds * 1000))
        if 1 in ready:
            return False
        if events not in ready:
            break
        if seconds == POLL_SECONDS:
            seconds, deadline = QUIET_SECONDS, time.monotonic() + MAX_UNQUIET_SECONDS
        try:
            while os.read(events, 65536):
                pass
        except BlockingIOError:
            pass
    return True


def _pass_on(look: Look, *, last: bool) -> int:
    """Have a child without the capability pass on what is needed; return its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _give_up_rights()
            status = _sift(look, last=last)
        except BrokenPipeError:
            pass  # nobody reads any more
        except BaseException:  # noqa: BLE001 - this process has to end here, whatever happens
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _give_up_rights() -> None:
    """Keep user asterisk from reading this process's memory, then give up all capabilities.

    In this order: as long as this process has a capability that user asterisk has not, that user
    cannot trace it (ptrace(2), access mode checks), afterwards since it is not dumpable.
    """
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) or _libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


def _sift(look: Look, *, last: bool) -> int:
    # They import cryptography, which is large: only the short-lived child needs it.
    from pbx.tls import given, sieve  # noqa: PLC0415

    acme, certificate, key = (sieve.Found(*found) for found in look)
    passed, whole = sieve.sift(acme, certificate, key, sieve.Wanted.of(os.environ))
    if not whole and not last:
        return HALF
    frame = memoryview(given.encode(passed))
    while frame:
        frame = frame[os.write(1, frame) :]
    return WHOLE


if __name__ == "__main__":
    sys.exit(main())
