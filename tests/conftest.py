"""What all tests share: on which images they run, and an orderly end when told to stop."""

from __future__ import annotations

import fcntl
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import docker
import pytest

from factory.build.builder import base_of
from factory.build.engine import Engine
from factory.build.fixture_image import FixtureImage, ensure_fixture_image
from factory.build.session import Session
from factory.build.softphone import ensure_softphone
from factory.build.whole_output import read_whole_output
from factory.console import Console
from factory.plan.catalog import Catalog
from factory.plan.load import load_catalog
from factory.plan.recipe import Recipe
from fixtures import pulse as pulse_server
from fixtures import registry, sipp, testssl
from fixtures.linphone import ensure_linphone
from tests.targets import Target, images_from, targets_of

ROOT = Path(__file__).resolve().parent.parent
load_once = cache(load_catalog)
LONGEST_NAME = 100  # characters of a value that become part of a test's name

pytest_plugins = ["tests.leftovers", "tests.report.plugin", "tests.soak.plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds options."""
    group = parser.getgroup("images")
    group.addoption(
        "--image",
        action="append",
        metavar="[NAME=]REF",
        help="test this image (name or id) instead of mlan/asterisk:*; NAME says as which of "
        "them (default: what its label says); repeatable",
    )
    group.addoption(
        "--container",
        metavar="NAME",
        help="test a container that runs (tests/integration): phones join its network, and it "
        "gets users for the time of the test",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses options that cannot be, and prepares for being told to stop."""
    if config.getoption("--container") or config.getoption("--image"):
        targets_of(config)
    # As with Ctrl-C, so that fixtures remove what they made.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test on the image of its marker, and on every image that stands on that.

    `only=True`: on that one alone. `once=True`: on the lowest of them that this run tests. A test
    with phones or with containers of its own takes seconds of processor time: it runs on the lowest
    and on the highest. Between them are the same Asterisk, scripts and busybox; the highest has all
    modules and Debian's tools.
    """
    if "image" not in metafunc.fixturenames or _chooses_itself(metafunc):
        return
    marker = metafunc.definition.get_closest_marker("image")
    catalog = load_once(metafunc.config.rootpath)
    lowest = marker.args[0] if marker and marker.args else next(iter(catalog.images))
    only = bool(marker and marker.kwargs.get("only"))
    named = bool(metafunc.config.getoption("--image") or metafunc.config.getoption("--container"))
    names = images_from(catalog, lowest, only=only, optional=named)
    wanted = [name for name in names if name in targets_of(metafunc.config)]
    if marker and marker.kwargs.get("once"):
        wanted = wanted[:1]
    elif "start" in metafunc.fixturenames or "integration" in metafunc.definition.path.parts:
        wanted = [*wanted[:1], *wanted[1:][-1:]]
    metafunc.parametrize("image", wanted, scope="session")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case by its argument where its value is no name: long texts, keys made anew each run.

    pytest-xdist runs nothing when its processes find different names.
    """
    return argname if isinstance(val, str | bytes) and len(val) > LONGEST_NAME else None


def _chooses_itself(metafunc: pytest.Metafunc) -> bool:
    marks = metafunc.definition.iter_markers("parametrize")
    return any("image" in mark.args[0] for mark in marks)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The project's own catalog."""
    return load_once(ROOT)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine as the factory sees it."""
    return Engine.connect()


@pytest.fixture(scope="session")
def client(pytestconfig: pytest.Config) -> docker.DockerClient:
    """The engine; the images have to be there."""
    client = read_whole_output(docker.from_env())
    for target in targets_of(pytestconfig).values():
        try:
            client.images.get(target.reference)
        except docker.errors.ImageNotFound:
            pytest.exit(f"there is no image {target.reference}: run `make image IMAGE=all`", 1)
    return client


@pytest.fixture(scope="session")
def targets(pytestconfig: pytest.Config) -> dict[str, Target]:
    """What is tested, by the catalog's names."""
    return targets_of(pytestconfig)


@pytest.fixture(scope="session")
def softphone(engine: Engine, catalog: Catalog, root: Path) -> str:
    """The softphone's image, built if it is not that of this checkout."""
    with _base(engine, catalog, root) as base:
        return ensure_softphone(engine, root, base, mirror="", on_line=lambda _: None)


@pytest.fixture(scope="session")
def pulse(engine: Engine, catalog: Catalog, root: Path) -> str:
    """The image of a PulseAudio server, likewise."""
    return _fixture_image(engine, catalog, root, pulse_server.IMAGE)


@pytest.fixture(scope="session")
def registry_image(engine: Engine, catalog: Catalog, root: Path) -> str:
    """The image of a registry, likewise."""
    return _fixture_image(engine, catalog, root, registry.IMAGE)


@pytest.fixture(scope="session")
def sipp_image(engine: Engine, catalog: Catalog, root: Path) -> str:
    """The image of SIPp, likewise."""
    return _fixture_image(engine, catalog, root, sipp.IMAGE)


@pytest.fixture(scope="session")
def testssl_image(engine: Engine, catalog: Catalog, root: Path) -> str:
    """The image of testssl.sh, likewise."""
    return _fixture_image(engine, catalog, root, testssl.IMAGE)


@pytest.fixture(scope="session")
def linphone_image(engine: Engine, catalog: Catalog, root: Path) -> str:
    """Linphone's image, likewise; it stands on a base of its own."""
    with _base(engine, catalog, root):
        debian = catalog.distributions["debian"]
        return ensure_linphone(engine, debian, root / "stages", lambda _: None)


def _fixture_image(engine: Engine, catalog: Catalog, root: Path, image: FixtureImage) -> str:
    with _base(engine, catalog, root) as base:
        return ensure_fixture_image(engine, image, base, mirror="", on_line=lambda _: None)


@contextmanager
def _base(engine: Engine, catalog: Catalog, root: Path) -> Iterator[str]:
    """The distribution's base, while no other process of this run builds upon it."""
    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / "fixture-services.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield base_of(
            Session(engine, catalog, Recipe(root, "debian", []), Console(None, verbosity=-1))
        )


@pytest.fixture(scope="session")
def resources() -> Iterator[ExitStack]:
    """What lives as long as the run."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What lives as long as the test; the last made goes first."""
    with ExitStack() as stack:
        yield stack
