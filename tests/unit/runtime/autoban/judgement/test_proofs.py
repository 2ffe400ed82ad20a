"""Proof that an address is the sender's."""

from __future__ import annotations

import pytest
from pbx.autoban.judgement import proofs
from pbx.autoban.judgement.events import CONNECTED
from pbx.autoban.judgement.proofs import LIFETIME, Proofs

from .security_events import KEY, KINDS, NONCE, event


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("transport", sorted(CONNECTED))
def test_proof_is_a_connection(kind: str, transport: str) -> None:
    assert Proofs().proves(event(kind, transport), KEY, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("transport", ["UDP", "", "SCTP"])
def test_proof_is_no_invented_nonce(kind: str, transport: str) -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    assert not known.proves(event(kind, transport, NONCE.replace("d8b9", "0000")), KEY, 0)
    assert not known.proves(event(kind, transport), KEY, 0)


def test_proof_is_a_response_to_a_challenge_that_was_sent_there() -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    assert known.proves(event("ChallengeResponseFailed", nonce=NONCE), KEY, 1)
    assert not known.proves(event("ChallengeResponseFailed", nonce=NONCE), "192.0.2.2", 1)


def test_proof_is_an_old_nonce_but_not_for_ever() -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    answer = event("ChallengeResponseFailed", nonce=NONCE)
    assert known.proves(answer, KEY, LIFETIME)
    assert not known.proves(answer, KEY, LIFETIME + 1)
    known.pass_time(LIFETIME + 1)
    assert len(known) == 0


@pytest.mark.parametrize("kind", ["InvalidAccountID", "FailedACL", "ChallengeSent"])
def test_proof_is_nothing_that_responds_to_no_challenge(kind: str) -> None:
    known = Proofs()
    known.sent(KEY, NONCE, 0)
    assert not known.proves(event(kind, nonce=NONCE), KEY, 0)


def test_proof_is_a_login() -> None:
    assert Proofs().proves(event("SuccessfulAuth"), KEY, 0)


def test_proofs_store_no_empty_nonce() -> None:
    known = Proofs()
    known.sent(KEY, "", 0)
    assert len(known) == 0


def test_proofs_store_a_bounded_number_of_nonces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MOST", 50)
    known = Proofs()
    for number in range(500):
        known.sent(KEY, str(number), 0)
        assert len(known) <= 50
    assert known.proves(event("ChallengeResponseFailed", nonce="499"), KEY, 0)
