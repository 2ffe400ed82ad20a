"""What tests of WebSMS share."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from urllib.parse import urlencode

from factory.waiting import wait_for
from fixtures.itsp import Provider
from tests.pbx import Pbx

_CONFIGURATION = "/etc/asterisk/websms.conf"
_QUEUE = "[astqueue]\nchannel_context = dp_entry_answer\ncontext = dp_entry_text_in\n"
_FORGET = """
import sqlite3
with sqlite3.connect("/var/spool/websms/websms.db") as database:
    for table in ("inbox", "outbox"):
        database.execute(f"DELETE FROM {table}")
"""
OUTSIDE = "+12025550199"
"""A number that is nobody's here."""


class WebSmsSettings:
    """How a PBX sends and takes texts, for the time of a test."""

    def __init__(self, pbx: Pbx, provider: Provider) -> None:
        self.provider = provider
        self._pbx = pbx
        self._before = pbx.run(f"cat {_CONFIGURATION} 2> /dev/null || true")

    def send(self, **keys: str) -> None:
        """Sends to the provider in a way of one's own."""
        self.use(f"[websms]\n{self.lines(keys)}")

    def lines(self, keys: Mapping[str, str], index: str = "") -> str:
        """Lines of [websms]: to the provider, with its password, and the keys."""
        login = self.provider.login
        known = {
            "url_host": f"http://{self.provider.name}",
            "auth_user": login.user,
            "auth_secret": login.secret,
        }
        bracket = f" [{index}]" if index else ""
        return "".join(f"{key}{bracket} = {value}\n" for key, value in {**known, **keys}.items())

    def use(self, text: str) -> None:
        """Works with a configuration, to which [astqueue] is added."""
        self._write(f"{text}\n{_QUEUE}")
        self.restart()

    def restart(self) -> None:
        """Starts the service anew, and waits until it answers."""
        self._pbx.run("sv restart websms")
        await_service(self._pbx)

    def restore(self) -> None:
        """Puts the configuration back, and forgets what still waits."""
        self._write(self._before)
        self._pbx.run("sv stop websms")
        self._pbx.run(f"python3 -Ic '{_FORGET}'", user="asterisk")
        self._pbx.run("sv start websms")

    def _write(self, text: str) -> None:
        self._pbx.run(f"cat > {_CONFIGURATION} << 'END'\n{text}\nEND\n")


def post(pbx: Pbx, fields: dict[str, str]) -> int:
    """Posts a message from outside; returns the status, 0 if there was no answer."""
    connection = http.client.HTTPConnection(pbx.address(), 80, timeout=5)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        connection.request("POST", "/", urlencode(fields), headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def await_service(pbx: Pbx) -> None:
    """Waits until WebSMS answers."""
    wait_for(
        lambda: pbx.container.exec_run(["websms", "queue"]).exit_code == 0,
        seconds=10,
        otherwise="WebSMS does not answer",
    )


def kill_service(pbx: Pbx) -> None:
    """Kills WebSMS without a warning, and waits until it is back."""
    pbx.run("sv kill websms")
    await_service(pbx)


def await_queue(pbx: Pbx, text: str) -> str:
    """Waits until what waits is shown with a text; returns the list."""
    return wait_for(
        lambda: pbx.run("websms queue"),
        lambda shown: text in shown,
        seconds=15,
        otherwise=f"the queue does not show '{text}'",
    )
