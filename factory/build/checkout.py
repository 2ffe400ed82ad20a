"""Facts on the sources from git and the environment: revision, tags, latest file time."""

from __future__ import annotations

import datetime
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from semver import Version

from factory.errors import UsageError
from factory.plan.snapshot import Snapshot


@dataclass(frozen=True)
class Checkout:
    """Git's data on a checkout, for the labels of the images."""

    revision: str
    url: str
    epoch: int
    """Time of the revision, in seconds since 1970."""
    git_tags: tuple[str, ...]

    @classmethod
    def of(cls, root: Path) -> Checkout:
        """Return git's data on a checkout; empty values if it is none."""
        revision = _git(root, "rev-parse", "HEAD")
        if revision and _git(root, "status", "--porcelain"):
            revision += "-dirty"
        seconds = given_epoch(os.environ)
        if seconds is None:
            seconds = int(_git(root, "log", "-1", "--format=%ct") or 0)
        return cls(
            revision=revision,
            url=_without_credentials(_git(root, "config", "--get", "remote.origin.url")),
            epoch=seconds,
            git_tags=tuple(_git(root, "tag", "--points-at", "HEAD").split()),
        )

    @property
    def created(self) -> str:
        """The time of the revision in the form of the images' labels (RFC 3339)."""
        moment = datetime.datetime.fromtimestamp(self.epoch, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def arguments(self, base: str, epoch: int, version: Version | None) -> dict[str, str]:
        """Return the values of the Dockerfile's arguments.

        Args:
            base: Reference of the base image.
            epoch: The latest modification time of a file in an image.
            version: Of the images; None if there is none.
        """
        return {
            "BASE": base,
            "SOURCE_DATE_EPOCH": str(epoch),
            "CREATED": self.created,
            "REVISION": self.revision,
            "SOURCE": self.url,
            "VERSION": str(version or ""),
        }


def source_date_epoch(
    base_created: str,
    snapshot: Snapshot | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Return the latest modification time of a file in an image, in seconds since 1970.

    That is SOURCE_DATE_EPOCH if it is set (reproducible-builds.org), else the moment of the
    snapshot, else the time of the base image, which changes only with the base.

    Args:
        base_created: Time of the base image, in the engine's form.
        snapshot: Source of the packages, if it is a snapshot.
        environment: Instead of the process's own.
    """
    given = given_epoch(os.environ if environment is None else environment)
    if given is not None:
        return given
    if snapshot:
        return snapshot.epoch
    return int(datetime.datetime.fromisoformat(base_created[:19] + "+00:00").timestamp())


def given_epoch(environment: Mapping[str, str]) -> int | None:
    """Return SOURCE_DATE_EPOCH in seconds since 1970; None if it is not set.

    Raises:
        UsageError: it is not a whole number.
    """
    given = environment.get("SOURCE_DATE_EPOCH")
    if not given:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) <= 11):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is '{given[:40]}'", "give whole seconds since 1970, or unset it"
        )
    return int(given)


def _without_credentials(url: str) -> str:
    return re.sub(r"^(\w+://)[^/@]*@", r"\1", url)


def _git(root: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
