"""The command minivm-send, and the service that tries again."""

from __future__ import annotations

from typing import cast

import pytest

from factory.waiting import wait_for
from tests.pbx import Pbx

from .conftest import Start

pytestmark = pytest.mark.image("base")
once = pytest.mark.image("base", once=True)

MAIL = "printf 'To: bob@example.com\\n\\nhello\\n'"
NOBODY = "127.0.0.1:1"


def status(pbx: Pbx, script: str) -> tuple[int, str]:
    result = pbx.container.exec_run(["sh", "-c", script])
    return cast(int, result.exit_code), cast(bytes, result.output).decode()


@pytest.fixture
def own(start: Start) -> Pbx:
    return start(environment={"SYSLOG_LEVEL": "5"})


@once
@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        (f"{MAIL} | minivm-send -H {NOBODY}", 75, "Connection refused"),
        (f"{MAIL} | minivm-send -H {NOBODY} -P startls", 64, "startls"),
        (f"{MAIL} | minivm-send", 64, "no mail server"),
        (f"minivm-send -H {NOBODY} < /dev/null", 65, "recipient"),
        (f"{MAIL} | DOCKER_SPOOL_DIR=/dev/null minivm-send -H {NOBODY}", 74, "cannot be queued"),
    ],
)
def test_mail_command_reports_the_result(own: Pbx, script: str, code: int, text: str) -> None:
    found, output = status(own, script)
    assert found == code
    assert text in output
    assert "Traceback" not in output
    kept = "bob@example.com" in own.run("minivm-send --queue")
    assert kept == (code in (64, 75))


@once
def test_mail_of_root_belongs_to_user_asterisk(own: Pbx) -> None:
    status(own, f"{MAIL} | minivm-send -H {NOBODY}")
    owners = own.run("stat -c '%U %a' /var/spool/asterisk/mail /var/spool/asterisk/mail/*/*")
    assert owners.splitlines() == ["asterisk 700", "asterisk 600", "asterisk 600"]


def test_mail_service_runs_as_user_asterisk_and_retries(own: Pbx) -> None:
    pid = own.run("sv status voicemail").partition("(pid ")[2].partition(")")[0]
    assert "Uid:\t200\t200\t200\t200" in own.run(f"cat /proc/{pid}/status")
    status(own, f"{MAIL} | minivm-send -H {NOBODY}")
    own.run('sed -i -E \'s/"due": [0-9.]+/"due": 0/\' /var/spool/asterisk/mail/*/state.json')
    wait_for(
        own.logs,
        lambda text: (
            "minivm-send: mail to bob@example.com is queued, next attempt in 2 min" in text
        ),
        seconds=20,
        otherwise="the service did not try again",
    )
