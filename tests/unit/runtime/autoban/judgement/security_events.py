"""Security events for tests."""

from __future__ import annotations

from pbx.autoban.judgement.events import SecurityEvent, read_event

KEY = "192.0.2.1"
NONCE = "1795409308/d8b987430e2a78ea18d937db59a3d7df"
KINDS = ("InvalidAccountID", "InvalidPassword", "ChallengeResponseFailed", "FailedACL")


def event(
    kind: str, transport: str = "UDP", nonce: str = "", *, address: str = KEY, session: str = "c"
) -> SecurityEvent:
    found = read_event(
        {
            "Event": kind,
            "Service": "PJSIP",
            "SessionID": session,
            "LocalAddress": f"IPV4/{transport}/198.18.0.2/5062",
            "RemoteAddress": f"IPV4/{transport}/{address}/5060",
            "Challenge": nonce,
        }
    )
    assert found
    return found
