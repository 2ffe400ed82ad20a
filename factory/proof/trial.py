"""The state that the checks of one candidate share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from factory.proof.candidate import Candidate
from factory.proof.expectation import Expectation
from fixtures.softphone import Account, Phone


@dataclass
class Trial:
    """A candidate, its expectation, and what earlier checks leave for later ones.

    Attributes:
        candidate: A container that is not started yet.
        expected: What its image has to show.
        labels: For containers that a check makes.
        alice: A phone, started by the first check.
        bob: Another one.
        attacker: A phone without an account.
        users: The sample's users.
        configuration: A digest of each file before the restart.
    """

    candidate: Candidate
    expected: Expectation
    labels: Mapping[str, str]
    alice: Phone = field(init=False)
    bob: Phone = field(init=False)
    attacker: Phone = field(init=False)
    users: tuple[Account, ...] = ()
    configuration: dict[str, str] = field(default_factory=dict)


def service_state(trial: Trial, service: str) -> str:
    """Return what `sv status` says of a service."""
    return trial.candidate.run(f"sv status {service}").strip()


def listed(names: Sequence[object]) -> str:
    """Return the first few of some names in one line."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(str, names[:5])) + more
