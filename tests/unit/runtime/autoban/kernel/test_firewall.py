"""The table is created, changed, looked at and repaired."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.kernel import ruleset
from pbx.autoban.kernel.contents import BannedSource, TableContents
from pbx.autoban.kernel.firewall import Firewall
from pbx.autoban.kernel.limits import Limits
from pbx.autoban.kernel.nft import FirewallError

LOOK = """table inet autoban {
	counter jailed {
		packets 7 bytes 420
	}

	set jail4 {
		type ipv4_addr
		size 65536	# count 2
		flags timeout
	}

	set jail6 {
		type ipv6_addr
		size 65536	# count 1
		flags timeout
	}
}
"""


class Kernel:
    """Stores its commands, and can be made to fail."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.error = ""
        self.look = LOOK

    def __call__(self, commands: str) -> str:
        self.commands.append(commands)
        if self.error:
            raise FirewallError(self.error)
        return self.look if commands == ruleset.LOOK else ""


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def banned() -> list[BannedSource]:
    return []


def beyond(banned: list[BannedSource]) -> Callable[[float], tuple[int, int]]:
    return lambda seconds: (sum(one.left > seconds for one in banned), 0)


@pytest.fixture
def firewall(kernel: Kernel, banned: list[BannedSource]) -> Firewall:
    white = (parse_span("10.0.0.0/8"),)
    firewall = Firewall(kernel, lambda: TableContents(white, banned=tuple(banned)), beyond(banned))
    firewall.build()
    kernel.commands.clear()
    return firewall


def rebuilt(kernel: Kernel) -> bool:
    return any("delete table inet autoban" in commands for commands in kernel.commands)


def test_firewall_look_changes_nothing_without_a_table(firewall: Firewall, kernel: Kernel) -> None:
    """A query must not change the kernel; its own step repairs the table."""
    kernel.error = "No such file or directory"
    firewall.look()
    firewall.look()
    assert set(kernel.commands) == {ruleset.LOOK}
    kernel.error = ""
    assert firewall.repair()
    assert rebuilt(kernel)


def test_firewall_repairs_a_table_without_a_banned_address(
    firewall: Firewall, kernel: Kernel, banned: list[BannedSource]
) -> None:
    banned += [BannedSource(f"192.0.2.{n}", 60, 60) for n in range(3)]
    firewall.look()
    assert not firewall.repair()
    banned.append(BannedSource("192.0.2.9", 60, 4))  # about to end; the kernel may be first
    firewall.look()
    assert not firewall.repair()
    banned.append(BannedSource("192.0.2.10", 60, 60))
    firewall.look()
    assert firewall.repair()
    assert "192.0.2.10 timeout" in "".join(kernel.commands)


def test_firewall_ban_without_a_table_restores_it_with_all_its_contents(
    kernel: Kernel, banned: list[BannedSource]
) -> None:
    banned.append(BannedSource("192.0.2.1", 60, 60))
    firewall = Firewall(kernel, lambda: TableContents(banned=tuple(banned)), beyond(banned))
    firewall.build()
    kernel.commands.clear()
    answers = iter([FirewallError("No such file or directory")])

    def once(commands: str) -> str:
        if error := next(answers, None):
            raise error
        return kernel(commands)

    firewall._run = once
    firewall.ban([BannedSource("192.0.2.2", 60, 60)])
    assert rebuilt(kernel)
    assert firewall.reason == ""
    assert firewall.rebuilt == 1


def test_firewall_counters_go_on_after_a_repair(firewall: Firewall, kernel: Kernel) -> None:
    kernel.look = LOOK.replace("size 65536", "size 1")  # not as it was created
    firewall.look()
    firewall.repair()
    assert firewall.dropped["jailed"].packets >= 7
    before = firewall.dropped["jailed"].packets
    kernel.look = kernel.look.replace("packets 7", "packets 8")
    firewall.look()
    assert firewall.dropped["jailed"].packets == before + 1


def test_firewall_retries_after_a_refusal(kernel: Kernel) -> None:
    kernel.error = "Operation not permitted"
    firewall = Firewall(kernel, TableContents, beyond([]))
    firewall.build()
    assert firewall.reason == "Operation not permitted"
    kernel.commands.clear()
    firewall.ban([BannedSource("192.0.2.1", 60, 60)])
    firewall.remove()
    assert kernel.commands == []
    kernel.error = ""
    firewall.repair()
    assert firewall.reason == ""
    firewall.remove()
    assert kernel.commands[-1] == ruleset.REMOVE


class PoorKernel:
    """Refuses commands with certain words."""

    def __init__(self, *lacking: str, error: str = "Not supported") -> None:
        self.lacking = lacking
        self.error = error
        self.tried = 0

    def __call__(self, commands: str) -> str:
        self.tried += "add table" in commands
        if any(word in commands for word in self.lacking):
            raise FirewallError(self.error)
        return ""


@pytest.mark.parametrize(
    ("lacking", "missing"),
    [
        ((), ""),
        (("ct count",), "this kernel cannot count connections: Not supported"),
        (("log group",), "this kernel does not hand over challenges: Not supported"),
        (("ct count", "log group"), "this kernel has neither connlimit nor NFLOG: Not supported"),
    ],
)
def test_firewall_does_without_what_the_kernel_lacks(
    lacking: tuple[str, ...], missing: str
) -> None:
    contents = TableContents(limits=Limits(group=25060))
    firewall = Firewall(PoorKernel(*lacking), lambda: contents, lambda _: (0, 0))
    firewall.build()
    assert (firewall.reason, firewall.missing) == ("", missing)
