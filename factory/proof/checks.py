"""The checks of the gate.

Two softphones register with the users of the image's own sample configuration, call each other
both ways, hear each other's tone, and send a text. The rest asks the container itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from factory.errors import ProofError
from factory.proof.candidate import CONFIGURATION, Candidate
from factory.proof.expectation import Expectation
from fixtures.softphone import (
    Account,
    Call,
    CallError,
    MessageError,
    NotInTimeError,
    Phone,
    Srtp,
    Transport,
)

MANAGER_PORT = 5038


class Checks:
    """The checks, causes before what follows from them, so that the first failure tells most.

    Each returns in a few words what was seen.

    Args:
        candidate: A container that is not started yet.
        expected: What its image promises.
        labels: For whatever a check makes.
    """

    def __init__(
        self, candidate: Candidate, expected: Expectation, labels: Mapping[str, str]
    ) -> None:
        self._candidate = candidate
        self._expected = expected
        self._labels = labels
        self._alice: Phone
        self._bob: Phone
        self._stranger: Phone
        self._users: tuple[Account, ...] = ()
        self._configuration: dict[str, str] = {}

    def all(self) -> tuple[Callable[[], str], ...]:
        """Returns all checks."""
        return (
            self.gets_healthy,
            self.runs_its_services,
            self.runs_asterisk_without_privileges,
            self.owns_its_files,
            self.runs_its_modules,
            self.keeps_sound_to_its_ports,
            self.keeps_other_ports_closed,
            self.registers_phones,
            self.connects_a_call,
            self.connects_a_call_back,
            self.delivers_a_text,
            self.refuses_strangers,
            self.says_what_happens,
            self.complains_of_nothing,
            self.has_passwords_of_its_own,
            self.tells_the_truth_about_its_health,
            self.restarts_its_services,
            self.stops_in_time,
            self.keeps_its_configuration_over_a_restart,
        )

    def gets_healthy(self) -> str:
        """The image's own health check says so; the phones start in the meantime."""
        self._candidate.start()
        phones = self._candidate.phones.start("alice", "bob", "stranger")
        self._alice, self._bob, self._stranger = phones
        self._bob.meets_calls_with(200)
        self._alice.meets_calls_with(200)
        status = self._candidate.await_verdict_on_health()
        lines = self._candidate.health_lines()
        if status != "healthy":
            bad = [line for line in lines if not line.startswith("ok ")]
            raise ProofError(f"its health check says '{status}': {'; '.join(bad)}")
        self._candidate.await_boot()
        return "; ".join(lines)

    def runs_its_services(self) -> str:
        """Every service that is promised is up, if the image supervises services."""
        if not self._expected.supervised:
            return "not supervised"
        for service in self._expected.services:
            state = self._state_of(service)
            if not state.startswith("run:"):
                raise ProofError(f"service {service} is not up: {state}")
        return ", ".join(self._expected.services)

    def runs_asterisk_without_privileges(self) -> str:
        """The Asterisk process is not root and holds no capability."""
        status = self._candidate.run(f"cat /proc/{self._candidate.asterisk_pid()}/status")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        if "Uid" not in fields:
            raise ProofError("Asterisk ended while it was looked at")
        uid, capabilities = fields["Uid"].split()[0], int(fields["CapEff"], 16)
        if uid == "0" or capabilities:
            user = "root" if uid == "0" else f"uid {uid}"
            raise ProofError(f"Asterisk runs as {user} with capabilities {capabilities:#x}")
        return f"uid {uid}, no capability"

    def owns_its_files(self) -> str:
        """Asterisk may write wherever it has to keep something."""
        places = f"{CONFIGURATION} /var/lib/asterisk /var/log/asterisk /var/spool/asterisk"
        foreign = self._candidate.run(
            f"cd /; find -L {places} -type d ! -user asterisk ! -path '/var/lib/asterisk/agi-bin*' "
            "! -path '/var/lib/asterisk/documentation*' ! -path '/var/lib/asterisk/sounds/*'"
        ).split()
        if foreign:
            raise ProofError(f"folders that user asterisk does not own: {_list(foreign)}")
        return places

    def runs_its_modules(self) -> str:
        """Every module that is promised is loaded, and every one that is loaded runs."""
        lines = [line.split() for line in self._candidate.asterisk("module show").splitlines()]
        modules = {words[0]: "Not" not in words for words in lines if words and ".so" in words[0]}
        missing = [name for name in self._expected.modules if name not in modules]
        idle = [name for name, running in modules.items() if not running]
        if missing:
            raise ProofError(f"modules not loaded: {', '.join(missing)}")
        if idle:
            raise ProofError(f"modules loaded but not running: {', '.join(idle)}")
        return f"{len(modules)} modules"

    def keeps_sound_to_its_ports(self) -> str:
        """Sound comes in only at the ports that users are told to publish."""
        settings = self._candidate.asterisk("rtp show settings")
        ports = [int(x) for x in re.findall(r"Port (?:start|end):\s*(\d+)", settings)]
        if len(ports) != 2:
            raise ProofError("Asterisk does not tell its RTP ports")
        first, last = ports
        lowest, highest = self._expected.rtp_ports
        if first < lowest or last > highest:
            raise ProofError(
                f"sound comes in at ports {first} to {last}, documented are {lowest} to {highest}"
            )
        return f"{first} to {last}"

    def keeps_other_ports_closed(self) -> str:
        """No TCP port is open to the network but those that are documented; AMI's never is."""
        documented = set(self._expected.tcp_ports) - {MANAGER_PORT}
        address = self._candidate.address()
        unknown = [x for x in self._candidate.listening_ports() if x not in documented]
        reachable = [x for x in unknown if self._stranger.connects(address, x)]
        if MANAGER_PORT in reachable:
            raise ProofError(f"AMI (port {MANAGER_PORT}) is open to the network")
        if reachable:
            raise ProofError(f"TCP ports open to the network: {_list(reachable)}")
        return f"{len(unknown)} ports are for itself"

    def registers_phones(self) -> str:
        """A phone registers over every transport, one after the other."""
        self._users = self._candidate.users()
        address = self._candidate.address()
        self._candidate.phones.names[address] = "pbx"
        for transport in self._expected.transports:
            self._alice.register(self._users[0], address, transport=transport)
        return ", ".join(self._expected.transports)

    def connects_a_call(self) -> str:
        """A call in the clear over the first transport; both hear each other."""
        self._register(self._expected.transports[0], "off")
        return self._talk(self._alice, self._bob)

    def connects_a_call_back(self) -> str:
        """A call the other way over the last transport, encrypted if the image can do that."""
        encrypted = self._expected.encrypted
        self._register(self._expected.transports[-1], "sdes-optional" if encrypted else "off")
        return self._talk(self._bob, self._alice, encrypted=encrypted)

    def delivers_a_text(self) -> str:
        """A text with characters of several planes arrives as it was, from the right number."""
        body = "Grüße, 電話 \N{TELEPHONE RECEIVER}\nsecond line"
        self._alice.message(self._bob, body)
        text = self._bob.receives_message()
        if text.body != body:
            raise ProofError(f"the text '{body!r}' arrived as '{text.body!r}'")
        if self._alice.number not in text.sender:
            raise ProofError(f"the text of {self._alice.number} came from {text.sender}")
        return f"{len(body)} characters"

    def refuses_strangers(self) -> str:
        """Who has no account, or not its password, can neither call nor write."""
        known = self._users[0].user
        seen = []
        for account in (Account("stranger"), Account(known, "a guess")):
            who = f"{account.user} with a wrong password" if account.password else "a stranger"
            self._stranger.take_account(account, self._candidate.address())
            try:
                self._stranger.call(self._bob).answered()
            except CallError as error:
                seen.append(f"call {error.code}")
            else:
                raise ProofError(f"{who} can call: the call to {self._bob.number} was answered")
            try:
                self._stranger.message(self._bob, "let me in")
            except MessageError as error:
                seen.append(f"text {error.code}")
            else:
                raise ProofError(f"{who} can write: the text to {self._bob.number} was accepted")
        return ", ".join(seen)

    def says_what_happens(self) -> str:
        """What Asterisk logs is in the container's output, such as that it refused somebody."""
        try:
            self._candidate.wait_for(
                lambda: "sip:stranger@" in self._candidate.logs(),
                seconds=3,
                otherwise="",
            )
        except TimeoutError as error:
            raise ProofError(
                "the container's output does not tell of the strangers who were refused"
            ) from error
        return "refused strangers"

    def complains_of_nothing(self) -> str:
        """Asterisk logged no warning and no error."""
        found = re.findall(r"\b(?:WARNING|ERROR)\[.*", self._candidate.logs())
        if found:
            raise ProofError(f"{len(found)} warnings or errors, the first: {found[0].strip()}")
        return "no WARNING, no ERROR"

    def has_passwords_of_its_own(self) -> str:
        """Another container of the image gives the sample users other passwords."""
        others = {user.password for user in self._candidate.users_of_another(self._labels)}
        same = [user.user for user in self._users if user.password in others]
        if same:
            raise ProofError(f"every container gives the same password to {_list(same)}")
        return f"{len(self._users)} users"

    def tells_the_truth_about_its_health(self) -> str:
        """The health check fails while Asterisk does not answer, and passes when it does again."""
        asterisk = self._candidate.asterisk_pid()
        self._candidate.run(f"kill -STOP {asterisk}")
        try:
            if self._candidate.is_well():
                raise ProofError("it says that it is well while Asterisk is halted")
        finally:
            self._candidate.run(f"kill -CONT {asterisk}")
        self._candidate.wait_for(
            self._candidate.is_well,
            seconds=10,
            otherwise="it did not get well again",
        )
        return "unhealthy while halted"

    def restarts_its_services(self) -> str:
        """A service that is killed comes back, and the PBX gets well again."""
        if not self._expected.supervised:
            return "not supervised"
        services = self._expected.services
        before = {service: _pid(self._state_of(service)) for service in services}
        self._candidate.run(f"sv kill {' '.join(services)}")
        for service in services:
            self._await_restart(service, before[service])
        self._candidate.wait_for(
            self._candidate.is_well,
            seconds=15,
            otherwise="the PBX did not get well after its services were killed",
        )
        return ", ".join(services)

    def stops_in_time(self) -> str:
        """`docker stop` ends it with status 0 before the engine has to kill it.

        Before that, the user changes the configuration, for the next check.
        """
        self._candidate.run(f"echo '; a change' >> {CONFIGURATION}/extensions_local.conf")
        self._configuration = self._candidate.configuration()
        return f"status 0 after {self._candidate.stop():.1f} s"

    def keeps_its_configuration_over_a_restart(self) -> str:
        """After a restart it is well, and users' changes and passwords are there as they were."""
        self._candidate.start_again()
        now = self._candidate.configuration()
        lost = [name for name, digest in self._configuration.items() if now.get(name) != digest]
        if lost:
            raise ProofError(f"a restart undid what was in {_list(lost)}")
        return f"{len(now)} files"

    def _register(self, transport: Transport, srtp: Srtp) -> None:
        address = self._candidate.address()
        for phone, user in zip((self._alice, self._bob), self._users, strict=False):
            phone.register(user, address, transport=transport, srtp=srtp)

    def _talk(self, caller: Phone, callee: Phone, *, encrypted: bool = False) -> str:
        made = caller.call(callee).answered()
        try:
            taken = callee.rings(2).answered()
        except NotInTimeError as error:
            raise ProofError(
                f"{caller.name}'s call to {callee.name} was answered, but not by {callee.name}"
            ) from error
        for call in (made, taken):
            self._check_media(call, encrypted)
        first_audio = [self._hears(caller, callee), self._hears(callee, caller)]
        caller.hang_up()
        taken.ended()
        seconds = ", ".join(f"{value:.2f}" for value in first_audio)
        return f"{made.media()['codec']}, first audio after {seconds} s"

    @staticmethod
    def _hears(listener: Phone, speaker: Phone) -> float:
        hearing = listener.hears(speaker.tone)
        if not hearing:
            raise ProofError(f"{listener.name} does not hear {speaker.name}: {hearing.reason}")
        return hearing.first_audio or 0.0

    def _check_media(self, call: Call, encrypted: bool) -> None:
        name = call.phone.name
        host = call.media()["remote"].rpartition(":")[0]
        if host not in (self._candidate.address(), self._alice.address(), self._bob.address()):
            raise ProofError(f"{name} is told to send sound to {host}, where nobody is")
        if encrypted and not call.encryption():
            raise ProofError(f"{name} offered encryption (SRTP) and did not get it")

    def _await_restart(self, service: str, killed: str) -> None:
        self._candidate.wait_for(
            partial(self._state_of, service),
            lambda state: state.startswith("run:") and _pid(state) != killed,
            seconds=8,
            otherwise=f"service {service} did not come back after it was killed",
        )

    def _state_of(self, service: str) -> str:
        return self._candidate.run(f"sv status {service}").strip()


def _pid(state: str) -> str:
    return state.partition("(pid ")[2].partition(")")[0]


def _list(names: Sequence[object]) -> str:
    """Returns the first few of some names in one line."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(str, names[:5])) + more
