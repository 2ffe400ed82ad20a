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
from factory.plan.labels import ANNOTATION
from factory.plan.snapshot import Snapshot

UNKNOWN_VERSION = "unknown"
"""Label of images from sources that are in no repository, and were given no version."""

_VERSION_TAGS = ("--match=v[0-9]*", "--match=[0-9]*")


@dataclass(frozen=True)
class Checkout:
    """Git's data on a checkout, for the labels of the images."""

    revision: str
    url: str
    """Of the repository `origin`; empty if that is no URL, such as a folder."""
    epoch: int
    """Time of the revision, in seconds since 1970."""
    git_tags: tuple[str, ...]
    description: str = ""
    """Last version, commits since then and revision, as in `1.2.3-4-gabcdef0`; the revision
    alone before the first version; empty if it is no repository."""

    @classmethod
    def of(cls, root: Path) -> Checkout:
        """Return git's data on a checkout; empty values if it is none."""
        edited = "-dirty" if _git(root, "status", "--porcelain") else ""
        revision = _git(root, "rev-parse", "HEAD")
        description = _git(root, "describe", "--tags", "--always", *_VERSION_TAGS)
        seconds = given_epoch(os.environ)
        if seconds is None:
            seconds = int(_git(root, "log", "-1", "--format=%ct") or 0)
        return cls(
            revision=revision and revision + edited,
            url=origin_url(_git(root, "config", "--get", "remote.origin.url")),
            epoch=seconds,
            git_tags=tuple(_git(root, "tag", "--points-at", "HEAD").split()),
            description=description and description.removeprefix("v") + edited,
        )

    @property
    def created(self) -> str:
        """The time of the revision in the form of the images' labels (RFC 3339)."""
        moment = datetime.datetime.fromtimestamp(self.epoch, datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def labels(self, version: Version | None) -> dict[str, str]:
        """Return the images' labels that depend on the checkout; what is unknown has no label.

        Args:
            version: Of the images; without it, they get the description of the revision.

        Source: OCI Image Specification, "Pre-Defined Annotation Keys".
        """
        values = {
            "created": self.created,
            "revision": self.revision,
            "source": self.url,
            "version": str(version or self.description or UNKNOWN_VERSION),
        }
        return {f"{ANNOTATION}.{key}": value for key, value in values.items() if value}


def origin_url(remote: str) -> str:
    """Return a remote of git as a URL without a password; empty if it is a folder.

    `user@host:path` becomes `ssh://user@host/path`.

    Source: git-fetch(1), "GIT URLS".
    """
    if url := re.fullmatch(r"(https?|ssh|git|ftps?)://([^/]*@)?([^/@]+/.*)", remote):
        user = (url[2] or "").partition(":")[0].rstrip("@") if url[1] == "ssh" else ""
        return f"{url[1]}://{user and user + '@'}{url[3]}"
    # A name of one letter is a drive.
    if short := re.fullmatch(r"(?=\w)([^/:@]+@)?([^/:@]{2,}):(?!:|//)/?([^/].*)", remote):
        return f"ssh://{short[1] or ''}{short[2]}/{short[3]}"
    return ""


def build_arguments(base: str, epoch: int) -> dict[str, str]:
    """Return the values of the arguments that every Dockerfile has.

    Args:
        base: Reference of the base image.
        epoch: The latest modification time of a file in an image.
    """
    return {"BASE": base, "SOURCE_DATE_EPOCH": str(epoch)}


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


def _git(root: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
