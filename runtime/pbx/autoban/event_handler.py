"""Judges the messages of Asterisk's manager interface, and enforces the decisions."""

import time
from collections.abc import Callable, Sequence

from pbx.asterisk.ami import Message
from pbx.autoban.enforcement import Enforcement
from pbx.autoban.judgement.events import Meaning, SecurityEvent, read_event
from pbx.autoban.judgement.guard import Decision, Guard
from pbx.autoban.judgement.offenders import Ban
from pbx.autoban.judgement.suspects import Suspect
from pbx.autoban.notices import LineLimit, Notices, ban_line, slow_line
from pbx.core.log import NOTICE


class EventHandler:
    """Takes messages.

    Args:
        guard: Judges events.
        enforcement: Enforces its decisions.
        notices: The log.
        slow_lines: The log, for lines about rate limits.
        other: Gets messages that are no security events.
    """

    def __init__(
        self,
        guard: Guard,
        enforcement: Enforcement,
        notices: Notices,
        slow_lines: LineLimit,
        other: Callable[[Message], None],
    ) -> None:
        self._guard = guard
        self._enforcement = enforcement
        self._notices = notices
        self._slow_lines = slow_lines
        self._other = other

    def handle(self, messages: Sequence[Message]) -> None:
        """Judge messages that arrived together; all bans are one transaction of nft."""
        now = time.monotonic()
        self._enforcement.read_challenges()  # a nonce has to be known before its response is judged
        bans: list[Ban] = []
        suspects: dict[str, Suspect] = {}
        for message in messages:
            event = read_event(message)
            if event is None:
                self._other(message)
                continue
            decision = self._judge(event, now)
            if isinstance(decision, Ban):
                bans.append(decision)
            elif decision:
                suspects[decision.key] = decision
        if bans:
            self._enforcement.ban(bans)
        if suspects:
            self._enforcement.slow(suspects.values(), now)
        for ban in bans:
            self._notices.say(NOTICE, ban_line(ban))
        for suspect in suspects.values():
            self._slow_lines.say(slow_line(suspect, self._guard.rules.slowrate))

    def _judge(self, event: SecurityEvent, now: float) -> Decision | None:
        if event.service == "PJSIP":
            self._enforcement.add_port(event.local_port)
        decision = self._guard.judge(event, now)
        if event.meaning is Meaning.LOGIN:
            self._enforcement.exempt_phone(event.address, now)
        return decision
