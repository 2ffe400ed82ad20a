"""The questions that the factory asks of the catalog."""

from pathlib import Path

from factory.plan.catalog import Catalog, Component
from factory.plan.load import load_catalog


def names(components: tuple[Component, ...]) -> list[str]:
    return [component.name for component in components]


def test_distributions_of_components_are_in_the_catalog(catalog: Catalog) -> None:
    for component in catalog.components.values():
        assert set(component.settings.packages) <= set(catalog.distributions)


def test_components_of_an_image_include_those_of_its_parents(catalog: Catalog) -> None:
    for image, settings in catalog.images.items():
        assert catalog.lineage(image)[-1] == image
        if settings.parent:
            inherited = names(catalog.components_of(settings.parent))
            assert names(catalog.components_of(image)) == inherited + settings.components


def test_services_are_found_from_files(checkout: Path) -> None:
    folder = checkout / "runtime/pbx/core"
    services = ("asterisk/run", "asterisk/log/run", "syslogd/run", "idle/down")
    for file in ("bin/run", *(f"service/{name}" for name in services)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    assert load_catalog(checkout).components["core"].services == ("asterisk", "syslogd")
    assert load_catalog(checkout).components["extra"].services == ()
