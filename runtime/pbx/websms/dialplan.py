"""The lines of dialplan that bring a message to a phone, and what the console is asked; pure.

They are added while Asterisk runs, so that nothing in the user's files has to be changed:

    [pbx-websms]
    _X!    the number of a message: AGI has the service look whether a phone is there, hand over
           the text, and send the channel to the user's own dialplan, where MessageSend does the
           rest. If the service ends in the midst of that, nothing is sent.
    ended  a handler for when that channel hangs up: notes in a global variable how it went, then
           tells the service.

From the moment the channel is in the user's dialplan Asterisk needs nobody, and remembers the
outcome by itself: a service that is killed meanwhile finds it when it is back. A lane is the place
in which a message is handed over; it has one variable, which its next message overwrites.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pbx.websms.settings import QueueSettings

CONTEXT = "pbx-websms"
LANE_VARIABLE = "WEBSMS_LANE_"
BEGUN = "begun"
LONGEST_ENCODED = 1400
"""Letters. A longer text is decoded here: Asterisk's own functions would cut it."""

AWAIT_BOOT = "core waitfullybooted"
SHOW_CONTEXT = f"dialplan show ended@{CONTEXT}"
SHOW_GLOBALS = "dialplan show globals"
SHOW_CHANNELS = "core show channels concise"
SHOW_CONTACTS = "pjsip show contacts"
_CONTACT = re.compile(r"^\s*Contact:\s+(\S+)\s+(\S+)\s+(\S+)", re.MULTILINE)
_LANE = re.compile(rf"^\s*{LANE_VARIABLE}(\d+)=(\d+):(\w*)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Lane:
    """What Asterisk remembers of a lane.

    Attributes:
        message: The number of its last message.
        status: BEGUN while it is on its way, then MESSAGE_SEND_STATUS; "" if the dialplan never
            used MessageSend.
    """

    message: int
    status: str


def add_commands(address: str) -> list[str]:
    """Return what is to be typed to have the context.

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
    """Return what is to be typed to have a channel run the AGI for a message.

    The other end of it only waits; it ends with this one.
    """
    return f"channel originate Local/{message}@{CONTEXT}/n application Wait 86400"


def forget_command(lane: int) -> str:
    """Return what is to be typed to have Asterisk forget the last message of a lane."""
    return f"dialplan set global {LANE_VARIABLE}{lane} 0"


def presence_dial(recipient: str, queue: QueueSettings) -> str:
    """Return the argument of Dial that asks the user's dialplan whether a phone is there."""
    return f"Local/{recipient}@{queue.channel_context}/n,{queue.waittime},gS(1)"


def text_variables(pieces: list[str], encoding: str) -> list[tuple[str, str]]:
    """Return the variables that bring a text, percent-encoded in pieces.

    Dialplans made for call files expect MESSAGE(body) encoded, and MESSAGE_ENCODE to say so. That
    is done as far as it goes; a longer text is put together decoded, by join_command.
    """
    if _is_encoded(pieces, encoding):
        return [("MESSAGE_ENCODE", "rfc3986"), ("MESSAGE(body)", pieces[0])]
    named = [(f"WEBSMS_{number}", piece) for number, piece in enumerate(pieces)]
    return [("MESSAGE_ENCODE", "none"), *named]


def join_command(pieces: list[str], encoding: str) -> str:
    """Return what Exec is to run to make a text of its pieces; "" if it needs nothing."""
    if _is_encoded(pieces, encoding):
        return ""
    joined = "".join(f"${{URIDECODE(${{WEBSMS_{number}}})}}" for number in range(len(pieces)))
    return f"Set(MESSAGE(body)={joined})"


def read_lanes(text: str) -> Mapping[int, Lane]:
    """Read the answer to SHOW_GLOBALS."""
    return {int(lane): Lane(int(number), status) for lane, number, status in _LANE.findall(text)}


def has_channel(text: str, message: int) -> bool:
    """Read in the answer to SHOW_CHANNELS whether a message has a channel."""
    return f"Local/{message}@{CONTEXT}-" in text


def read_contacts(text: str) -> frozenset[tuple[str, str]]:
    """Read the answer to SHOW_CONTACTS: phones that are registered, and whether they answer."""
    return frozenset((contact, status) for contact, _, status in _CONTACT.findall(text))


def _is_encoded(pieces: list[str], encoding: str) -> bool:
    return encoding == "rfc3986" and len(pieces) == 1 and len(pieces[0]) <= LONGEST_ENCODED
