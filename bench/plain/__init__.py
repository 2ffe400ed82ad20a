"""A plain Asterisk of the distribution, the peer of most benches."""

from .image import IMAGE, ensure_plain

__all__ = ["IMAGE", "ensure_plain"]
