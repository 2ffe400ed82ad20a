"""The command websms: what it understands, and what it says if something is wrong."""

from __future__ import annotations

import base64
from typing import cast

import pytest

from factory.waiting import wait_for
from tests.image.conftest import Start
from tests.pbx import Pbx

pytestmark = pytest.mark.image("base", only=True)

NUMBERS = ("+12025550199", "+12025550160")
CONFIGURATION = "/etc/asterisk/websms.conf"
NOWHERE = "[websms]\nurl_host = http://127.0.0.1:9\nexpire = 1s\n"


def said(pbx: Pbx, *words: str, user: str = "root") -> tuple[int, str]:
    result = pbx.container.exec_run(["websms", *words], user=user)
    return cast(int, result.exit_code), cast(bytes, result.output).decode()


def from_dialplan(pbx: Pbx, *words: str) -> tuple[int, str]:
    """Runs the command as Asterisk does, with the variables of AGI on standard input."""
    lines = (
        "agi_request: /usr/local/bin/websms\nagi_channel: Message/ast_msg_queue\n\n200 result=1\n"
    )
    encoded = base64.b64encode(lines.encode()).decode()
    script = 'echo "$1" | base64 -d | { shift; AST_AGI_DIR=/x exec websms "$@"; }'
    result = pbx.container.exec_run(["sh", "-c", script, "sh", encoded, *words], user="asterisk")
    return cast(int, result.exit_code), cast(bytes, result.output).decode()


def configure(pbx: Pbx, text: str) -> None:
    pbx.run(f"cat > {CONFIGURATION} << 'END'\n{text}\nEND\nsv restart websms")
    await_answer(pbx)


def await_answer(pbx: Pbx) -> None:
    wait_for(
        lambda: said(pbx, "queue")[0] == 0, seconds=10, otherwise="the service does not answer"
    )


@pytest.fixture
def own(start: Start) -> Pbx:
    """A PBX that has nobody to send to."""
    pbx = start(environment={"SYSLOG_LEVEL": "7"})
    configure(pbx, NOWHERE)
    return pbx


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_command_has_help(pbx: Pbx, word: str) -> None:
    status, text = said(pbx, word)
    assert status == 0
    for usage in ("websms TO FROM BODY [INDEX]", "websms queue", "websms test"):
        assert usage in text


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="nothing"),
        pytest.param(NUMBERS, id="no text"),
        pytest.param((*NUMBERS, "text", "index", "more"), id="too much"),
        pytest.param(("queue", "all"), id="queue with a word"),
        pytest.param(("test", "a", "b", "c"), id="test with three words"),
    ],
)
def test_command_reports_wrong_usage_in_one_line(pbx: Pbx, words: tuple[str, ...]) -> None:
    status, text = said(pbx, *words)
    assert status == 64
    assert text.startswith("websms: ")
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((NUMBERS[0], NUMBERS[1], ""), "the message is empty"),
        ((NUMBERS[0], NUMBERS[1], "a\x1bb"), "control character"),
        ((NUMBERS[0], NUMBERS[1], "x" * 6001), "6000 bytes"),
        (("+1202; rm", NUMBERS[1], "text"), "the recipient"),
        ((NUMBERS[0], "a\nb", "text"), "the sender"),
    ],
)
def test_what_may_not_be_sent_is_refused_before_it_is_kept(
    own: Pbx, words: tuple[str, ...], reason: str
) -> None:
    status, text = said(own, *words)
    assert status == 64
    assert reason in text
    assert text.count("\n") == 1
    assert said(own, "queue") == (0, "no pending messages\n")


def test_a_text_that_nobody_takes_is_not_sent(own: Pbx) -> None:
    status, text = said(own, *NUMBERS, "hello")
    assert (status, text) == (1, "not sent: 127.0.0.1 cannot be reached: Connection refused\n")
    configure(own, NOWHERE.replace("1s", "1h"))
    status, text = said(own, *NUMBERS, "hello")
    assert status == 75
    assert text == (
        "not sent yet, will be retried: 127.0.0.1 cannot be reached: Connection refused\n"
    )
    queue = said(own, "queue")[1]
    assert f"out  {NUMBERS[0]}" in queue
    assert "hello" not in queue
    assert "hello" not in own.logs()


def test_interfaces_are_chosen_by_name(own: Pbx) -> None:
    configure(
        own,
        "[websms]\nurl_host [one] = http://127.0.0.1:9\nurl_host [two] = http://127.0.0.1:7\n"
        "expire = 1s\n",
    )
    status, text = said(own, *NUMBERS, "hello", "three")
    assert status == 64
    assert "there is no interface 'three' in websms.conf; there are one, two" in text
    assert said(own, *NUMBERS, "hello", "two")[0] == 1
    assert "http://127.0.0.1:7/" in said(own, "test", "two", NUMBERS[0])[1]
    assert "http://127.0.0.1:9/" in said(own, "test")[1]


def test_command_reports_that_no_interface_can_send(own: Pbx) -> None:
    configure(own, "[websmsd]\nurl_path = /sms\n")
    for words in ((*NUMBERS, "hello"), ("test",)):
        status, text = said(own, *words)
        assert status in (1, 64)
        assert "does not say where to send, in [websms]" in text


def test_test_command_names_the_line_with_the_mistake(own: Pbx) -> None:
    own.run(f"printf '[websms]\\nurl_host = ftp://example.com\\n' > {CONFIGURATION}")
    status, text = said(own, "test")
    assert status == 1
    assert "websms.conf, line 2: url_host" in text


def test_dialplan_learns_that_a_message_was_refused(own: Pbx) -> None:
    assert from_dialplan(own, *NUMBERS, "hello", "") == (0, "")
    for words, reason in (
        ((*NUMBERS, ""), "the message is empty"),
        (NUMBERS, "AGI() needs TO, FROM and BODY, and takes INDEX"),
    ):
        assert from_dialplan(own, *words) == (0, f'SET VARIABLE WEBSMS_ERROR "{reason}"\n')
    own.run("sv stop websms")
    status, text = from_dialplan(own, *NUMBERS, "hello", "")
    assert status == 0
    assert text.startswith('SET VARIABLE WEBSMS_ERROR "WebSMS does not run (')
    status, text = said(own, *NUMBERS, "hello")
    assert status == 1
    assert text.startswith("websms: WebSMS does not run (")


def test_only_root_and_asterisk_may_send(own: Pbx) -> None:
    status, text = said(own, *NUMBERS, "hello", user="nobody")
    assert status == 1
    assert "only root and user asterisk may use this command" in text
    assert said(own, "queue", user="asterisk")[0] == 0


def test_the_command_starts_fast(own: Pbx) -> None:
    """Asterisk serves one text after the other, so each waits for the command."""
    own.run("websms queue")
    took = own.run(
        "python3 -Ic 'import subprocess, time; begin = time.monotonic();"
        '[subprocess.run(["websms", "help"], capture_output=True) for _ in range(10)];'
        "print(time.monotonic() - begin)'"
    )
    assert float(took) / 10 < 0.3
