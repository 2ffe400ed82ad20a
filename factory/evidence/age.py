"""How old the packages of images are, from their labels. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from factory.plan import labels


def describe_age(images: Iterable[Mapping[str, str]], today: datetime.date) -> str:
    """Return in one line how old packages are and what base they were installed on.

    Args:
        images: Labels of each image; the oldest packages count.
        today: The day, in UTC.
    """
    known = [image for image in images if labels.PACKAGES in image]
    if not known:
        return "how old the packages are is unknown"
    oldest = min(known, key=lambda image: image[labels.PACKAGES])
    day = datetime.date.fromisoformat(oldest[labels.PACKAGES][:10])
    days = (today - day).days
    age = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    reference, _, digest = oldest.get(labels.BASE, "unknown").partition("@")
    short = f"@{digest[:19]}" if digest else ""
    return f"packages as of {day} ({age}), base {reference}{short}"
