"""Whether each message arrived as it should: all, and none twice; pure.

| way       | lost, if it was in its hands when killed | twice, likewise | the sender may be told |
| --------- | ---------------------------------------- | --------------- | ---------------------- |
| text      | Asterisk, which keeps it in memory       | Asterisk        | never                  |
| sms out   | Asterisk, until WebSMS has it            | nobody          | that it was not sent   |
| sms in    | nobody                                   | Asterisk        | never                  |
| voicemail | nobody                                   | Asterisk        | never                  |

Told (runtime/pbx/websms/README.md): "Not sent" means that it has not arrived, "Perhaps not sent"
that it may have. Times are seconds since 1970.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.soak.blame import excused, last_before
from tests.soak.journal import Kill, Outage, Sent, clock

NOT_SENT, PERHAPS = "Not sent", "Perhaps not sent"
TOLD_SECONDS = 60
"""Within which of a kill or an outage a sender may be told of it."""


@dataclass(frozen=True)
class Rule:
    """What may become of messages of one way.

    Attributes:
        holds: Seconds after which Asterisk has handed the message on.
        lost: Services with which it may be lost while in their hands.
        twice: Services after a kill of which it may come a second time.
    """

    holds: float
    lost: tuple[str, ...] = ("asterisk",)
    twice: tuple[str, ...] = ()


RULES = {
    "text": Rule(2, twice=("asterisk",)),
    "sms out": Rule(2),
    "sms in": Rule(0, lost=(), twice=("asterisk",)),
    "voicemail": Rule(0, lost=(), twice=("asterisk",)),
}


@dataclass(frozen=True)
class Notice:
    """What a sender was told of a message.

    Attributes:
        time: When.
        text: What.
    """

    time: float
    text: str


def violations(
    sent: Sequence[Sent],
    came: Mapping[str, Sequence[float]],
    told: Mapping[str, Notice],
    kills: Sequence[Kill],
    outages: Sequence[Outage],
) -> list[str]:
    """Returns a line for each message that was lost, or came too often.

    Args:
        sent: All messages.
        came: When each arrived, by name.
        told: What senders were told, by name.
        kills: All kills.
        outages: Times in which a fixture service was away.
    """
    lines = []
    for message in sent:
        times = came.get(message.name, ())
        notice = told.get(message.name)
        what = _violation(message, times, notice, kills, outages)
        if what:
            moment = message.taken or message.begun
            lines.append(
                f"{message.name} to {message.to}, taken at {clock(moment)}: {what}; "
                f"{last_before(kills, moment)}"
            )
    known = {message.name for message in sent}
    lines += [f"{name} came, and nobody sent it" for name in came if name not in known]
    return lines


def _violation(
    message: Sent,
    times: Sequence[float],
    notice: Notice | None,
    kills: Sequence[Kill],
    outages: Sequence[Outage],
) -> str:
    rule = RULES[message.way]
    if len(times) > 1 and not excused(kills, rule.twice, message.begun, times[-1]):
        return f"came {len(times)} times, at {', '.join(map(clock, times))}"
    if notice is not None:
        return _false_notice(notice, times, kills, outages)
    excuse = excused(kills, rule.lost, message.begun, message.taken + rule.holds)
    return "is lost" if message.taken and not times and not excuse else ""


def _false_notice(
    notice: Notice, times: Sequence[float], kills: Sequence[Kill], outages: Sequence[Outage]
) -> str:
    if times and notice.text.startswith(NOT_SENT):
        return f"the sender was told '{notice.text}', and it came"
    if not _reason_to_tell(notice.time, kills, outages):
        return f"the sender was told '{notice.text}', without a reason"
    return ""


def _reason_to_tell(moment: float, kills: Sequence[Kill], outages: Sequence[Outage]) -> bool:
    spans = [(kill.at, kill.well) for kill in kills if kill.service in ("websms", "asterisk")]
    spans += [(outage.begun, outage.ended) for outage in outages]
    return any(begun <= moment <= ended + TOLD_SECONDS for begun, ended in spans)


def tally(
    sent: Sequence[Sent], came: Mapping[str, Sequence[float]], told: Mapping[str, Notice]
) -> dict[str, dict[str, int]]:
    """Counts for each way what was taken, came, came again, and what senders were told of."""
    counts = {way: Counter[str]() for way in RULES}
    for message in sent:
        times = came.get(message.name, ())
        counts[message.way] += Counter(
            taken=int(message.taken > 0),
            came=int(bool(times)),
            again=max(0, len(times) - 1),
            told=int(message.name in told),
        )
    return {
        way: {key: count[key] for key in ("taken", "came", "again", "told")}
        for way, count in counts.items()
    }
