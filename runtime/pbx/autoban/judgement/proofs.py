"""Proof that the address in an event is really the sender's.

Over TCP, TLS and WebSocket, the sender has completed the handshake. A UDP packet can have a forged
source address, so it proves nothing unless it responds to a challenge. The nonce of Asterisk 22 is
`SECONDS/MD5(SECONDS:ADDRESS:UUID:REALM)` with a random UUID that never leaves the process
(res_pjsip_authenticator_digest.c, build_nonce). Only a client that receives packets at that address
can know it.

Asterisk's events do not report whether a nonce was its own. A wrong password is reported as
ChallengeResponseFailed with whatever nonce is in the Authorization header (verify() there), and
ChallengeSent has no nonce. Therefore the nonces are read from the challenges that leave this
machine (kernel/challenge_log.py), and stored here. SuccessfulAuth needs one of Asterisk's nonces.
"""

from collections import OrderedDict

from pbx.autoban.judgement.events import CONNECTED, Meaning, SecurityEvent

LIFETIME = 3600.0
"""Seconds. An expired nonce is proof, too: a client at that address has received it."""

MOST = 20_000
"""Nonces to store; the oldest are removed first. A removed nonce is no proof."""


class Proofs:
    """Stores which nonces were sent to which address."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sent)

    def sent(self, key: str, nonce: str, now: float) -> None:
        """Store a nonce that was sent to an address."""
        if not nonce:
            return
        self._sent[hash((key, nonce))] = now
        self._sent.move_to_end(hash((key, nonce)))
        if len(self._sent) > MOST:
            self._sent.popitem(last=False)

    def proves(self, event: SecurityEvent, key: str, now: float) -> bool:
        """Return whether an event can only come from its address.

        Args:
            event: The event.
            key: Name of the sender; see addresses.key_of.
            now: Seconds of a clock that never goes back.
        """
        if event.transport in CONNECTED or event.meaning is Meaning.LOGIN:
            return True
        if event.meaning is not Meaning.WRONG_SECRET:
            return False
        sent = self._sent.get(hash((key, event.challenge)))
        return sent is not None and now - sent <= LIFETIME

    def pass_time(self, now: float) -> None:
        """Remove nonces that are too old."""
        while self._sent and now - next(iter(self._sent.values())) > LIFETIME:
            self._sent.popitem(last=False)
