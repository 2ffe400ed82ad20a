"""Shows that a ban really drops packets: a test client sends some from its own network namespace.

It has to get answers before and after the ban, and none during it. Its packets arrive through a
network interface that exists for this test only.
"""

import re
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

HERE, THERE, BITS = "198.51.100.1", "198.51.100.2", 30  # TEST-NET-2 (RFC 5737)
INTERFACE = "autoban0"
OK, FAILED = 0, 1
Ask = Callable[[Sequence[str]], dict[str, Any]]

# Runs in the client's namespace: prints a line when it has started, reads the name of its interface
# and brings that up, and then sends "hello" for each line and prints the answer.
_CLIENT = f"""
import socket, subprocess, sys
print("here", flush=True)
name = sys.stdin.readline().strip()
subprocess.run(["ip", "addr", "add", "{THERE}/{BITS}", "dev", name], check=True)
subprocess.run(["ip", "link", "set", name, "up"], check=True)
print("up", flush=True)
for port in sys.stdin:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(0.5)
        answer = b""
        for _ in range(4):
            line.sendto(b"hello", ("{HERE}", int(port)))
            try:
                answer = line.recv(100)
                break
            except OSError:
                pass
        print(answer.decode(), flush=True)
"""


class CannotError(Exception):
    """The test is not possible here; the text says why."""


def verify(ask: Ask) -> int:
    """Run the test; print the results, and return the exit status.

    Args:
        ask: Asks the service; see pbx.core.control_client.
    """
    if reason := ask(["show"])["watching_only"]:
        print(f"nothing is dropped, AutoBan is watching only: {reason}")
        return FAILED
    try:
        with _test_client() as is_answered:
            return _try(ask, is_answered)
    except CannotError as error:
        print(
            f"this cannot be tested here: {error}.\nA network namespace takes SYS_ADMIN, which no "
            "PBX should have: start one more container with --cap-add NET_ADMIN --cap-add "
            "SYS_ADMIN to test it there, or see in `autoban stats` what was dropped."
        )
        return FAILED


def _try(ask: Ask, is_answered: Callable[[], bool]) -> int:
    well = True
    try:
        for verb, title, wanted in (
            ("", "before the ban", True),
            ("add", "banned", False),
            ("del", "unbanned", True),
        ):
            if verb:
                ask([verb, "jail", "=", THERE])
            answered = is_answered()
            well &= answered == wanted
            verdict = "ok" if answered == wanted else "FAIL"
            print(f"{verdict:4}  {title}: the test client gets {'an' if answered else 'no'} answer")
    finally:
        ask(["del", "all", "=", THERE])
    return OK if well else FAILED


@contextmanager
def _test_client() -> Iterator[Callable[[], bool]]:
    """Start the client; yield a function that has it send, and returns whether it got an answer."""
    command = ["unshare", "-n", sys.executable, "-IBc", _CLIENT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            _expect(process, "here")
            _run("ip", "link", "add", INTERFACE, "type", "veth")
            try:
                peer = re.search(rf"(\w+)@{INTERFACE}\b", _run("ip", "link"))
                if not peer:
                    raise CannotError("the interface has no other end")
                _run("ip", "link", "set", peer[1], "netns", str(process.pid))
                _run("ip", "addr", "add", f"{HERE}/{BITS}", "dev", INTERFACE)
                _run("ip", "link", "set", INTERFACE, "up")
                _send_line(process, peer[1])
                _expect(process, "up")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
                    ear.bind((HERE, 0))
                    yield lambda: _hello(process, ear)
            finally:
                _run("ip", "link", "del", INTERFACE)
        finally:
            process.kill()


def _hello(process: subprocess.Popen[str], ear: socket.socket) -> bool:
    """Have the client send until it gets an answer or gives up; return which."""
    _send_line(process, str(ear.getsockname()[1]))
    while True:
        ready, _, _ = select.select([ear.fileno(), _number(process.stdout)], [], [])
        if ear.fileno() not in ready:
            return bool(_line(process.stdout).strip())
        _, sender = ear.recvfrom(100)
        try:
            ear.sendto(b"hello yourself", sender)
        except PermissionError:
            continue  # the kernel drops answers, too: this packet came before the ban


def _send_line(process: subprocess.Popen[str], text: str) -> None:
    if process.stdin:
        process.stdin.write(f"{text}\n")
        process.stdin.flush()


def _expect(process: subprocess.Popen[str], word: str) -> None:
    if _line(process.stdout).strip() != word:
        raise CannotError(_line(process.stderr).strip() or "the test client did not start")


def _number(stream: IO[str] | None) -> int:
    return stream.fileno() if stream else -1


def _line(stream: IO[str] | None) -> str:
    return stream.readline() if stream else ""


def _run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise CannotError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout
