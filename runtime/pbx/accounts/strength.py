"""Whether a password withstands guessing; pure.

Attackers try names, numbers and published passwords first, then short ones. A password of eight
characters of all four kinds is accepted, as is any that is long enough to make up for a kind that
it lacks: random secrets of 24 characters often do.
"""

import math
import re
import string
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

SHORTEST = 8
ENOUGH_BITS = 75.0  # sixteen random small letters

_PLACEHOLDER = re.compile(r"@SECRET:.*@")
_PUBLISHED = (
    *("password", "passw0rd", "secret", "asterisk", "changeme", "change-me", "letmein"),
    *("unsecurepassword", "verysecretpassword", "supersecret", "secretpassword", "notsecure"),
    *("a-long-random-one", "mysecret", "mypassword", "s3cret", "qwerty", "welcome", "default"),
    *("admin", "guest", "test", "voip", "phone", "abc123", "1q2w3e4r"),
)
_KINDS: dict[str, tuple[Callable[[str], bool], int]] = {
    "lower case": (str.islower, 26),
    "upper case": (str.isupper, 26),
    "digits": (str.isdecimal, 10),
    "other characters": (lambda letter: not letter.isalnum(), 33),
}
"""How to tell each kind of character, and how many there are to choose from."""


def weakness(password: str | None, *names: str) -> str:
    """Return what is wrong with a password; nothing if it is strong, or cannot be read back.

    Args:
        password: As the phone has to know it.
        names: What is known of the account: its name, its number.
    """
    return "" if password is None else next(_problems(password, names), "")


def _problems(password: str, names: Sequence[str]) -> Iterator[str]:
    if not password:
        yield "there is none"
    if _PLACEHOLDER.fullmatch(password):
        yield "a placeholder that was never replaced"
    plain = password.lower()
    known = [form for name in names for form in _forms(name)]
    if plain in known:
        yield "the same as its name or number"
    if plain in _PUBLISHED or plain.strip(string.digits + string.punctuation) in _PUBLISHED:
        yield "a published or usual one"
    if len(password) < SHORTEST:
        yield f"only {len(password)} characters; use at least {SHORTEST}, better 10"
    guessable = _shorten(plain, known)
    if guessable < SHORTEST / 2:
        yield "easily guessed: repeats, rows of keys, its name or usual words"
    used = [name for name, (is_one, _) in _KINDS.items() if any(map(is_one, password))]
    missing = [name for name in _KINDS if name not in used]
    alphabet = max(2, sum(_KINDS[name][1] for name in used))
    if missing and guessable * math.log2(alphabet) < ENOUGH_BITS:
        yield f"no {', '.join(missing)}: use some, or make it longer"


def _forms(name: str) -> set[str]:
    """How a name or number is written, and backwards."""
    plain = name.lower()
    written = {plain, plain.lstrip("+"), *re.split(r"[^a-z0-9]+", plain)} - {""}
    return written | {form[::-1] for form in written}


def _shorten(password: str, known: list[str]) -> int:
    """Return how many characters are left when what is easily guessed counts as one."""
    for word in sorted({*known, *_PUBLISHED}, key=len, reverse=True):
        if len(word) >= 4:
            password = password.replace(word, "\0")
    repeated = re.fullmatch(r"(.+?)\1+", password, re.DOTALL) if len(password) <= 200 else None
    if repeated:
        password = repeated[1]
    steps = [ord(b) - ord(a) for a, b in pairwise(password)]
    # A character that goes on as the one before it did (aaa, 345, 543) adds nothing.
    rows = sum(one == two and abs(one) <= 1 for one, two in pairwise(steps))
    return len(password) - rows
