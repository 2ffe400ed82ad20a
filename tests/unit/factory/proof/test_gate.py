"""The gate: when what passed once has to pass again, and what it says when it refuses."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest

from factory.build.engine import Engine
from factory.console import Console
from factory.errors import EngineError, ProofError
from factory.proof import gate as gate_module
from factory.proof.checks import Check
from factory.proof.expectation import Expectation
from factory.proof.gate import Gate
from factory.proof.trial import Trial
from fixtures.softphone import CallError

EXPECTED = Expectation(("udp",), ("app_dial.so",))
GATE = Gate(EXPECTED, "asterisk-softphone:1")
OTHER: dict[str, Any] = {
    "transports": ("udp", "tcp"),
    "modules": (),
    "services": ("asterisk",),
    "supervised": True,
    "encrypted": True,
    "rtp_ports": (10000, 10099),
    "tcp_ports": (5060,),
}


# ---- fingerprint


def test_fingerprint_of_equal_gates_is_the_same() -> None:
    again = Gate(Expectation(("udp",), ("app_dial.so",)), "asterisk-softphone:1")
    assert again.fingerprint() == GATE.fingerprint()


def test_fingerprint_depends_on_softphone_and_expectation() -> None:
    prints = [GATE.fingerprint(), replace(GATE, softphone="asterisk-softphone:2").fingerprint()]
    for field in fields(Expectation):
        expected = replace(EXPECTED, **{field.name: OTHER[field.name]})
        prints.append(replace(GATE, expected=expected).fingerprint())
    assert len(set(prints)) == len(fields(Expectation)) + 2


def test_fingerprint_depends_on_the_checks(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "checkout"
    for folder in ("factory", "fixtures"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / folder, checkout / folder, ignore=ignore)
    monkeypatch.setattr(gate_module, "__file__", str(checkout / "factory/proof/gate.py"))
    before = GATE.fingerprint()
    with (checkout / "factory/proof/call_checks.py").open("a") as text:
        text.write("# stricter\n")
    assert GATE.fingerprint() != before


# ---- proof


class FakeCandidate:
    """Printed two lines; ended, if there is a reason."""

    def __init__(self, ended: str = "") -> None:
        self._ended = ended

    def logs(self) -> str:
        return "starting\nno config\n"

    def check_that_it_runs(self) -> None:
        if self._ended:
            raise ProofError(self._ended)


def prove(
    monkeypatch: pytest.MonkeyPatch,
    log: Path,
    *checks: Check,
    ended: str = "",
) -> tuple[gate_module.Passed, ...]:
    @contextmanager
    def make(*_: object) -> Iterator[FakeCandidate]:
        yield FakeCandidate(ended)

    monkeypatch.setattr(gate_module, "CHECKS", checks)
    monkeypatch.setattr(gate_module, "make_candidate", make)
    with Console(log, verbosity=-1) as console:
        return GATE.prove(cast(Engine, None), "sha256:1", console)


def it_becomes_healthy(_: Trial) -> str:
    return "after 2.1 s"


def raising(error: Exception) -> Check:
    def a_call(_: Trial) -> str:
        raise error

    return a_call


def test_proof_holds_what_each_check_saw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (check,) = prove(monkeypatch, tmp_path / "log", it_becomes_healthy)
    assert (check.name, check.seen) == ("it becomes healthy", "after 2.1 s")
    assert 0 <= check.seconds < 5


@pytest.mark.parametrize(
    "error",
    [
        ProofError("not heard"),
        EngineError("not heard"),
        TimeoutError("not heard"),
        CallError("not heard\n0.0  INVITE ->", 486, "Busy"),
    ],
)
def test_proof_ends_at_the_first_failure_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    done: list[str] = []

    def after(_: Trial) -> str:
        done.append("after")
        return ""

    log = tmp_path / "log"
    with pytest.raises(ProofError) as caught:
        prove(monkeypatch, log, it_becomes_healthy, raising(error), after)
    assert caught.value.cause == "the gate refuses: a call: not heard"
    assert done == []
    assert "candidate: no config\n" in log.read_text()
    assert ("candidate: 0.0  INVITE ->" in log.read_text()) is isinstance(error, CallError)


def test_proof_names_the_end_of_the_candidate_as_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = "it ended with status 1, last log line: no config"
    check = raising(TimeoutError("not healthy"))
    with pytest.raises(ProofError, match=f"^the gate refuses: a call: {ended}$"):
        prove(monkeypatch, tmp_path / "log", check, ended=ended)


def test_proof_does_not_hide_unexpected_errors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(KeyError):
        prove(monkeypatch, tmp_path / "log", raising(KeyError("State")))
