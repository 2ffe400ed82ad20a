"""What an image says of itself: labels, and the release of its distribution."""

import datetime
import re
from collections.abc import Mapping

import pytest

from factory.build.engine import Engine
from factory.plan import labels
from factory.plan.catalog import Catalog
from tests.pbx import Pbx
from tests.targets import Target


@pytest.fixture
def labelled(engine: Engine, targets: dict[str, Target], image: str) -> Mapping[str, str]:
    """The labels of the image."""
    return engine.image(targets[image].reference).labels


def test_labels_are_never_empty(labelled: Mapping[str, str]) -> None:
    assert [name for name, value in labelled.items() if not value] == []
    assert labelled[f"{labels.ANNOTATION}.version"]


def test_label_of_the_source_is_a_url_or_absent(labelled: Mapping[str, str]) -> None:
    source = labelled.get(f"{labels.ANNOTATION}.source", "https://example.com")
    assert re.match(r"(https?|ssh|git)://\w", source)


def test_labels_say_how_old_the_packages_are(labelled: Mapping[str, str]) -> None:
    moment = datetime.datetime.fromisoformat(labelled[labels.PACKAGES].replace("Z", "+00:00"))
    assert moment <= datetime.datetime.now(datetime.UTC)
    assert re.fullmatch(r"\S+:\S+@sha256:[0-9a-f]{64}", labelled[labels.BASE])


def test_os_release_has_the_number_of_the_release(pbx: Pbx, catalog: Catalog) -> None:
    fields = dict(line.split("=", 1) for line in pbx.run("cat /etc/os-release").splitlines())
    debian = catalog.distributions["debian"]
    assert fields["VERSION_ID"].strip('"') == debian.version_id
    assert fields["VERSION_CODENAME"] == debian.suite
