"""Which events name an address that is really the sender's. No clock and no I/O.

Over TCP, TLS and WebSocket the sender has answered the handshake. Over UDP anybody can write any
address into a packet, so that such an event says nothing about the address, unless it answers a
challenge: the nonce of Asterisk 22 is `SECONDS/MD5(SECONDS:ADDRESS:UUID:REALM)` with a random UUID
that never leaves the process (res_pjsip_authenticator_digest.c, build_nonce), so that only who
reads the mail of that address can know it.

Asterisk's events do not say whether a nonce was its own. Whatever is in an Authorization header,
if the password is wrong, it is ChallengeResponseFailed with the header's nonce (verify() there),
and the nonce is missing in ChallengeSent. So the nonces are read from the answers that leave this
machine (challenge_log.py), and remembered here. SuccessfulAuth needs a fresh nonce of its own.
"""

from collections import OrderedDict

from pbx.autoban.judgement.events import CONNECTED, Meaning, SecurityEvent

LIFETIME = 3600.0
"""Seconds. A nonce that is too old for Asterisk was received all the same."""

MOST = 20_000
"""Nonces to remember; the oldest are forgotten first. What is forgotten is not proven."""


class Proofs:
    """Remembers which nonces were sent to whom."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sent)

    def sent(self, key: str, nonce: str, now: float) -> None:
        """Take note of a nonce that left for somebody."""
        if not nonce:
            return
        self._sent[hash((key, nonce))] = now
        self._sent.move_to_end(hash((key, nonce)))
        if len(self._sent) > MOST:
            self._sent.popitem(last=False)

    def proves(self, event: SecurityEvent, key: str, now: float) -> bool:
        """Says whether an event can only come from the address that it names.

        Args:
            event: What happened.
            key: What the sender is called.
            now: Seconds, by a clock that never goes back.
        """
        if event.transport in CONNECTED or event.meaning is Meaning.WELCOME:
            return True
        if event.meaning is not Meaning.WRONG_SECRET:
            return False
        sent = self._sent.get(hash((key, event.challenge)))
        return sent is not None and now - sent <= LIFETIME

    def pass_time(self, now: float) -> None:
        """Forgets nonces that are too old."""
        while self._sent and now - next(iter(self._sent.values())) > LIFETIME:
            self._sent.popitem(last=False)
