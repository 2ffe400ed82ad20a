"""What is read from a candidate, and the networks that are made for one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.build.containers import Container
from factory.build.engine import Engine
from factory.errors import ProofError
from factory.proof.candidate import Candidate
from factory.proof.users import read_users
from fixtures.softphone import Account, Softphones

ALICE = Account("alice", "Kx9/+=w", "+12025550160")
words = st.text(
    st.characters(codec="ascii", exclude_characters=";", categories=("L", "N", "P", "S")),
    min_size=1,
)


def section(account: Account, name: str = "", style: str = "{} = {}") -> str:
    settings = {
        "hint_exten": account.number,
        "endpoint/callerid": "Somebody",
        "inbound_auth/username": account.user,
        "inbound_auth/from": "anywhere",
        "inbound_auth/password": account.password,
        "endpoint/mailboxes": "box",
    }
    lines = [style.format(key, value) for key, value in settings.items()]
    return "\n".join([f"[{name or account.user}](w_term_io)", *lines, ""])


# ---- users


def test_users_of_the_sample_are_found(root: Path) -> None:
    sample = (root / "runtime/pbx/privatedial/config/pjsip_endpoint.conf").read_text()
    assert read_users(sample) == (
        Account("john.doe", "@SECRET:john.doe@", "+12025550160"),
        Account("jane.doe", "@SECRET:jane.doe@", "+12025550183"),
    )


@given(st.lists(st.builds(Account, words, words, words), max_size=4))
def test_users_are_read_as_they_were_written(users: list[Account]) -> None:
    assert read_users("\n".join(section(user, "somebody") for user in users)) == tuple(users)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert all(user.user and user.password for user in read_users(text))


@pytest.mark.parametrize(
    "style", ["{}={}", "{}=>{}", "  {}\t=\t{}  ", "{} = {} ; why", "{} = {}\r"]
)
def test_settings_may_be_written_in_any_way_that_asterisk_takes(style: str) -> None:
    assert read_users(section(ALICE, style=style)) == (ALICE,)


@pytest.mark.parametrize("key", ["hint_exten", "inbound_auth/username", "inbound_auth/password"])
@pytest.mark.parametrize("change", ["", ";{} = x", "{} =", "{} = ; none", "{}"])
def test_who_lacks_something_is_no_user(key: str, change: str) -> None:
    lines = section(ALICE).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(key))
    lines[place] = change.format(key)
    bob = Account("bob", "secret", "+12025550183")
    assert read_users("\n".join([*lines, section(bob)])) == (bob,)


def test_a_section_that_is_commented_out_is_no_user() -> None:
    text = "".join(f";{line}\n" for line in section(ALICE).splitlines())
    assert read_users(text) == ()
    assert read_users("") == ()


# ---- its state


class FakeContainer:
    """A container in a state, which printed something."""

    def __init__(self, said: bytes = b"", **state: object) -> None:
        self.attrs: dict[str, Any] = {}
        self._state = state
        self._said = said
        self.prints = b""

    def reload(self) -> None:
        self.attrs["State"] = self._state

    def logs(self) -> bytes:
        return self._said

    def exec_run(self, *_: object, **__: object) -> Any:
        return SimpleNamespace(output=self.prints)


def candidate(container: FakeContainer, prints: str = "") -> Candidate:
    container.prints = prints.encode()
    return Candidate(
        cast(Engine, None), cast(Container, container), "gate-1", cast(Softphones, None)
    )


def test_a_container_that_runs_is_no_reason_to_complain() -> None:
    candidate(FakeContainer(Status="running", ExitCode=0)).check_that_it_runs()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"one\n  no config \n\n", "its last words: no config"),
        (b"caf\xe9", "its last words: caf\ufffd"),
        (b"\n \n", "and said nothing"),
    ],
)
def test_a_container_that_ended_is_quoted(said: bytes, words: str) -> None:
    ended = candidate(FakeContainer(said, Status="exited", ExitCode=3))
    with pytest.raises(ProofError) as caught:
        ended.check_that_it_runs()
    assert caught.value.cause == f"it ended with status 3, {words}"


def test_an_image_without_a_health_check_is_refused() -> None:
    with pytest.raises(ProofError, match="the image has no health check"):
        candidate(FakeContainer(Status="running")).await_verdict_on_health()
    health = {"Status": "unhealthy", "Log": [{"Output": "ok\tsip\n\nfail\tasterisk\tdown\n"}]}
    sick = candidate(FakeContainer(Status="running", Health=health))
    assert sick.await_verdict_on_health() == "unhealthy"
    assert "fail asterisk down" in sick.health_lines()


PROC_NET_TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:13C4 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 2
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:13C5 00000000000000000000000000000000:0000 0A 00000000
   1: 00000000000000000000000000000000:13C4 00000000000000000000000000000000:0000 0A 00000000
"""


def test_only_ports_that_listen_are_listed_and_each_once() -> None:
    assert candidate(FakeContainer(), PROC_NET_TCP).listening_ports() == [5060, 5061]


def test_one_user_is_too_few_for_a_call() -> None:
    with pytest.raises(ProofError, match=r"has 1 users .* two are needed"):
        candidate(FakeContainer(), section(ALICE)).users()
    two = section(ALICE) + section(ALICE, "another")
    assert candidate(FakeContainer(), two).users() == (ALICE, ALICE)


# ---- patience


@pytest.mark.parametrize(("patience", "limit"), [(1, "0.1"), (3, "0.3")])
def test_who_deserves_patience_is_waited_for_longer(patience: float, limit: str) -> None:
    nobody: Any = None
    candidate = Candidate(nobody, nobody, "", nobody, patience=patience)
    with pytest.raises(TimeoutError, match=f"^it did not come within {limit} s"):
        candidate.wait_for(lambda: False, seconds=0.1, otherwise="it did not come")
