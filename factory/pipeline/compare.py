"""Compares two images."""

from __future__ import annotations

from pathlib import Path

from factory.build.session import Session
from factory.errors import FactoryError
from factory.evidence import difference
from factory.evidence.folder import Folder
from factory.evidence.measure import Evidence, measure


def compare_images(session: Session, old: str, new: str) -> str:
    """Return what changed between two images, as text.

    Args:
        session: Its engine has the images; its recipe names the distribution of their packages.
        old: Name or id of an image, or a folder with the evidence of one, such as `build/full`.
        new: The same.

    Raises:
        FactoryError: there is no such image or folder.
    """
    return difference.describe(difference.compare(_known(session, old), _known(session, new)))


def _known(session: Session, text: str) -> Evidence:
    if Path(text).is_dir():
        found = Folder(Path(text)).read()
        if found is None:
            raise FactoryError(
                f"{text} has no manifest.json that can be read",
                "name a folder that this version of build.py has written, or an image",
            )
        return found
    info = session.engine.image(text)
    label = info.labels.get("org.opencontainers.image.ref.name", "")
    image = label if label in session.catalog.images else session.catalog.default
    with session.console.activity(f"measure {text}"):
        return measure(session, image, info.id)
