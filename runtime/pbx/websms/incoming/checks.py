"""Checks recipient, sender and text of a message; pure.

Control characters are refused, except line breaks and tabs in the text. Recipients and senders may
have few kinds of characters, since the dialplan of the user works with them.
"""

import re
import unicodedata

LONGEST_BODY = 6000
"""Bytes in UTF-8. An SMS of ten parts has 1,600 characters; phones refuse much longer ones."""
LONGEST_ID = 200

_NUMBER = re.compile(r"\+?[0-9]{2,20}")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._&-]{0,18}[A-Za-z0-9.])")
_RECIPIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,19}")
_ALLOWED_CONTROLS = "\t\n\r"


class RefusedError(ValueError):
    """A value is not allowed; the text is one line for the client that sent it."""


def read_recipient(text: str) -> str:
    """Check a recipient: a telephone number, or a short name of letters and digits.

    Raises:
        RefusedError: it is neither.
    """
    number = _with_plus(text)
    if _NUMBER.fullmatch(number) or _RECIPIENT.fullmatch(number):
        return number
    raise RefusedError("the recipient is neither a telephone number nor a short name")


def read_sender(text: str) -> str:
    """Check a sender: a telephone number, or a name, such as that of a company.

    Raises:
        RefusedError: it is neither.
    """
    number = _with_plus(text)
    if _NUMBER.fullmatch(number) or _NAME.fullmatch(number):
        return number
    raise RefusedError("the sender is neither a telephone number nor a short name")


def read_body(text: str) -> str:
    """Check the text of a message.

    Raises:
        RefusedError: it is empty, too long, or has control characters.
    """
    if not text:
        raise RefusedError("the message is empty")
    try:
        length = len(text.encode())
    except UnicodeEncodeError as error:
        raise RefusedError("the message has half a character (a lone surrogate)") from error
    if length > LONGEST_BODY:
        raise RefusedError(f"the message has more than {LONGEST_BODY} bytes")
    if not text.isprintable():
        _refuse_controls(text, "the message", _ALLOWED_CONTROLS)
    return text


def read_id(text: str) -> str:
    """Check the provider's ID of a message.

    Raises:
        RefusedError: it is empty, too long, or has characters that cannot be shown.
    """
    if not text or len(text) > LONGEST_ID or not text.isprintable():
        raise RefusedError("the message ID is empty, too long, or has control characters")
    return text


def read_echo(text: str) -> str:
    """Check a value that is to be sent back.

    Raises:
        RefusedError: it has control characters.
    """
    _refuse_controls(text, "the value to echo", "")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError("the value to echo has half a character (a lone surrogate)") from error
    return text


def address_part(sender: str) -> str:
    """Return a sender without the characters that a SIP address would have to quote."""
    return re.sub(r"[^A-Za-z0-9+._-]", "", sender)


def _with_plus(text: str) -> str:
    """Restore the + of a number: in a form that did not encode it, it means a space."""
    return f"+{text[1:]}" if re.fullmatch(r" [0-9]{2,20}", text) else text


def _refuse_controls(text: str, what: str, allowed: str) -> None:
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in allowed:
            raise RefusedError(f"{what} has a control character (U+{ord(character):04X})")
