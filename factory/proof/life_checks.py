"""Checks that halt, kill, stop and start again: health, supervision, and what a restart keeps."""

from __future__ import annotations

from functools import partial

from factory.errors import ProofError
from factory.proof.candidate import CONFIGURATION
from factory.proof.trial import Trial, listed, service_state


def reports_a_halted_asterisk(trial: Trial) -> str:
    """Check that health fails while Asterisk does not answer, and passes when it does again."""
    asterisk = trial.candidate.asterisk_pid()
    trial.candidate.run(f"kill -STOP {asterisk}")
    try:
        if trial.candidate.is_healthy():
            raise ProofError("it reports healthy while Asterisk is halted")
    finally:
        trial.candidate.run(f"kill -CONT {asterisk}")
    trial.candidate.wait_for(
        trial.candidate.is_healthy,
        seconds=10,
        otherwise="it did not become healthy again",
    )
    return "unhealthy while halted"


def restarts_its_services(trial: Trial) -> str:
    """Check that a killed service comes back, and that the PBX becomes healthy again."""
    if not trial.expected.supervised:
        return "not supervised"
    services = trial.expected.services
    before = {service: _pid(service_state(trial, service)) for service in services}
    trial.candidate.run(f"sv kill {' '.join(services)}")
    for service in services:
        _await_restart(trial, service, before[service])
    trial.candidate.wait_for(
        trial.candidate.is_healthy,
        seconds=15,
        otherwise="the PBX did not become healthy after its services were killed",
    )
    return ", ".join(services)


def stops_in_time(trial: Trial) -> str:
    """Check that `docker stop` ends it with status 0 before the engine has to kill it.

    First it changes the configuration, for the next check.
    """
    trial.candidate.run(f"echo '; a change' >> {CONFIGURATION}/extensions_local.conf")
    trial.configuration = trial.candidate.configuration()
    return f"status 0 after {trial.candidate.stop():.1f} s"


def keeps_its_configuration_over_a_restart(trial: Trial) -> str:
    """Check that users' changes and passwords survive a restart."""
    trial.candidate.start_again()
    now = trial.candidate.configuration()
    lost = [name for name, digest in trial.configuration.items() if now.get(name) != digest]
    if lost:
        raise ProofError(f"a restart undid what was in {listed(lost)}")
    return f"{len(now)} files"


def _await_restart(trial: Trial, service: str, killed: str) -> None:
    trial.candidate.wait_for(
        partial(service_state, trial, service),
        lambda state: state.startswith("run:") and _pid(state) != killed,
        seconds=8,
        otherwise=f"service {service} did not come back after it was killed",
    )


def _pid(state: str) -> str:
    return state.partition("(pid ")[2].partition(")")[0]
