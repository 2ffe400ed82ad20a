"""Images for other platforms: how an engine marks them; one is built and proven."""

from __future__ import annotations

import datetime
import io
import json
import secrets
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator

import docker
import pytest

from factory.build.base import EMULATION_HINT
from factory.build.builder import base_of
from factory.build.containers import file_tree, runs_programs_of
from factory.build.engine import BuildOptions, Engine
from factory.build.image_archive import Label
from factory.build.session import Session
from factory.console import Console
from factory.errors import FactoryError
from factory.plan.catalog import Catalog
from factory.plan.foreign_platform import ForeignPlatform
from factory.plan.recipe import Recipe
from tests.conftest import ROOT

ARM = ForeignPlatform("arm64", "linux/arm64")
AARCH64 = 183  # ELF's number for it: "ELF for the Arm 64-bit Architecture", e_machine
NOBODYS = 0xFEED
LoadImage = Callable[[str, dict[str, bytes]], str]


def archive(files: dict[str, bytes]) -> io.BytesIO:
    """Returns a tar archive of programs, rewound."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            tar.addfile(entry, io.BytesIO(data))
    file.seek(0)
    return file


def program_for(machine: int) -> bytes:
    """Returns the header of a program for a platform, and nothing after it."""
    identity = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    fields = (2, machine, 1, 0x400000, 64, 0, 0, 64, 56, 0, 64, 0, 0)
    return identity + struct.pack("<HHIQQQIHHHHHH", *fields)


@pytest.fixture
def load(engine: Engine, client: docker.DockerClient) -> Iterator[LoadImage]:
    """Makes an image for a platform; it is removed after the test."""
    made: list[str] = []

    def load(architecture: str, files: dict[str, bytes]) -> str:
        name = f"asterisk-test-machine:{secrets.token_hex(8)}"
        made.append(name)
        now = datetime.datetime.now(datetime.UTC)
        return engine.load_tree(archive(files), Label(name, architecture, now))

    yield load
    for name in made:
        client.images.remove(name, force=True)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_platform_of_a_loaded_image_is_kept_by_images_built_on_it(
    engine: Engine, client: docker.DockerClient, load: LoadImage, architecture: str
) -> None:
    base = load(architecture, {"greeting": secrets.token_bytes(8)})
    assert engine.image(base).architecture == architecture
    dockerfile = (
        b"ARG BASE\nFROM ${BASE} AS some\nCOPY Dockerfile /\nFROM some AS built\nLABEL a=b\n"
    )
    built = engine.build(
        archive({"Dockerfile": dockerfile}),
        "built",
        {"BASE": base},
        lambda _: None,
        no_cache=False,
        options=BuildOptions(platform=f"linux/{architecture}"),
    )
    try:
        assert engine.image(built).architecture == architecture
    finally:
        client.images.remove(built, force=True)


def test_platform_that_cannot_run_is_recognised(
    engine: Engine, catalog: Catalog, load: LoadImage
) -> None:
    assert runs_programs_of(engine, f"{catalog.repository}:mini")
    assert not runs_programs_of(engine, load("amd64", {"bin/true": program_for(NOBODYS)}))


def test_platform_that_is_emulated_is_not_pushed(engine: Engine, catalog: Catalog) -> None:
    platforms = {architecture.platform for architecture in catalog.architectures.values()}
    other = min(platforms - {engine.platform})
    command = [sys.executable, "build.py", "--push", "--dry-run", "--platform", other]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: images for {other} are emulated here, ")


@pytest.fixture
def emulation(engine: Engine, catalog: Catalog) -> None:
    """Skips the test where programs of arm64 cannot run, or need no emulation."""
    if engine.platform == ARM.platform:
        pytest.skip("this machine is one: the other tests have built and proven its images")
    recipe = Recipe(ROOT, "debian", ["mini"], foreign=ARM)
    try:
        base_of(Session(engine, catalog, recipe, Console(None, verbosity=-1)))
    except FactoryError as error:
        if error.hint == EMULATION_HINT:
            pytest.skip(f"{error.cause}: {error.hint}")
        raise


@pytest.mark.arm64
@pytest.mark.usefixtures("emulation")
def test_platform_arm64_is_built_and_proven_in_its_own_repository(engine: Engine) -> None:
    repository = f"asterisk-test-{secrets.token_hex(4)}"
    command = [sys.executable, "build.py", "--quiet", "--tag", "mini", "--repo", repository]
    result = subprocess.run(
        [*command, "--platform", ARM.platform],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    name = f"{repository}-arm64:mini"
    try:
        assert (result.stderr, result.returncode) == ("", 0)
        assert engine.tags_of(repository) == {}
        assert engine.image(name).architecture == "arm64"
        with file_tree(engine, name) as tree:
            asterisk = next(entry for entry in tree if entry.name == "usr/sbin/asterisk")
            program = tree.extractfile(asterisk)
            assert program
            assert struct.unpack_from("<H", program.read(64), 18) == (AARCH64,)
    finally:
        for tag in engine.tags_of(f"{repository}-arm64"):
            engine.untag(f"{repository}-arm64", tag)
    evidence = ROOT / "build" / "mini-arm64"
    manifest = json.loads((evidence / "manifest.json").read_text())
    assert manifest["architecture"] == "arm64"
    assert len(manifest["proof"]) > 10
    bill = json.loads((evidence / "sbom.cdx.json").read_text())
    packages = [part["purl"] for part in bill["components"] if "purl" in part]
    assert any("?arch=arm64&" in url for url in packages)
    assert not any("?arch=amd64&" in url for url in packages)
