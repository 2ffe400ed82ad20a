"""Video between two phones."""

from __future__ import annotations

from typing import Any

import pytest

from factory.waiting import wait_for
from fixtures.softphone import Call

from .lab import Visit
from .talk import assert_talk


@pytest.mark.parametrize("codec", ["H264", "VP8"])
def test_video_is_agreed_on_and_relayed(lab: Visit, codec: str) -> None:
    alice, bob = lab.start("alice", "bob", codecs=["PCMU", codec])
    made = alice.call(bob, video=True)
    taken = bob.answer(video=True)
    made.answered()
    assert_talk(alice, bob)
    for call in (made, taken):
        video = _flowing(call)
        assert video["codec"] == codec
        assert video["remote"].startswith(f"{lab.pbx.address()}:")


def test_a_phone_without_video_still_talks_to_one_with_it(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    alice.call(bob, video=True)
    taken = bob.answer()
    assert_talk(alice, bob)
    assert not taken.video()


def test_sound_alone_is_offered_where_sound_alone_was_asked_for(lab: Visit) -> None:
    alice, bob = lab.start("alice", "bob")
    alice.call(bob)
    bob.answer()
    assert_talk(alice, bob)
    assert not any("m=video" in message.body for message in [*alice.sip, *bob.sip])


def _flowing(call: Call) -> dict[str, Any]:
    return wait_for(
        call.video,
        lambda video: bool(video) and video["received"] > 30 and video["sent"] > 30,
        seconds=10,
        otherwise="no pictures came",
    )
