"""`pbx passwords` and `pbx user` in a container."""

from __future__ import annotations

import json
import re
from typing import cast

import pytest

from factory.waiting import wait_for
from tests.pbx import Pbx
from tests.terminal_qr import read_qr

from .conftest import Start

pytestmark = pytest.mark.image("base")
once = pytest.mark.image("base", once=True)

ENDPOINTS = "/etc/asterisk/pjsip_endpoint.conf"
READ_ONLY = {"read_only": True, "tmpfs": {"/run": "", "/tmp": ""}}
WARNING = re.compile(r"^.* pbx: .*weak password.*$", re.MULTILINE)

# What is easily read in another way than Asterisk does.
TRICKY = r"""
[w_term:tricky](!,w_term_io)
inbound_auth/password = shared-by-all
[plain](w_term:tricky)
hint_exten = +12025550101 ; a comment
[arrow](w_term:tricky) ; (w_term_i)
hint_exten => +12025550102;-- hidden --;
;-- [hidden](w_term:tricky)
hint_exten = +12025550103
;-- nested --; [hidden too](w_term:tricky)
--;
;[off](w_term:tricky)
;--- [off too](w_term:tricky) ---;
[semi](w_term:tricky)
hint_exten = 1\;2
[later](w_term:tricky)
[later](+)
hint_exten = +1202
hint_exten += 5550104
[two](w_term_i,w_term:tricky)
hint_exten = +12025550105 \
[twice](w_term:tricky)
hint_exten = +12025550106
hint_exten = +12025550107
#tryinclude "pjsip_more*.conf"
[last](w_term:tricky)
endpoint/callerid = last --; ends a comment that there is not
[hidden by that](w_term:tricky)
"""
MORE = "endpoint/callerid = still twice\n[more](w_term:tricky)\nhint_exten=+12025550108\n"


def ask(pbx: Pbx, command: str, user: str = "root") -> tuple[int, str, str]:
    """Runs a command; returns its exit status and what it printed to where."""
    result = pbx.container.exec_run(["sh", "-c", command], user=user, demux=True)
    out, err = cast(tuple[bytes | None, bytes | None], result.output)
    return cast(int, result.exit_code), (out or b"").decode(), (err or b"").decode()


def test_the_samples_have_strong_passwords(pbx: Pbx) -> None:
    assert ask(pbx, "pbx passwords") == (0, "no weak passwords\n", "")


@once
@pytest.mark.parametrize("user", ["root", "asterisk"])
def test_weak_passwords_are_listed_to_those_who_may_read(start: Start, user: str) -> None:
    pbx = start()
    pbx.run(f"sed -i '$s/password = .*/password = jane.doe/' {ENDPOINTS}")
    status, out, err = ask(pbx, "pbx passwords --json", user)
    assert (status, err) == (1, "")
    assert json.loads(out) == {
        "weak": [
            {
                "account": "jane.doe",
                "number": "+12025550183",
                "problem": "the same as its name or number",
            }
        ],
        "unread": [],
    }


@once
def test_a_start_warns_of_weak_passwords_in_one_line(start: Start, volume: str) -> None:
    mounted = {"volumes": {volume: {"bind": "/srv", "mode": "rw"}}}
    first = start(**mounted)
    first.run(f"sed -i 's/password = .*/password = secret/' {ENDPOINTS}")
    first.container.stop()
    pbx = start(**mounted)
    wait_for(lambda: WARNING.findall(pbx.logs()), seconds=10, otherwise="a start did not warn")
    (line,) = WARNING.findall(pbx.logs())
    assert line.endswith(
        "2 accounts have weak passwords: john.doe, jane.doe; type `pbx passwords` to see why"
    )


@once
@pytest.mark.parametrize(
    "damage",
    [
        f"head -c 100000 /dev/urandom > {ENDPOINTS}",
        f"truncate -s 1G {ENDPOINTS}",
        f"echo '#include pjsip_endpoint.conf' > {ENDPOINTS}",
        f"rm {ENDPOINTS}; mkfifo {ENDPOINTS}",
        f"rm {ENDPOINTS}; mkdir {ENDPOINTS}",
        "rm /etc/asterisk/pjsip_wizard.conf",
    ],
)
def test_commands_survive_any_configuration(start: Start, damage: str) -> None:
    pbx = start(**READ_ONLY)
    pbx.run(damage)
    for command in (
        "pbx passwords --log",
        "pbx passwords",
        "pbx user list",
        "pbx user add x +12025550101",
    ):
        status, _, err = ask(pbx, f"SYSLOG_LEVEL=8 timeout 20 {command}", "asterisk")
        assert status in (0, 1)
        assert "Traceback" not in err
        assert all(line.startswith("pbx: ") for line in err.splitlines())


@once
def test_what_the_commands_read_is_what_asterisk_reads(start: Start) -> None:
    pbx = start()
    pbx.run(f"cat > {ENDPOINTS} << 'END OF FILE'\n{TRICKY}\nEND OF FILE")
    pbx.run(f"printf '{MORE}' > /etc/asterisk/pjsip_more_users.conf")
    pbx.asterisk("module reload res_pjsip.so")
    wait_for(
        lambda: pbx.asterisk("pjsip show endpoint more"),
        lambda text: "Unable to find" not in text,
        seconds=10,
        otherwise="Asterisk did not take the file",
    )
    shown = pbx.asterisk("pjsip show endpoints")
    endpoints = set(re.findall(r"^ Endpoint:  ([^ /<]+)", shown, re.MULTILINE)) - {"healthcheck"}
    hints = dict(
        re.findall(
            r"^ *(\S+)@dp_lookup +: PJSIP/(\S+)", pbx.asterisk("core show hints"), re.MULTILINE
        )
    )
    listed = [line.split() for line in pbx.run("pbx user list").splitlines()]
    assert {words[0] for words in listed} == endpoints
    numbers = {words[1]: words[0] for words in listed if words[0] not in ("two", "last")}
    assert numbers == {number: name for number, name in hints.items() if name != "two"}
    assert {"plain", "arrow", "semi", "later", "twice", "more", "two", "last"} == endpoints


@pytest.mark.parametrize("user", ["root", "asterisk"])
def test_a_user_is_added(start: Start, user: str) -> None:
    pbx = start(hostname="pbx.example", **READ_ONLY)
    before = pbx.run(f"cat {ENDPOINTS}; echo .")[:-2]
    status, out, err = ask(pbx, "pbx user add ann +12025550177", user)
    assert (status, err) == (0, "")
    assert out.startswith("ann is added and can register\n\nserver        pbx.example\n")
    assert "transport     UDP port 5060, TCP port 5060, TLS port 5061\n" in out
    assert "\x1b" not in out
    assert "█" not in out
    assert "ann" in pbx.asterisk("pjsip show endpoint ann")
    assert pbx.run(f"cat {ENDPOINTS}").startswith(before.rstrip("\n"))
    assert pbx.run(f"stat -Lc '%U %G %a' {ENDPOINTS}") == "asterisk asterisk 640"
    assert pbx.run("ls -A /etc/asterisk/ | grep partial || true") == ""
    assert ask(pbx, "pbx passwords")[0] == 0


@once
def test_user_added_while_asterisk_is_stopped_exists_after_its_start(start: Start) -> None:
    pbx = start()
    pbx.run("sv stop asterisk")
    out = pbx.run("pbx user add ann +12025550177")
    assert out.startswith("ann is added; Asterisk does not run, and finds it when it starts\n")
    pbx.run("sv start asterisk")
    pbx.await_boot()
    assert "ann" in pbx.asterisk("pjsip show endpoint ann")


@once
def test_files_of_another_user_stay_theirs(start: Start) -> None:
    pbx = start()
    pbx.run(f"chown 12345:200 {ENDPOINTS}; chmod 640 {ENDPOINTS}")
    for user in ("asterisk", "root"):
        status, _, err = ask(pbx, "pbx user add ann +12025550177", user)
        assert status == 1
        assert err.startswith("pbx: cannot write /etc/asterisk/pjsip_endpoint.conf: ")
        assert "chown -h asterisk" in err
        assert err.count("\n") == 1
        assert "[ann]" not in pbx.run(f"cat {ENDPOINTS}")
    pbx.run(f"chmod 660 {ENDPOINTS}")
    pbx.run("pbx user add ann +12025550177")
    assert pbx.run(f"stat -Lc '%u %g %a' {ENDPOINTS}") == "12345 200 660"


@once
def test_users_added_at_the_same_time_are_both_there(start: Start) -> None:
    pbx = start()
    pbx.run(
        "for n in 1 2 3 4; do pbx user add user$n +1202555010$n > /tmp/$n & done; wait;"
        " ! grep -L 'can register' /tmp/[1-4] | grep ."
    )
    assert pbx.run("pbx user list").count("user") == 4


@once
def test_a_terminal_shows_a_code_that_a_phone_reads(start: Start) -> None:
    pbx = start(hostname="pbx.example")
    command = ["pbx", "user", "add", "ann", "+12025550177", "--name", "Änn"]
    result = pbx.container.exec_run(command, tty=True)
    shown = cast(bytes, result.output).decode()
    assert result.exit_code == 0
    password = re.search(r"password +(?:\x1b\[1m)?([\w-]{24})", shown)
    assert password
    found = read_qr(shown)
    assert f"<AuthPass>{password[1]}</AuthPass>" in found
    assert "<RegisterServer>pbx.example</RegisterServer>" in found
    assert "<DisplayName>Änn</DisplayName>" in found


@once
def test_account_settings_are_shown_again(start: Start) -> None:
    pbx = start(hostname="pbx.example")
    added = pbx.run("pbx user add ann +12025550177 --name 'Ann S' --mailbox ann@example.com")
    again = pbx.run("pbx user phone ann")
    assert again == added.partition("\n\n")[2]
    assert "shown as      Ann S" in again
    shown = cast(bytes, pbx.container.exec_run(["pbx", "user", "phone", "ann"], tty=True).output)
    assert "<UserID>ann</UserID>" in read_qr(shown.decode())


FETCH = """
import sys, urllib.request as web
request = web.Request(sys.argv[1], headers={'X-Linphone-Provisioning': '1'})
print(web.urlopen(request).read().decode())
"""
OFFER = "pbx user phone john.doe --linphone --server pbx.example"


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("pbx user phone nobody", 1, "pbx: there is no user 'nobody': `pbx user list` lists them"),
        ("pbx user phone john.doe --server a/b", 2, "pbx: --server 'a/b' is neither a name nor"),
        (f"{OFFER} --wait 0", 2, "error: argument --wait: '0' is not from 1 to 3600"),
        (f"{OFFER} --port http", 2, "error: argument --port: 'http' is not from 1 to 65535"),
        (f"{OFFER} --transport sctp", 2, "error: argument --transport: invalid choice: 'sctp'"),
        (f"{OFFER} --port 5061", 1, "pbx: cannot listen on port 5061: "),
        (f"{OFFER} --wait 1", 1, "pbx: no phone has fetched it within 1 s: "),
    ],
)
@once
def test_user_commands_report_errors_in_one_line(
    pbx: Pbx, command: str, status: int, said: str
) -> None:
    ended, _, err = ask(pbx, command)
    assert ended == status
    assert err.splitlines()[-1].startswith(said) or said in err.splitlines()[-1]
    assert "Traceback" not in err


@once
def test_account_is_served_once_by_a_separate_container(start: Start) -> None:
    pbx = start()
    command = start(
        [*OFFER.split(), "--qr"],
        wait=False,
        network_mode=f"container:{pbx.container.id}",
        volumes_from=[pbx.container.id],
    )
    shown = wait_for(
        command.logs,
        lambda text: "waiting" in text,
        seconds=20,
        otherwise="it does not wait for the phone",
    )
    assert "\x1b" not in shown
    path = re.search(r"^http://pbx\.example:8088(/\S+)$", shown, re.MULTILINE)
    assert path
    fetch = f'python3 -c "{FETCH}" http://127.0.0.1:8088{path[1]}'
    password = pbx.run(f"sed -n 's/^inbound_auth.password = //p' {ENDPOINTS}").split()[0]
    document = pbx.run(fetch)
    assert "<config " in document
    assert password not in document
    assert command.await_end() == 0
    assert ask(pbx, fetch)[0] != 0
    assert path[1] not in pbx.logs()


@once
def test_account_server_ends_with_ctrl_c(start: Start) -> None:
    pbx = start()
    command = start(OFFER.split(), wait=False, volumes_from=[pbx.container.id])
    wait_for(
        command.logs,
        lambda text: "waiting" in text,
        seconds=20,
        otherwise="it does not wait for the phone",
    )
    command.container.kill("SIGINT")
    assert command.await_end() == 130
    assert "Traceback" not in command.logs()
