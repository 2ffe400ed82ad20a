"""The character sets of SMS; pure."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
_KNOWN = frozenset(_BASIC + _EXTENSION)


def is_basic(text: str) -> bool:
    """Tell whether a text fits the basic alphabet of SMS (3GPP TS 23.038, 6.2.1), extended."""
    return _KNOWN.issuperset(text)


def to_ucs2(text: str) -> str:
    """Replace the characters above U+FFFF, which are not in UCS-2, by U+FFFD."""
    return "".join(c if c <= "\uffff" else "\N{REPLACEMENT CHARACTER}" for c in text)
