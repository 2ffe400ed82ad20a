"""Checks that look into the container."""

from __future__ import annotations

import re

from factory.errors import ProofError
from factory.proof.candidate import CONFIGURATION
from factory.proof.trial import Trial, listed, service_state

MANAGER_PORT = 5038


def becomes_healthy(trial: Trial) -> str:
    """Check that the image's own health check passes; the phones start in the meantime."""
    trial.candidate.start()
    phones = trial.candidate.phones.start("alice", "bob", "attacker")
    trial.alice, trial.bob, trial.attacker = phones
    trial.bob.meets_calls_with(200)
    trial.alice.meets_calls_with(200)
    status = trial.candidate.await_health_status()
    lines = trial.candidate.health_lines()
    if status != "healthy" and trial.candidate.is_healthy():
        # The engine allows a check a few seconds, which may be too few on a busy machine.
        status = trial.candidate.await_health_status("healthy")
        lines = trial.candidate.health_lines()
    if status != "healthy":
        bad = [line for line in lines if not line.startswith("ok ")]
        raise ProofError(f"its health check says '{status}': {'; '.join(bad)}")
    trial.candidate.await_boot()
    return "; ".join(lines)


def runs_its_services(trial: Trial) -> str:
    """Check that every promised service is up, if the image supervises services."""
    if not trial.expected.supervised:
        return "not supervised"
    for service in trial.expected.services:
        state = service_state(trial, service)
        if not state.startswith("run:"):
            raise ProofError(f"service {service} is not up: {state}")
    return ", ".join(trial.expected.services)


def runs_asterisk_without_privileges(trial: Trial) -> str:
    """Check that the Asterisk process is not root and holds no capability."""
    status = trial.candidate.run(f"cat /proc/{trial.candidate.asterisk_pid()}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if "Uid" not in fields:
        raise ProofError("Asterisk ended during this check")
    uid, capabilities = fields["Uid"].split()[0], int(fields["CapEff"], 16)
    if uid == "0" or capabilities:
        user = "root" if uid == "0" else f"uid {uid}"
        raise ProofError(f"Asterisk runs as {user} with capabilities {capabilities:#x}")
    return f"uid {uid}, no capability"


def owns_its_files(trial: Trial) -> str:
    """Check that user asterisk owns every folder in which Asterisk keeps files."""
    places = f"{CONFIGURATION} /var/lib/asterisk /var/log/asterisk /var/spool/asterisk"
    foreign = trial.candidate.run(
        f"cd /; find -L {places} -type d ! -user asterisk ! -path '/var/lib/asterisk/agi-bin*' "
        "! -path '/var/lib/asterisk/documentation*' ! -path '/var/lib/asterisk/sounds/*'"
    ).split()
    if foreign:
        raise ProofError(f"folders that user asterisk does not own: {listed(foreign)}")
    return places


def runs_its_modules(trial: Trial) -> str:
    """Check that every promised module is loaded, and that every loaded module runs."""
    lines = [line.split() for line in trial.candidate.asterisk("module show").splitlines()]
    modules = {words[0]: "Not" not in words for words in lines if words and ".so" in words[0]}
    missing = [name for name in trial.expected.modules if name not in modules]
    idle = [name for name, running in modules.items() if not running]
    if missing:
        raise ProofError(f"modules not loaded: {', '.join(missing)}")
    if idle:
        raise ProofError(f"modules loaded but not running: {', '.join(idle)}")
    return f"{len(modules)} modules"


def uses_only_documented_rtp_ports(trial: Trial) -> str:
    """Check that Asterisk receives audio only at the ports that the documents name."""
    settings = trial.candidate.asterisk("rtp show settings")
    ports = [int(x) for x in re.findall(r"Port (?:start|end):\s*(\d+)", settings)]
    if len(ports) != 2:
        raise ProofError("Asterisk does not show its RTP ports")
    first, last = ports
    lowest, highest = trial.expected.rtp_ports
    if first < lowest or last > highest:
        raise ProofError(
            f"audio is received at ports {first} to {last}, documented are {lowest} to {highest}"
        )
    return f"{first} to {last}"


def keeps_other_ports_closed(trial: Trial) -> str:
    """Check that no undocumented TCP port is open to the network, and AMI's port never."""
    documented = set(trial.expected.tcp_ports) - {MANAGER_PORT}
    address = trial.candidate.address()
    unknown = [x for x in trial.candidate.listening_ports() if x not in documented]
    reachable = [x for x in unknown if trial.attacker.connects(address, x)]
    if MANAGER_PORT in reachable:
        raise ProofError(f"AMI (port {MANAGER_PORT}) is open to the network")
    if reachable:
        raise ProofError(f"TCP ports open to the network: {listed(reachable)}")
    return f"{len(unknown)} ports are internal"


def logs_refused_clients(trial: Trial) -> str:
    """Check that the container's output has Asterisk's log, such as of refused clients."""
    try:
        trial.candidate.wait_for(
            lambda: "sip:attacker@" in trial.candidate.logs(),
            seconds=3,
            otherwise="",
        )
    except TimeoutError as error:
        raise ProofError("the container's output does not show the refused clients") from error
    return "refused clients"


def logs_no_warnings(trial: Trial) -> str:
    """Check that Asterisk logged no warning and no error."""
    found = re.findall(r"\b(?:WARNING|ERROR)\[.*", trial.candidate.logs())
    if found:
        raise ProofError(f"{len(found)} warnings or errors, the first: {found[0].strip()}")
    return "no WARNING, no ERROR"


def generates_its_own_passwords(trial: Trial) -> str:
    """Check that a second container of the image gives the sample users other passwords."""
    others = {user.password for user in trial.candidate.users_of_another(trial.labels)}
    same = [user.user for user in trial.users if user.password in others]
    if same:
        raise ProofError(f"every container gives the same password to {listed(same)}")
    return f"{len(trial.users)} users"
