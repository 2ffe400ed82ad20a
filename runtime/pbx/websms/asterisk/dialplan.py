"""The dialplan that delivers a message to a phone, and the console's commands and answers; pure.

It is added while Asterisk runs, so that the user's files do not have to be changed:

    [pbx-websms]
    _X!    the ID of a message. AGI lets the service ask whether a phone is registered, set the
           text, and send the channel to the user's own dialplan, where MessageSend sends it. If the
           service ends in between, nothing is sent.
    ended  the hangup handler of that channel: stores the result in a global variable, then calls
           the service.

As soon as the channel is in the user's dialplan, Asterisk does not need the service, and remembers
the result: a service that was killed finds it after its restart. Each of the parallel deliveries is
a lane; a lane has one global variable, which its next message overwrites.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pbx.websms.configuration.settings import QueueSettings

CONTEXT = "pbx-websms"
LANE_VARIABLE = "WEBSMS_LANE_"
BEGUN = "begun"
LONGEST_ENCODED = 1400
"""Characters. A longer text is decoded before, since Asterisk's functions would truncate it."""

AWAIT_BOOT = "core waitfullybooted"
SHOW_CONTEXT = f"dialplan show ended@{CONTEXT}"
SHOW_GLOBALS = "dialplan show globals"
SHOW_CHANNELS = "core show channels concise"
SHOW_CONTACTS = "pjsip show contacts"
_CONTACT = re.compile(r"^\s*Contact:\s+(\S+)\s+(\S+)\s+(\S+)", re.MULTILINE)
_LANE = re.compile(rf"^\s*{LANE_VARIABLE}(\d+)=(\d+):(\w*)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Lane:
    """Asterisk's memory of a lane.

    Attributes:
        message: The ID of its last message.
        status: BEGUN during delivery, then MESSAGE_SEND_STATUS; "" if the dialplan did not use
            MessageSend.
    """

    message: int
    status: str


def add_commands(address: str) -> list[str]:
    """Return the console commands that add the context.

    Args:
        address: Of the AGI server.
    """
    variable = f"{LANE_VARIABLE}${{WEBSMS_LANE}}"
    lines = [
        f"_X!,1,AGI({address}/begin)",
        "_X!,2,GotoIf($[${LEN(${WEBSMS_LANE})} = 0]?5)",
        "_X!,3,Set(CHANNEL(hangup_handler_wipe)=)",
        f"_X!,4,Set(GLOBAL({variable})=)",
        "_X!,5,Hangup()",
        f"ended,1,Set(GLOBAL({variable})=${{WEBSMS_ID}}:${{MESSAGE_SEND_STATUS}})",
        f"ended,2,AGI({address}/ended,${{WEBSMS_ID}},${{MESSAGE_SEND_STATUS}})",
        "ended,3,Return()",
    ]
    return [f'dialplan add extension "{line}" into {CONTEXT} replace' for line in lines]


def originate_command(message: int) -> str:
    """Return the console command that starts a channel for a message.

    The other end of the channel only waits, and ends with it.
    """
    return f"channel originate Local/{message}@{CONTEXT}/n application Wait 86400"


def forget_command(lane: int) -> str:
    """Return the console command that resets the variable of a lane."""
    return f"dialplan set global {LANE_VARIABLE}{lane} 0"


def presence_dial(recipient: str, queue: QueueSettings) -> str:
    """Return the argument of Dial that asks the user's dialplan whether a phone is registered."""
    return f"Local/{recipient}@{queue.channel_context}/n,{queue.waittime},gS(1)"


def text_variables(pieces: list[str], encoding: str) -> list[tuple[str, str]]:
    """Return the channel variables for a text, percent-encoded in pieces.

    Dialplans that were made for call files expect MESSAGE(body) encoded, and MESSAGE_ENCODE to say
    so. This holds for short texts; a longer one is joined decoded, by join_command.
    """
    if _is_encoded(pieces, encoding):
        return [("MESSAGE_ENCODE", "rfc3986"), ("MESSAGE(body)", pieces[0])]
    named = [(f"WEBSMS_{number}", piece) for number, piece in enumerate(pieces)]
    return [("MESSAGE_ENCODE", "none"), *named]


def join_command(pieces: list[str], encoding: str) -> str:
    """Return what Exec runs to join a text from its pieces; "" if that is not needed."""
    if _is_encoded(pieces, encoding):
        return ""
    joined = "".join(f"${{URIDECODE(${{WEBSMS_{number}}})}}" for number in range(len(pieces)))
    return f"Set(MESSAGE(body)={joined})"


def read_lanes(text: str) -> Mapping[int, Lane]:
    """Read the answer to SHOW_GLOBALS."""
    return {int(lane): Lane(int(number), status) for lane, number, status in _LANE.findall(text)}


def has_channel(text: str, message: int) -> bool:
    """Tell from the answer to SHOW_CHANNELS whether a message has a channel."""
    return f"Local/{message}@{CONTEXT}-" in text


def read_contacts(text: str) -> frozenset[tuple[str, str]]:
    """Read the answer to SHOW_CONTACTS: registered phones, and whether they are reachable."""
    return frozenset((contact, status) for contact, _, status in _CONTACT.findall(text))


def _is_encoded(pieces: list[str], encoding: str) -> bool:
    return encoding == "rfc3986" and len(pieces) == 1 and len(pieces[0]) <= LONGEST_ENCODED
