"""What is read from a candidate, and how long it is waited for."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from factory.build.containers import Container
from factory.build.engine import Engine
from factory.errors import ProofError
from factory.proof.candidate import Candidate
from fixtures.softphone import Softphones
from tests.unit.factory.proof.example import ALICE, section


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


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"one\n  no config \n\n", "last log line: no config"),
        (b"caf\xe9", "last log line: caf\ufffd"),
        (b"\n \n", "it logged nothing"),
    ],
)
def test_candidate_that_ended_is_quoted(said: bytes, words: str) -> None:
    ended = candidate(FakeContainer(said, Status="exited", ExitCode=3))
    with pytest.raises(ProofError) as caught:
        ended.check_that_it_runs()
    assert caught.value.cause == f"it ended with status 3, {words}"


def test_candidate_without_a_health_check_is_refused() -> None:
    with pytest.raises(ProofError, match="the image has no health check"):
        candidate(FakeContainer(Status="running")).await_health_status()
    health = {"Status": "unhealthy", "Log": [{"Output": "ok\tsip\n\nfail\tasterisk\tdown\n"}]}
    sick = candidate(FakeContainer(Status="running", Health=health))
    assert sick.await_health_status() == "unhealthy"
    assert "fail asterisk down" in sick.health_lines()


def test_candidate_needs_two_users_for_a_call() -> None:
    with pytest.raises(ProofError, match=r"has 1 users .* two are needed"):
        candidate(FakeContainer(), section(ALICE)).users()
    two = section(ALICE) + section(ALICE, "another")
    assert candidate(FakeContainer(), two).users() == (ALICE, ALICE)


@pytest.mark.parametrize(("factor", "limit"), [(1, "0.1"), (3, "0.3")])
def test_timeout_factor_lengthens_every_wait(factor: float, limit: str) -> None:
    nobody: Any = None
    candidate = Candidate(nobody, nobody, "", nobody, timeout_factor=factor)
    with pytest.raises(TimeoutError, match=f"^it did not come within {limit} s"):
        candidate.wait_for(lambda: False, seconds=0.1, otherwise="it did not come")
