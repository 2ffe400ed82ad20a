"""The SIP ladder: its text exactly, its drawing as XML, and what neither may show."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.softphone import ladder
from fixtures.softphone.ladder_layout import MOST
from fixtures.softphone.messages import SipMessage
from fixtures.softphone.sdp import media_summary

SVG = "{http://www.w3.org/2000/svg}"
KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
AUDIO = (
    "v=0\r\no=- 1 1 IN IP4 198.18.0.3\r\ns=-\r\nt=0 0\r\n"
    "m=audio 4000 RTP/SAVP 9 96 0 101\r\n"
    "a=rtpmap:96 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31;inline:{KEY}\r\n"
)


def message(
    time: float,
    start: str,
    cseq: str,
    *,
    phone: str = "alice",
    outgoing: bool = True,
    peer: str = "198.18.0.2:5060",
    body: str = "",
) -> SipMessage:
    text = f"{start}\r\nCSeq: {cseq}\r\nAuthorization: Digest response=0a1b\r\n\r\n{body}"
    return SipMessage(1_800_000_000.5 + time, phone, outgoing, "UDP", peer, text)


INVITE = message(0, "INVITE sip:bob@pbx SIP/2.0", "1 INVITE", body=AUDIO)
CALL = [
    INVITE,
    replace(INVITE, time=INVITE.time + 0.5),
    message(0.6, "SIP/2.0 100 Trying", "1 INVITE", outgoing=False),
    message(0.7, "INVITE sip:bob@phone SIP/2.0", "7 INVITE", phone="bob", outgoing=False),
    message(1.7, "SIP/2.0 486 Busy Here", "7 INVITE", phone="bob"),
    message(1.75, "SIP/2.0 401 Unauthorized", "1 INVITE", outgoing=False),
    message(12, "SIP/2.0 200 OK", "2 BYE", outgoing=False),
]


def drawn(messages: Sequence[SipMessage]) -> ElementTree.Element:
    return ElementTree.fromstring(ladder.svg(messages))  # noqa: S314 - our own


def words(root: ElementTree.Element, kind: str) -> list[str]:
    found = (element for element in root.iter() if kind in element.get("class", "").split())
    return ["".join(element.itertext()) for element in found]


def columns(messages: Sequence[SipMessage], names: Mapping[str, str] = {}) -> list[str]:
    return ladder.text(messages, names).splitlines()[1].split()


LADDER = """\
0.000 is 2027-01-15 08:00:00.500 UTC
            alice                             pbx                              bob
    0.000     |------ INVITE sip:bob@pbx ----->|                                |
    0.500     |-- INVITE sip:bob@pbx (again) ->|                                |
    0.600     |<----- 100 Trying (INVITE) -----|                                |
    0.700     |                                |----- INVITE sip:bob@phone ---->|
    1.700     |                                |<---- 486 Busy Here (INVITE) ---|
    1.750     |<-- 401 Unauthorized (INVITE) --|                                |
   12.000     |<--------- 200 OK (BYE) --------|                                |
"""


def test_text_of_a_call() -> None:
    assert (
        ladder.text([replace(call, text=call.text.replace(AUDIO, "")) for call in CALL]) == LADDER
    )


def test_messages_are_sorted_by_time() -> None:
    assert ladder.text(CALL[::-1]) == ladder.text(CALL)


def test_nothing_to_show() -> None:
    assert ladder.text([]) == "no SIP messages\n"
    assert "no SIP messages" in "".join(drawn([]).itertext())


def test_media_and_repetition_are_told_also_where_the_address_has_to_be_cut() -> None:
    long = replace(INVITE, text=INVITE.text.replace("bob@pbx", f"bob@{'x' * 200}"))
    again = ladder.text([long, replace(long, time=long.time + 1)]).splitlines()[-1]
    assert "INVITE sip:bob@" in again
    assert "… [g722 opus ulaw, sdes] (again) ->" in again


def test_same_message_to_another_phone_is_no_repetition() -> None:
    assert "(again)" not in ladder.text([INVITE, replace(INVITE, phone="bob")])


def test_drawing_has_an_arrow_of_its_kind_for_each_message() -> None:
    root = drawn(CALL)
    kinds = [e.get("class") for e in root.iter() if "arrow" in e.get("class", "").split()]
    expected = ["request"] * 2 + ["provisional", "request", "failure", "challenge", "success"]
    assert kinds == [f"arrow {kind}" for kind in expected]
    assert words(root, "label")[1:3] == [
        "INVITE sip:bob@pbx [g722 opus ulaw, sdes] (again)",
        "100 Trying (INVITE)",
    ]
    assert words(root, "clock")[-1] == "12.000"


def test_arrows_point_to_who_gets_the_message() -> None:
    shafts = [e for e in drawn(CALL[1:4]).iter() if e.get("class") == "shaft"]
    ways = [tuple(map(int, re.findall(r"M(\d+) .*H(\d+)", e.get("d", ""))[0])) for e in shafts]
    assert [start < end for start, end in ways] == [True, False, True]
    assert ways[2][0] > ways[1][1]  # bob's column is right of the PBX's


def test_tooltip_has_the_whole_message_without_keys() -> None:
    tooltip = drawn(CALL).findall(f".//{SVG}title")[0].text or ""
    assert tooltip.startswith("alice to 198.18.0.2:5060, UDP\n\nINVITE sip:bob@pbx SIP/2.0\n")
    assert "Digest response=0a1b" in tooltip
    assert "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…;inline:…\n" in tooltip
    assert KEY not in ladder.svg(CALL) + ladder.text(CALL)


def test_only_the_last_messages_of_many() -> None:
    many = [message(n, f"OPTIONS sip:{n} SIP/2.0", f"{n} OPTIONS") for n in range(MOST + 7)]
    lines = ladder.text(many).splitlines()
    assert lines[1] == "… 7 earlier messages left out"
    assert "OPTIONS sip:7 " in lines[3]
    assert lines[3].split()[0] == "7.000"  # the time still counts from the very first
    root = drawn(many)
    assert len(words(root, "arrow")) == MOST
    assert "… 7 earlier messages left out" in [e.text for e in root.findall(f"{SVG}text")]


@pytest.mark.parametrize(
    ("peers", "names", "expected"),
    [
        (["198.18.0.2:5060"], {}, "alice pbx"),
        (["198.18.0.2:5060", "198.18.0.2:5061"], {}, "alice pbx"),
        (["[fd00::2]:5060"], {"fd00::2": "six"}, "alice six"),
        (["[fd00::2]:5060", "198.18.0.2:5060"], {}, "alice fd00::2 198.18.0.2"),
        (["[fd00::2]:5060", "198.18.0.2:5060"], {"fd00::2": "pbx"}, "alice pbx 198.18.0.2"),
        (["[fd00::2]:5060", "198.18.0.2:5060"], {"fd00::2": "six"}, "alice six pbx"),
        (["a:1", "a:2"], {"a:1": "one", "a": "both"}, "alice one both"),
    ],
)
def test_names_of_peers(peers: list[str], names: dict[str, str], expected: str) -> None:
    messages = [replace(INVITE, time=n, peer=peer) for n, peer in enumerate(peers)]
    assert columns(messages, names) == expected.split()


def test_peers_stand_in_the_middle_of_the_phones() -> None:
    phones = ["alice", "bob", "carol", "pbx"]
    messages = [replace(INVITE, time=n, phone=phone) for n, phone in enumerate(phones)]
    assert columns(messages) == ["alice", "bob", "pbx", "carol", "pbx"]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("", ""),
        ("Signal=1", ""),
        (AUDIO, "g722 opus ulaw, sdes"),
        (
            "v=0\nm=audio 4000 RTP/AVP 8 3 101 120\na=rtpmap:101 telephone-event/8000\n",
            "alaw gsm 120",
        ),
        ("v=0\na=fingerprint:sha-256 00\nm=audio 9 UDP/TLS/RTP/SAVPF 0\n", "ulaw, dtls"),
        ("v=0\nm=audio 0 RTP/AVP 0\n", "no media"),
        ("v=0\nm=audio 9 RTP/AVP 0\nm=video 9 RTP/AVP 99\na=rtpmap:99 VP8/90000\n", "ulaw vp8"),
        ("v=0\nm=audio\n", "no media"),
    ],
)
def test_media_in_a_few_words(description: str, expected: str) -> None:
    assert media_summary(description) == expected


anything = st.text(st.characters(codec=None), max_size=60)
traffic = st.lists(
    st.builds(
        SipMessage,
        time=st.floats(0, 4e9),
        phone=anything,
        outgoing=st.booleans(),
        transport=anything,
        peer=anything,
        text=anything | anything.map(lambda body: INVITE.text + body),
    ),
    max_size=5,
)


@given(traffic, st.dictionaries(anything, anything, max_size=2))
def test_whatever_is_said_the_drawing_is_sound(
    messages: list[SipMessage], names: dict[str, str]
) -> None:
    document = ladder.svg(messages, names)
    root = ElementTree.fromstring(document.encode())  # noqa: S314 - our own
    assert len(words(root, "arrow")) == len(messages)
    assert KEY not in document


@given(traffic)
def test_whatever_is_said_the_text_has_a_line_for_it(messages: list[SipMessage]) -> None:
    lines = ladder.text(messages).splitlines()
    assert len(lines) == (len(messages) + 2 if messages else 1)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(lines))
