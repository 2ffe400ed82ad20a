"""A small checkout in a git repository of its own, for workflows to run on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

UNIT_TEST = "tests/unit/factory/plan/test_matrix.py"
SUITE = '''\
"""The suites of a checkout whose full gate takes seconds."""

from tests.pbx import Pbx


def test_asterisk_is_the_version_of_the_distribution(pbx: Pbx) -> None:
    assert "Asterisk 22" in pbx.asterisk("core show version")
'''


def make_checkout(root: Path, folder: Path, repository: str) -> Path:
    """Copy this checkout, as it is now, and commit it as one of a repository on GitHub.

    All is the real thing, except that the images get the tags of another repository, and that of
    the tests there are two: one unit test, and one test of an image.

    Args:
        root: This checkout.
        folder: Where to make the copy.
        repository: OWNER/NAME, at GitHub and of the images.
    """
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        is_test = re.search(r"(^|/)tests/.*/?test_\w+\.py$", name) and name != UNIT_TEST
        if not is_test and (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name, follow_symlinks=False)
    (folder / "tests/image/test_small.py").write_text(SUITE)
    images = folder / "stages/images.yaml"
    text, count = re.subn(
        r"^repository: \S+$", f"repository: {repository}", images.read_text(), flags=re.MULTILINE
    )
    assert count == 1
    images.write_text(text)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", f"https://github.com/{repository}")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A small checkout")
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it printed."""
    who = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
