"""A lab for each image, shared by all its tests; each test has phones of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import docker
import pytest

from factory.plan.catalog import Catalog
from fixtures.softphone import Hearing
from tests.report.evidence import Attachments
from tests.targets import Target

from .lab import Lab, Visit, wait_until_gone


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Has two processes share the tests of an image, not all: each needs a lab of its own."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        if isinstance(item, pytest.Function) and "lab" in item.fixturenames:
            half = sum(item.path.name.encode()) % 2
            item.add_marker(pytest.mark.xdist_group(f"{item.callspec.params['image']}-{half}"))


@pytest.fixture(scope="session")
def labs(
    client: docker.DockerClient,
    catalog: Catalog,
    targets: dict[str, Target],
    softphone: str,
    resources: ExitStack,
) -> Callable[[str], Lab]:
    """The lab of an image, made when asked for; that of the image before is gone then.

    The tests of an image follow one another, and phones that rest still cost the machine something.
    """
    known: dict[str, Lab] = {}
    stack = resources.enter_context(ExitStack())

    def get(image: str) -> Lab:
        if image not in known:
            known.clear()
            stack.close()
            known[image] = Lab(client, catalog, targets[image], softphone, stack)
        return known[image]

    return get


@pytest.fixture
def lab(
    image: str,
    labs: Callable[[str], Lab],
    evidence: Attachments,
    stack: ExitStack,
    record_property: Callable[[str, object], None],
) -> Iterator[Visit]:
    """The PBX, with no phone there yet; when the test is over nothing of it may be left."""

    def on_heard(hearing: Hearing) -> None:
        if hearing.first_audio is not None:
            record_property("first_audio_ms", round(1000 * hearing.first_audio))

    lab = labs(image)
    before = lab.contacts()
    visit = lab.visit(stack, on_heard)
    evidence.add("lab", visit.keep)
    yield visit
    visit.phones.rest()
    visit.trunk.settle()
    wait_until_gone(lab, before)
