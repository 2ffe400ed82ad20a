"""What git and the environment say of the sources."""

import datetime
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from factory.build.checkout import Checkout, origin_url, source_date_epoch
from factory.errors import FactoryError
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot

DEBIAN = Distribution(suite="forky", pull="debian", snapshots="http://snapshots.example/{moment}")


@given(st.integers(0, 2**32), st.sampled_from(["", "Z", ".123456789Z"]))
def test_epoch_is_the_moment_of_the_base_in_utc(epoch: int, end: str) -> None:
    moment = datetime.datetime.fromtimestamp(epoch, datetime.UTC)
    created = f"{moment:%Y-%m-%dT%H:%M:%S}{end}"
    assert source_date_epoch(created, environment={"SOURCE_DATE_EPOCH": ""}) == epoch


def test_epoch_is_the_given_one_then_that_of_the_snapshot() -> None:
    created = "2026-01-01T00:00:00Z"
    snapshot = Snapshot.of(DEBIAN, "20240516T100320Z")
    assert source_date_epoch(created, snapshot, {"SOURCE_DATE_EPOCH": "86400"}) == 86400
    assert source_date_epoch(created, snapshot, {}) == 1715853800


@pytest.mark.parametrize("given_", ["yesterday", "-1", " ", "9" * 30])
def test_epoch_that_is_no_number_is_refused(given_: str) -> None:
    with pytest.raises(FactoryError, match=f"SOURCE_DATE_EPOCH is '{given_}'") as caught:
        source_date_epoch("2024-05-16T10:03:20Z", environment={"SOURCE_DATE_EPOCH": given_})
    assert "whole seconds" in caught.value.hint


def git(root: Path, *arguments: str) -> str:
    result = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh repository with one commit, of a known moment."""
    for name in ("SOURCE_DATE_EPOCH", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
        "GIT_COMMITTER_DATE": "2024-05-16T12:03:20+02:00",
    }.items():
        monkeypatch.setenv(name, value)
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one\n")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


def test_checkout_of_a_clean_repository(repository: Path) -> None:
    git(repository, "tag", "v1.2.3")
    git(repository, "tag", "nightly")
    git(repository, "remote", "add", "origin", "https://me:s3cret@git.example/pbx.git")
    assert Checkout.of(repository) == Checkout(
        revision=git(repository, "rev-parse", "HEAD"),
        url="https://git.example/pbx.git",
        epoch=1715853800,
        git_tags=("nightly", "v1.2.3"),
        description="1.2.3",
    )


def test_labels_are_those_of_the_commit() -> None:
    source = Checkout("abc", "https://git.example/pbx.git", 1715853800, (), "1.2.2-4-gabc")
    assert source.labels(Version(1, 2, 3)) == {
        "org.opencontainers.image.created": "2024-05-16T10:03:20Z",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.source": "https://git.example/pbx.git",
        "org.opencontainers.image.version": "1.2.3",
    }


def test_labels_without_a_version_describe_the_revision(repository: Path) -> None:
    key = "org.opencontainers.image.version"
    revision = git(repository, "rev-parse", "--short", "HEAD")
    assert Checkout.of(repository).labels(None)[key] == revision
    git(repository, "tag", "v1.2.3")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    git(repository, "tag", "nightly")
    after = f"1.2.3-1-g{git(repository, 'rev-parse', '--short', 'HEAD')}"
    assert Checkout.of(repository).labels(None)[key] == after
    (repository / "file").write_text("two\n")
    assert Checkout.of(repository).labels(None)[key] == f"{after}-dirty"


def test_labels_outside_a_repository_are_never_empty() -> None:
    assert Checkout("", "", 0, ()).labels(None) == {
        "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
        "org.opencontainers.image.version": "unknown",
    }


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://git.example/a/pbx.git", "https://git.example/a/pbx.git"),
        ("https://me:s3cret@git.example/pbx", "https://git.example/pbx"),
        ("ssh://git@git.example:22/pbx.git", "ssh://git@git.example:22/pbx.git"),
        ("ssh://git:s3cret@git.example/pbx.git", "ssh://git@git.example/pbx.git"),
        ("git@git.example:a/pbx.git", "ssh://git@git.example/a/pbx.git"),
        ("git.example:/srv/pbx.git", "ssh://git.example/srv/pbx.git"),
        ("C:/pbx", ""),
        ("C:\\pbx", ""),
        ("ext::sh -c true", ""),
        ("", ""),
    ],
)
def test_origin_url_is_a_url_or_empty(remote: str, url: str) -> None:
    assert origin_url(remote) == url
    assert origin_url(url) == url


@given(st.from_regex(r"(/|\.|file://)[^\n]*", fullmatch=True))
def test_origin_url_is_never_a_path(remote: str) -> None:
    assert origin_url(remote) == ""


@pytest.mark.parametrize("file", ["file", "another"])
def test_checkout_that_was_edited_is_dirty(repository: Path, file: str) -> None:
    (repository / file).write_text("two\n")
    assert Checkout.of(repository).revision == git(repository, "rev-parse", "HEAD") + "-dirty"


def test_checkout_that_is_no_repository_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Checkout.of(tmp_path) == Checkout("", "", 0, ())


def test_checkout_takes_source_date_epoch(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert Checkout.of(repository).created == "1970-01-02T00:00:00Z"


def test_checkout_is_empty_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Checkout.of(tmp_path).revision == ""
