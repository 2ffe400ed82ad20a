"""What the builder says of a failed build, of times, and of where the sources come from."""

import datetime
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from semver import Version

from factory.build.checkout import Checkout, source_date_epoch
from factory.build.failure import explain
from factory.errors import FactoryError
from factory.plan.catalog import Catalog
from factory.plan.models import Distribution
from factory.plan.recipe import Recipe
from factory.plan.snapshot import Snapshot

DEBIAN = Distribution(suite="forky", pull="debian", snapshots="http://snapshots.example/{moment}")
LAST = "The command '/bin/sh -euc apt-get update' returned a non-zero code: 100"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("write /var/lib/docker/x: no space left on device", "docker system prune"),
        ("E: Unable to locate package asterisc", "component.yaml"),
        ("E: Package 'asterisk-old' has no installation candidate", "component.yaml"),
        ("  asterisk-old (no such package):", "component.yaml"),
        (
            "WARNING: updating https://mirror.example/v3: temporary error (try again later)",
            "--mirror",
        ),
        ("E: Unable to find a source package for asterisk", "mirror has to have"),
        ("E: Can not find version '1:22.9' of package 'asterisk'", "mirror has to have"),
        ("1 out of 3 hunks FAILED -- saving rejects to file channels/chan_console.c.rej", "patch"),
        ("  Temporary failure resolving 'mirror.example'", "--mirror"),
        ("  Could not resolve 'mirror.example'", "--mirror"),
        ("  Could not connect to mirror.example:80 (192.0.2.1)", "--mirror"),
        ("E: Failed to fetch http://mirror.example/x.deb  404  Not Found", "--mirror"),
        (
            "E: Release file for http://mirror.example/InRelease is expired (invalid since 9d)",
            "clock",
        ),
        ("E: Release file for http://mirror.example/InRelease is not valid yet", "clock"),
    ],
)
def test_known_failure_is_found_among_other_lines(line: str, hint: str) -> None:
    cause, said = explain(["Step 4/9 : RUN apt-get update", line, "E: Some other line", LAST])
    assert cause == line.strip()
    assert hint in said


def test_failure_that_the_engine_names_itself_is_found() -> None:
    cause, hint = explain(["Step 1/2 : COPY a b", "no space left on device"])
    assert (cause, "prune" in hint) == ("no space left on device", True)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["one", "  two ", LAST], f"two — {LAST}"),
        (["one", "", "  ", LAST], f"one — {LAST}"),
        ([LAST], LAST),
    ],
)
def test_unknown_failure_is_told_by_the_last_lines(lines: list[str], cause: str) -> None:
    said, hint = explain(lines)
    assert said == cause
    assert "build/build.log" in hint


def test_what_was_overcome_long_before_the_end_is_no_cause() -> None:
    lines = ["E: Failed to fetch x", *[f"line {number}" for number in range(100)], LAST]
    assert explain(lines)[0] == f"line 99 — {LAST}"


@settings(max_examples=30)
@given(st.lists(st.text(), min_size=1))
def test_every_failure_has_a_hint(lines: list[str]) -> None:
    assert explain(lines)[1]


def test_unreachable_mirror_explains_the_packages_that_are_not_found_then() -> None:
    lines = [
        "W: Failed to fetch http://mirror.example/InRelease  Temporary failure resolving",
        "W: Some index files failed to download. They have been ignored, or old ones used instead.",
        "E: Unable to locate package asterisk",
        LAST,
    ]
    assert "--mirror" in explain(lines)[1]


@pytest.mark.parametrize(
    "created", ["2024-05-16T10:03:20.123456789Z", "2024-05-16T10:03:20Z", "2024-05-16T10:03:20"]
)
def test_epoch_is_the_moment_of_the_base(created: str) -> None:
    assert source_date_epoch(created, environment={}) == 1715853800
    assert source_date_epoch(created, environment={"SOURCE_DATE_EPOCH": ""}) == 1715853800


@given(st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2100, 1, 1)))  # noqa: DTZ001
def test_epoch_is_read_as_utc(moment: datetime.datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=datetime.UTC)
    assert source_date_epoch(f"{moment.isoformat()}Z"[:19], environment={}) == whole.timestamp()


def test_epoch_that_is_given_wins() -> None:
    created = "2024-05-16T10:03:20Z"
    snapshot = Snapshot.of(DEBIAN, "20240516T100320Z")
    given_ = {"SOURCE_DATE_EPOCH": "86400"}
    assert source_date_epoch(created, snapshot, given_) == 86400


def test_a_snapshot_is_older_than_a_base_made_of_it() -> None:
    snapshot = Snapshot.of(DEBIAN, "20240516T100320Z")
    assert source_date_epoch("2026-01-01T00:00:00Z", snapshot, {}) == 1715853800


@pytest.mark.parametrize("given_", ["yesterday", "-1", "1.5", "2024-05-16", " "])
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


def test_source_of_a_clean_repository(repository: Path) -> None:
    git(repository, "tag", "v1.2.3")
    git(repository, "tag", "nightly")
    git(repository, "remote", "add", "origin", "https://git.example/pbx.git")
    assert Checkout.of(repository) == Checkout(
        revision=git(repository, "rev-parse", "HEAD"),
        url="https://git.example/pbx.git",
        epoch=1715853800,
        git_tags=("nightly", "v1.2.3"),
    )


def test_arguments_are_those_of_the_commit() -> None:
    source = Checkout("abc", "https://git.example/pbx.git", 1715853800, ())
    assert source.arguments("debian:forky-slim", 86400, Version(1, 2, 3)) == {
        "BASE": "debian:forky-slim",
        "SOURCE_DATE_EPOCH": "86400",
        "CREATED": "2024-05-16T10:03:20Z",
        "REVISION": "abc",
        "SOURCE": "https://git.example/pbx.git",
        "VERSION": "1.2.3",
    }


def test_source_without_tags_and_remote(repository: Path) -> None:
    source = Checkout.of(repository)
    assert (source.url, source.git_tags) == ("", ())


@pytest.mark.parametrize("file", ["file", "another"])
def test_source_that_was_edited_says_so(repository: Path, file: str) -> None:
    (repository / file).write_text("two\n")
    assert Checkout.of(repository).revision == git(repository, "rev-parse", "HEAD") + "-dirty"


def test_source_that_is_no_repository_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Checkout.of(tmp_path) == Checkout("", "", 0, ())


def test_source_date_that_is_given_wins(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert Checkout.of(repository).created == "1970-01-02T00:00:00Z"


@pytest.mark.parametrize("epoch", ["yesterday", "9" * 30])
def test_source_date_that_is_no_use_is_refused(
    repository: Path, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(FactoryError, match="SOURCE_DATE_EPOCH"):
        Checkout.of(repository)


def test_source_is_empty_where_there_is_no_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Checkout.of(tmp_path).revision == ""


def test_password_in_the_remotes_address_stays_here(repository: Path) -> None:
    git(repository, "remote", "add", "origin", "https://me:s3cret@git.example/pbx.git")
    assert "s3cret" not in Checkout.of(repository).url


def test_distribution_without_a_template_is_refused(catalog: Catalog, root: Path) -> None:
    with pytest.raises(FactoryError, match=r"unknown distribution 'suse'") as caught:
        Recipe(root, "suse", ["mini"]).dockerfile(catalog)
    assert caught.value.hint == "known distributions: alpine, debian"


def test_distribution_that_the_catalog_lacks_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/Dockerfile.suse.j2").write_text("FROM {{ suite }}\n")
    with pytest.raises(FactoryError):
        Recipe(tmp_path, "suse", ["mini"]).dockerfile(catalog)
