"""The checks of the gate, in their order."""

from __future__ import annotations

from collections.abc import Callable

from factory.proof import call_checks, container_checks, life_checks
from factory.proof.trial import Trial

Check = Callable[[Trial], str]
"""Returns in a few words what was seen; raises an error if the candidate fails."""

CHECKS: tuple[Check, ...] = (
    container_checks.gets_healthy,
    container_checks.runs_its_services,
    container_checks.runs_asterisk_without_privileges,
    container_checks.owns_its_files,
    container_checks.runs_its_modules,
    container_checks.keeps_sound_to_its_ports,
    container_checks.keeps_other_ports_closed,
    call_checks.registers_phones,
    call_checks.connects_a_call,
    call_checks.connects_a_call_back,
    call_checks.delivers_a_text,
    call_checks.refuses_strangers,
    container_checks.says_what_happens,
    container_checks.complains_of_nothing,
    container_checks.has_passwords_of_its_own,
    life_checks.tells_the_truth_about_its_health,
    life_checks.restarts_its_services,
    life_checks.stops_in_time,
    life_checks.keeps_its_configuration_over_a_restart,
)
"""Causes before what follows from them, so that the first failure tells most."""
