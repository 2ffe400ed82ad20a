"""What the kernel is told, and what is done when it forgets or refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pbx.autoban.judgement.addresses import parse_span
from pbx.autoban.kernel import ruleset
from pbx.autoban.kernel.firewall import Firewall, FirewallError
from pbx.autoban.kernel.limits import Limits
from pbx.autoban.kernel.ruleset import Contents, Dropped, Prisoner, Slow

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
    """Remembers what it was told, and can be told to fail."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.error = ""
        self.look = LOOK

    def __call__(self, commands: str) -> str:
        self.told.append(commands)
        if self.error:
            raise FirewallError(self.error)
        return self.look if commands == ruleset.LOOK else ""


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def prisoners() -> list[Prisoner]:
    return []


def beyond(prisoners: list[Prisoner]) -> Callable[[float], tuple[int, int]]:
    return lambda seconds: (sum(prisoner.left > seconds for prisoner in prisoners), 0)


@pytest.fixture
def firewall(kernel: Kernel, prisoners: list[Prisoner]) -> Firewall:
    white = (parse_span("10.0.0.0/8"),)
    firewall = Firewall(
        kernel, lambda: Contents(white, prisoners=tuple(prisoners)), beyond(prisoners)
    )
    firewall.build()
    kernel.told.clear()
    return firewall


def test_only_our_own_table_is_touched() -> None:
    spans = (parse_span("10.0.0.0/8"), parse_span("2001:db8::/32"))
    who = (Prisoner("192.0.2.1", 60, 30), Prisoner("2001:db8::/64", 60, 30))
    slow = (Slow("192.0.2.2", 60, ((("192.0.2.2", 5060), 9.5),)), Slow("2001:db8:1::/64", 60))
    limits = Limits(group=25060)
    texts = [
        ruleset.create(Contents(spans, spans, who, slow, spans, limits)),
        ruleset.slow(slow),
        ruleset.free(spans),
        *ruleset.FLOODS,
        ruleset.jail(who),
        ruleset.release(["192.0.2.1"]),
        ruleset.lists([], spans),
        ruleset.REMOVE,
        ruleset.LOOK,
    ]
    for line in "".join(f"{text}\n" for text in texts).splitlines():
        if line:
            assert line.split()[0] in ("add", "delete", "flush", "list")
            assert line.split()[2:4] == ["inet", "autoban"], line


def test_many_are_jailed_in_one_transaction_with_what_is_left(
    firewall: Firewall, kernel: Kernel
) -> None:
    firewall.jail(
        [
            Prisoner("192.0.2.1", 60, 30.0001),
            Prisoner("192.0.2.2", 60, 60),
            Prisoner("2001:db8:0:1::/64", 60, 60),
        ]
    )
    (told,) = kernel.told
    *_, four, six = told.splitlines()
    assert four == (
        "add element inet autoban jail4 { 192.0.2.1 timeout 60000ms expires 30001ms, "
        "192.0.2.2 timeout 60000ms expires 60000ms }"
    )
    assert six == (
        "add element inet autoban jail6 { 2001:db8:0:1:: timeout 60000ms expires 60000ms }"
    )


def test_what_may_not_be_there_is_added_before_it_is_deleted(
    firewall: Firewall, kernel: Kernel
) -> None:
    firewall.release(["192.0.2.1"])
    (told,) = kernel.told
    assert told.splitlines() == [
        "add element inet autoban jail4 { 192.0.2.1 }",
        "delete element inet autoban jail4 { 192.0.2.1 }",
    ]


def test_nothing_to_do_tells_the_kernel_nothing(firewall: Firewall, kernel: Kernel) -> None:
    firewall.jail([])
    firewall.release([])
    assert kernel.told == []


def test_a_look_reads_counters_and_disturbs_nothing(firewall: Firewall, kernel: Kernel) -> None:
    kernel.look = LOOK.replace("packets 7 bytes 420", "packets 9 bytes 540")
    firewall.look()
    assert firewall.dropped == {"jailed": Dropped(9, 540)}
    assert kernel.told == [ruleset.LOOK]
    assert firewall.rebuilt == 0


def rebuilt(kernel: Kernel) -> bool:
    return any("delete table inet autoban" in commands for commands in kernel.told)


@pytest.mark.parametrize("change", [("size 65536", "size 1"), ("jail4", "gaol4")])
def test_a_table_that_somebody_changed_is_made_again(
    firewall: Firewall, kernel: Kernel, change: tuple[str, str]
) -> None:
    kernel.look = LOOK.replace(*change)
    firewall.look()
    assert rebuilt(kernel)


def test_prisoners_that_somebody_freed_are_caught_again(
    firewall: Firewall, kernel: Kernel, prisoners: list[Prisoner]
) -> None:
    prisoners += [Prisoner(f"192.0.2.{n}", 60, 60) for n in range(3)]
    firewall.look()
    assert not rebuilt(kernel)
    prisoners.append(Prisoner("192.0.2.9", 60, 4))  # about to go; the kernel may be first
    firewall.look()
    assert not rebuilt(kernel)
    prisoners.append(Prisoner("192.0.2.10", 60, 60))
    firewall.look()
    assert rebuilt(kernel)
    assert "192.0.2.10 timeout" in "".join(kernel.told)


def test_without_a_table_a_jailing_makes_it_with_all_that_was_in_it(
    kernel: Kernel, prisoners: list[Prisoner]
) -> None:
    prisoners.append(Prisoner("192.0.2.1", 60, 60))
    firewall = Firewall(kernel, lambda: Contents(prisoners=tuple(prisoners)), beyond(prisoners))
    firewall.build()
    kernel.told.clear()
    answers = iter([FirewallError("No such file or directory")])

    def once(commands: str) -> str:
        if error := next(answers, None):
            raise error
        return kernel(commands)

    firewall._run = once
    firewall.jail([Prisoner("192.0.2.2", 60, 60)])
    assert rebuilt(kernel)
    assert firewall.reason == ""
    assert firewall.rebuilt == 1


def test_counters_go_on_when_the_table_is_made_again(firewall: Firewall, kernel: Kernel) -> None:
    kernel.look = LOOK.replace("size 65536", "size 1")  # not as we made it
    firewall.look()
    assert firewall.dropped["jailed"].packets >= 7
    before = firewall.dropped["jailed"].packets
    kernel.look = kernel.look.replace("packets 7", "packets 8")
    firewall.look()
    assert firewall.dropped["jailed"].packets == before + 1


def test_a_kernel_that_refuses_is_asked_again_later(kernel: Kernel) -> None:
    kernel.error = "Operation not permitted"
    firewall = Firewall(kernel, Contents, beyond([]))
    firewall.build()
    assert firewall.reason == "Operation not permitted"
    kernel.told.clear()
    firewall.jail([Prisoner("192.0.2.1", 60, 60)])
    firewall.remove()
    assert kernel.told == []
    kernel.error = ""
    firewall.look()
    assert firewall.reason == ""
    firewall.remove()
    assert kernel.told[-1] == ruleset.REMOVE
