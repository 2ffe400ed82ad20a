"""`python build.py`, run as people run it, on a copy of the checkout that is no repository."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.plan.catalog import Catalog
from factory.plan.context import manifest_text
from factory.plan.dockerfile import rootfs_manifest
from factory.plan.recipe import Recipe

COMMANDS = {
    "help": ["--help"],
    "dry run": ["--tag", "full", "--version", "1.2.3", "--dry-run"],
    "plan of all and debug": ["--print", "plan", *("--tag", "debug", "--tag", "all") * 2],
    "matrix of one": ["--print", "matrix", "--tag", "full", "--distro", "debian"],
    "dockerfile": ["--print", "dockerfile", "--tag", "full", "--mirror", "http://mirror.example"],
    "bake": ["--print", "bake", "--tag", "full", "--platform", "linux/arm64"],
    "tags for a machine": ["--print", "tags", "--platform", "linux/arm64"],
    "unknown machine": ["--platform", "linux/vax", "--dry-run"],
    "alpine": ["--print", "tags", "--tag", "full", "--distro", "alpine"],
    "unknown image": ["--tag", "maxi", "--dry-run"],
    "invalid version": ["--version", "1.2", "--dry-run"],
    "unknown distribution": ["--distro", "suse", "--print", "dockerfile"],
    "invalid moment": ["--snapshot", "yesterday", "--dry-run"],
    "invalid repository": ["--repo", "PBX", "--dry-run"],
}
ALL = """
import build, contextlib, io, json, sys

done = []
for arguments in json.load(sys.stdin):
    sys.argv = ["build.py", *arguments]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = build.main()
        except SystemExit as end:
            status = end.code or 0
    done.append((status, out.getvalue(), err.getvalue()))
print(json.dumps(done))
"""
Result = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def checkout(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(root, tmp_path_factory.mktemp("checkout"))


def copied(root: Path, copy: Path) -> Path:
    """Copies what build.py reads into a folder; returns that."""
    shutil.copy(root / "build.py", copy)
    for folder in ("factory", "fixtures", "stages", "runtime"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / folder, copy / folder, symlinks=True, ignore=ignore)
    return copy


@pytest.fixture(scope="module")
def contents_before(checkout: Path) -> dict[Path, int]:
    return contents(checkout)


@pytest.fixture(scope="module")
def results(checkout: Path, contents_before: dict[Path, int]) -> dict[str, Result]:
    """Return what came of each of the commands, all run by one process."""
    assert contents_before
    done = start(checkout, "-c", ALL, stdin=json.dumps([*COMMANDS.values()]))
    assert done.returncode == 0, done.stderr
    return {
        name: Result(name, *result)
        for name, result in zip(COMMANDS, json.loads(done.stdout), strict=True)
    }


def run(checkout: Path, *arguments: str) -> Result:
    """Run build.py as people do, where no engine answers."""
    return start(checkout, "build.py", *arguments)


def start(checkout: Path, *arguments: str, stdin: str = "") -> Result:
    unwanted = ("FORCE_COLOR", "TTY_COMPATIBLE", "SOURCE_DATE_EPOCH")
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    environment |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "DOCKER_HOST": "tcp://127.0.0.1:9",
        "GIT_CEILING_DIRECTORIES": str(checkout.parent),
        "COLUMNS": "80",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def contents(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_dry_run_shows_tags_and_dockerfile(results: dict[str, Result]) -> None:
    result = results["dry run"]
    assert (result.returncode, result.stderr) == (0, "")
    names = ["latest", "1.2.3", "1.2", "1", "full", "full-1.2.3", "full-1.2", "full-1"]
    assert f"tags: {' '.join(f'mlan/asterisk:{name}' for name in names)}\n" in result.stdout
    assert "\nARG BASE\n" in result.stdout
    assert 'org.opencontainers.image.title="Asterisk PBX (full)"' in result.stdout
    assert "Asterisk PBX (xtra)" not in result.stdout


def test_print_and_dry_run_change_no_file(
    results: dict[str, Result], checkout: Path, contents_before: dict[Path, int]
) -> None:
    assert len(results) == len(COMMANDS)
    assert contents(checkout) == contents_before


def test_plan_names_the_components_of_each_image_once(
    results: dict[str, Result], catalog: Catalog
) -> None:
    plan = results["plan of all and debug"].stdout.splitlines()
    assert [line for line in plan if not line.startswith(" ")] == [
        f"{image}: {', '.join(c.name for c in catalog.components_of(image))}"
        for image in catalog.images
    ]


def test_matrix_keeps_to_what_is_named(results: dict[str, Result]) -> None:
    jobs = json.loads(results["matrix of one"].stdout)["include"]
    assert {(job["image"], job["distro"]) for job in jobs} == {("full", "debian")}


def test_tags_of_another_distribution_have_a_repository_of_their_own(
    results: dict[str, Result],
) -> None:
    assert results["alpine"].stdout.split() == [
        "mlan/asterisk-alpine:latest",
        "mlan/asterisk-alpine:full",
    ]


def test_dockerfile_and_bake_file_are_printed_as_any_process_renders_them(
    results: dict[str, Result], catalog: Catalog, checkout: Path
) -> None:
    recipe = Recipe(checkout, "debian", ["full"], mirror="http://mirror.example")
    assert results["dockerfile"].stdout == recipe.dockerfile(catalog)
    file = json.loads(results["bake"].stdout)["target"]
    manifest = file["manifest"]["dockerfile-inline"].split("\n", 2)[2].rpartition("\nEND")[0]
    assert manifest == manifest_text(rootfs_manifest(catalog, "debian") or {})
    assert file["_common"]["platforms"] == ["linux/arm64"]


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("unknown image", 2, "error: unknown image 'maxi'\nhint: known: mini, "),
        ("invalid version", 2, "error: '1.2' is not a version: use "),
        ("unknown distribution", 2, "error: "),
        (
            "unknown machine",
            2,
            "error: unknown platform 'linux/vax'\nhint: known platforms: ",
        ),
        ("invalid moment", 2, "error: 'yesterday' is no moment of a snapshot"),
        ("invalid repository", 2, "error: 'PBX' is no name of a repository"),
        ("tags for a machine", 3, "error: no container engine answers: "),
    ],
)
def test_exit_status_and_one_line_say_what_is_wrong(
    results: dict[str, Result], command: str, status: int, said: str
) -> None:
    result = results[command]
    assert result.returncode == status
    assert result.stderr.startswith(said)
    lines = [line for line in result.stderr.splitlines() if not line.startswith("hint: ")]
    assert len(lines) == 1
    assert "unexpected" not in result.stderr


def test_catalog_that_is_wrong_is_status_1(root: Path, tmp_path: Path) -> None:
    images = copied(root, tmp_path) / "stages/images.yaml"
    images.write_text(images.read_text().replace("default: full", "default: fool"))
    result = run(tmp_path, "--print", "tags")
    assert "default image 'fool' is not among the images" in result.stderr
    assert result.returncode == 1


def test_interrupt_is_status_130(root: Path) -> None:
    """The engine is a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        host = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "build.py", "--dry-run", "--platform", "linux/arm64"],
            cwd=root,
            env=os.environ | {"DOCKER_HOST": host},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                connection, _ = server.accept()
                # SIGINT is ignored by what a shell runs in the background.
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=60)
                connection.close()
            finally:
                process.kill()
    assert said == "error: interrupted\n"
    assert process.returncode == 130


def test_help_tells_the_exit_status_of_every_kind_of_failure(results: dict[str, Result]) -> None:
    errors: list[type[FactoryError]] = [FactoryError, *FactoryError.__subclasses__()]
    kinds = {error.status for error in errors}
    told = {int(n) for n in re.findall(r"^  (\d+) ", results["help"].stdout, re.MULTILINE)}
    assert told == {0, *kinds, 130}


def test_engine_that_does_not_answer_fails_with_a_hint(
    results: dict[str, Result], checkout: Path
) -> None:
    assert results
    result = run(checkout, "--tag", "mini")
    log = (checkout / "build/build.log").read_text()
    shutil.rmtree(checkout / "build")
    assert result.returncode == 3
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: no container engine answers: ")
    assert hint.startswith("hint: start Docker Engine")
    assert error in log
