"""How the tests of WebSMS ask its web server, and what they look at."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from factory.waiting import wait_for
from tests.pbx import Pbx

CONF = "/etc/asterisk/websms.conf"
QUEUE = "[astqueue]\nchannel_context = dp_entry_answer\ncontext = dp_entry_text_in\n"
OPEN = f"[websmsd]\n{QUEUE}"
TO, FROM = "+12025550160", "+12025550183"  # a user of the sample, whose phone is not there
FORM = "application/x-www-form-urlencoded"
ASK = (Path(__file__).parent / "http_inside.py").read_text()


@dataclass(frozen=True)
class Answer:
    """What came back: all bytes, and when the connection ended."""

    raw: bytes
    seconds: float

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1]) if self.raw else 0

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode()

    @property
    def body(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode()


class Poster:
    """Sends bytes to the web server, from inside the container."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def exchange(self, *requests: bytes, **how: Any) -> list[Answer]:
        """Sends each on a connection of its own, all at a time.

        Args:
            requests: What to send.
            how: `source`, an address of ours; `idle`, how many connections to open before, on
                which nothing is sent.
        """
        plan = {"requests": [base64.b64encode(x).decode() for x in requests], **how}
        packed = base64.b64encode(zlib.compress(json.dumps(plan).encode())).decode()
        result = self._pbx.container.exec_run(["python3", "-c", ASK, packed])
        output = cast(bytes, result.output).decode()
        assert result.exit_code == 0, output
        return [Answer(base64.b64decode(raw), seconds) for raw, seconds in json.loads(output)]

    def send(self, request: bytes, **how: Any) -> Answer:
        (answer,) = self.exchange(request, **how)
        return answer

    def post(self, fields: dict[str, str], **how: Any) -> Answer:
        return self.send(form(fields), **how)


def raw(method: str, target: str, headers: Sequence[str] = (), body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: sms.example", "Connection: close", *headers]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def form(fields: dict[str, str], target: str = "/", headers: Sequence[str] = ()) -> bytes:
    body = urlencode(fields).encode()
    return raw("POST", target, [f"Content-Type: {FORM}", *headers], body)


def fields(body: str = "hello", to: str = TO, sender: str = FROM) -> dict[str, str]:
    return {"To": to, "From": sender, "Body": body}


def configure(pbx: Pbx, text: str) -> None:
    pbx.run(f"cat > {CONF} << 'END'\n{text}\nEND\nsv restart websms")
    await_web(pbx)


def await_web(pbx: Pbx) -> None:
    probe = ["sh", "-c", "/etc/health.d/30-websms && websms queue"]
    wait_for(
        lambda: pbx.container.exec_run(probe).exit_code == 0,
        seconds=15,
        otherwise="the web server does not answer",
    )


def waiting(pbx: Pbx) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], json.loads(pbx.run("websms queue --json"))["messages"])


def lines(pbx: Pbx, text: str = "") -> list[str]:
    return [line for line in pbx.logs().splitlines() if " websms: " in line and text in line]


def websmsd(pbx: Pbx) -> str:
    return pbx.run("sv status websms | sed 's/^.*websms: (pid //; s/).*//'")


def kill(pbx: Pbx) -> None:
    """Kills the service, and waits until it is back; as if it had never happened before."""
    pbx.run(f"rm -f /run/pbx/websms.failures; kill -9 {websmsd(pbx)}")
    await_web(pbx)
