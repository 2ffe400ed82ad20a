"""Phones of one network: started, made anew of those that rest, and ended."""

import pytest
from docker.errors import APIError, ImageNotFound

from fixtures.softphone import Phone, PhoneCrashedError, Softphones
from tests.unit.fake_phones import FakeLink, make_group


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImageNotFound("404"), "there is no image phone:1: build it first (make softphone)"),
        (APIError("500", explanation="no space left"), " did not start: no space left"),
    ],
)
def test_a_phone_that_cannot_be_made_says_why(error: Exception, said: str) -> None:
    with pytest.raises(PhoneCrashedError) as caught:
        make_group(error, image="phone:1").phone("alice")
    assert str(caught.value).endswith(said)


def test_a_phone_that_rests_becomes_another_one(
    group: Softphones, alice: Phone, line: FakeLink, lines: list[FakeLink]
) -> None:
    line.happens("incoming", call=0)
    group.rest()
    assert group.phones == []
    bob = group.phone("bob")
    assert len(lines) == 1
    assert bob.stays_quiet()
    assert (bob.name, bob.number, bob.tone) == ("bob", "", 0)
    assert group.phones == [bob]
    assert alice not in group.phones


def test_a_phone_that_cannot_forget_is_ended(
    group: Softphones, line: FakeLink, lines: list[FakeLink]
) -> None:
    line.answers["reset"] = PhoneCrashedError("the phone ended: it said nothing")
    with pytest.raises(PhoneCrashedError, match="it said nothing"):
        group.rest()
    assert line.asked[-1][0] == "close"
    group.phone("bob")
    assert len(lines) == 2


def test_a_phone_that_was_made_otherwise_is_for_one_use(
    group: Softphones, lines: list[FakeLink]
) -> None:
    group.phone("carol", network="another")
    group.rest()
    assert lines[0].asked[-1][0] == "close"
    group.phone("bob")
    group.rest()
    group.phone("dave", network="another")
    assert len(lines) == 3


def test_all_phones_are_ended_also_those_that_rest(
    group: Softphones, lines: list[FakeLink]
) -> None:
    group.start("alice", "bob")
    group.rest()
    group.phone("carol")
    group.close()
    assert [line.asked[-1][0] for line in lines] == ["close", "close"]
