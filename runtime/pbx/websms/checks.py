"""What a message may be made of; pure.

Control characters are refused everywhere, except line breaks and tabs in a text, which people
write. Numbers and names are of few kinds of characters, since they become part of a dialplan's
work. A refusal costs a message, a leak in somebody's dialplan more.
"""

import re
import unicodedata

LONGEST_BODY = 6000
"""Bytes in UTF-8. An SMS of ten parts has 1,600 characters; phones refuse much longer ones."""
LONGEST_ID = 200

_NUMBER = re.compile(r"\+?[0-9]{2,20}")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._&-]{0,18}[A-Za-z0-9.])")
_RECIPIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,19}")
_IN_TEXTS = "\t\n\r"


class RefusedError(ValueError):
    """It may not be; the text is one line for whoever sent it."""


def read_recipient(text: str) -> str:
    """Check whom a message is for: a telephone number, or a short name of letters and digits.

    Raises:
        RefusedError: it is neither.
    """
    number = _with_plus(text)
    if _NUMBER.fullmatch(number) or _RECIPIENT.fullmatch(number):
        return number
    raise RefusedError("the recipient is neither a telephone number nor a short name")


def read_sender(text: str) -> str:
    """Check whom a message is from: a telephone number, or a name such as companies have.

    Raises:
        RefusedError: it is neither.
    """
    number = _with_plus(text)
    if _NUMBER.fullmatch(number) or _NAME.fullmatch(number):
        return number
    raise RefusedError("the sender is neither a telephone number nor a short name")


def read_body(text: str) -> str:
    """Check a text.

    Raises:
        RefusedError: it is empty, too long, or has control characters.
    """
    if not text:
        raise RefusedError("the text is empty")
    try:
        length = len(text.encode())
    except UnicodeEncodeError as error:
        raise RefusedError("the text has half a character (a lone surrogate)") from error
    if length > LONGEST_BODY:
        raise RefusedError(f"the text has more than {LONGEST_BODY} bytes")
    if not text.isprintable():
        _refuse_controls(text, "the text", _IN_TEXTS)
    return text


def read_id(text: str) -> str:
    """Check the provider's number of a message.

    Raises:
        RefusedError: it is empty, too long, or has characters that cannot be shown.
    """
    if not text or len(text) > LONGEST_ID or not text.isprintable():
        raise RefusedError("the message's number is empty, too long, or has control characters")
    return text


def read_echo(text: str) -> str:
    """Check what is to be sent back.

    Raises:
        RefusedError: it has control characters.
    """
    _refuse_controls(text, "what is to be echoed", "")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise RefusedError("what is to be echoed has half a character") from error
    return text


def address_part(sender: str) -> str:
    """Return a sender as it can stand in a SIP address without any quoting."""
    return re.sub(r"[^A-Za-z0-9+._-]", "", sender)


def _with_plus(text: str) -> str:
    """Mends a number whose + was sent as it is in a form, where it stands for a blank."""
    return f"+{text[1:]}" if re.fullmatch(r" [0-9]{2,20}", text) else text


def _refuse_controls(text: str, what: str, but: str) -> None:
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in but:
            raise RefusedError(f"{what} has a control character (U+{ord(character):04X})")
