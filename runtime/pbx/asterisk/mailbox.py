"""What a mailbox is, and in which folder its recordings are kept; pure.

A mailbox is the mail address that voicemail goes to. The dialplan decides the same by itself
(sub_mailbox_folder in extensions.conf), since `mini` has no Python.
"""

import re

LONGEST_NAME = 64
"""Characters before the @ (RFC 5321 section 4.5.3.1.1)."""
LONGEST_DOMAIN = 79
"""Characters after it: MiniVM cuts off what is longer (AST_MAX_CONTEXT in app_minivm.c)."""

_NAME = re.compile(r"[A-Za-z0-9_+=~&'-]+(\.[A-Za-z0-9_+=~&'-]+)*", re.ASCII)
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)

# Neither may be in the path of a recording: Playback takes & for the end of a file's name, and
# MiniVM gives the path to a shell where minivm.conf sets volgain. What stands for them is in no
# name.
_IN_FOLDERS = str.maketrans("'&", "^!")
_FROM_FOLDERS = str.maketrans("^!", "'&")


def mailbox_problem(mailbox: str) -> str:
    """Return what keeps a text from being a mailbox; empty if it is one.

    A mailbox is a mail address (dot-atom of RFC 5322 section 3.2.3) without those of its legal
    characters that hardly anybody's address has, but shells and paths have a use for.

    Args:
        mailbox: A text, as in `endpoint/mailboxes`.
    """
    name, at, domain = mailbox.partition("@")
    if not at:
        return "there is no @ in it"
    if not _NAME.fullmatch(name):
        return "before the @, use letters, digits and . _ - + = ~ & ', no dot at an end or twice"
    if not _DOMAIN.fullmatch(domain):
        return "after the @, use letters, digits and hyphens, with single dots in between"
    if len(name) > LONGEST_NAME:
        return f"it has more than {LONGEST_NAME} characters before the @"
    if len(domain) > LONGEST_DOMAIN:
        return f"it has more than {LONGEST_DOMAIN} characters after the @"
    return ""


def folder_of(mailbox: str) -> str:
    """Return the folder of a mailbox, below MiniVM's: DOMAIN/NAME.

    Args:
        mailbox: One that has no problem.
    """
    name, _, domain = mailbox.partition("@")
    return f"{domain}/{name.translate(_IN_FOLDERS)}"


def mailbox_of(domain: str, folder: str) -> str:
    """Return the mailbox that a folder belongs to.

    Args:
        domain: Name of the folder of the domain.
        folder: Name of the folder in that.
    """
    return f"{folder.translate(_FROM_FOLDERS)}@{domain}"
