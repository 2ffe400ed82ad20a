"""The manifest: what is read, and how a mistake in it is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from rootfs.errors import RootfsError
from rootfs.manifest import WHOLE, Directory, load_manifest, parse_manifest


def test_packages_are_whole_or_with_dependencies_or_in_part() -> None:
    packages = {"busybox": "whole", "python3": "with-depends", "tzdata": ["/usr/*", "!/usr/x"]}

    (image,) = parse_manifest({"images": [{"name": "mini", "packages": packages}]}).images

    assert image.packages == {
        "busybox": WHOLE,
        "python3": WHOLE,
        "tzdata": ("/usr/*", "!/usr/x"),
    }
    assert image.with_depends == {"python3"}


def test_the_mode_of_a_directory_is_octal() -> None:
    entry = {"path": "/srv", "owner": "asterisk", "mode": "2750"}

    (image,) = parse_manifest({"images": [{"name": "mini", "directories": [entry]}]}).images

    assert image.directories == {"/srv": Directory("asterisk", "root", 0o2750)}


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ({}, "images"),
        ({"images": [], "excludes": []}, "unknown field excludes"),
        ({"images": [{"name": "mini", "package": {}}]}, "unknown field package"),
        ({"images": [{"name": "mini", "with_depends": []}]}, "unknown field with_depends"),
        ({"images": [{"name": "mini", "packages": {"tini": "all"}}]}, "package tini: 'all'"),
        ({"images": [{}]}, "name"),
        ([], "list"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(tmp_path: Path, data: Any, cause: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(data))

    with pytest.raises(RootfsError, match=cause) as caught:
        load_manifest(path)

    assert "\n" not in str(caught.value)
