"""The checks of the gate, in their order."""

from __future__ import annotations

from collections.abc import Callable

from factory.proof import call_checks, container_checks, life_checks
from factory.proof.trial import Trial

Check = Callable[[Trial], str]
"""Returns what was seen, in a few words; raises an error if the candidate fails."""

CHECKS: tuple[Check, ...] = (
    container_checks.becomes_healthy,
    container_checks.runs_its_services,
    container_checks.runs_asterisk_without_privileges,
    container_checks.owns_its_files,
    container_checks.runs_its_modules,
    container_checks.uses_only_documented_rtp_ports,
    container_checks.keeps_other_ports_closed,
    call_checks.registers_phones,
    call_checks.connects_a_call,
    call_checks.connects_a_call_back,
    call_checks.delivers_a_message,
    call_checks.refuses_unauthenticated_clients,
    container_checks.logs_refused_clients,
    container_checks.logs_no_warnings,
    container_checks.generates_its_own_passwords,
    life_checks.reports_a_halted_asterisk,
    life_checks.restarts_its_services,
    life_checks.stops_in_time,
    life_checks.keeps_its_configuration_over_a_restart,
)
"""Causes come before their consequences, so that the first failure tells most."""
