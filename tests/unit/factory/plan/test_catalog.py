"""The questions that the factory asks of the catalog."""

from pathlib import Path

from factory.plan.catalog import Catalog, Component
from factory.plan.load import load_catalog


def names(components: tuple[Component, ...]) -> list[str]:
    return [component.name for component in components]


def test_distributions_of_components_are_in_the_catalog(catalog: Catalog) -> None:
    for component in catalog.components.values():
        assert set(component.settings.packages) <= set(catalog.distributions)


def test_lineage_begins_with_the_lowest(checkout: Path) -> None:
    catalog = load_catalog(checkout)
    assert catalog.lineage("small") == ("small",)
    assert catalog.lineage("large") == ("small", "large")


def test_components_of_the_parents_come_first(checkout: Path) -> None:
    catalog = load_catalog(checkout)
    assert names(catalog.components_of("small")) == ["core"]
    assert names(catalog.components_of("large")) == ["core", "extra"]


def test_components_of_an_image_include_those_of_its_parents(catalog: Catalog) -> None:
    for image, settings in catalog.images.items():
        assert catalog.lineage(image)[-1] == image
        if settings.parent:
            inherited = names(catalog.components_of(settings.parent))
            assert names(catalog.components_of(image)) == inherited + settings.components


def test_services_are_found_from_files(checkout: Path) -> None:
    folder = checkout / "runtime/pbx/core"
    for file in ("service/asterisk/run", "service/syslogd/run", "service/idle/down", "bin/run"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    assert load_catalog(checkout).components["core"].services == ("asterisk", "syslogd")
    assert load_catalog(checkout).components["extra"].services == ()


def test_services_with_a_logger_are_named_once(checkout: Path) -> None:
    folder = checkout / "runtime/pbx/core/service/asterisk"
    (folder / "log").mkdir(parents=True)
    (folder / "run").touch()
    (folder / "log/run").touch()
    assert load_catalog(checkout).components["core"].services == ("asterisk",)
