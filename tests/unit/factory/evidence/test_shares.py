"""Which component an image's bytes are there for."""

from __future__ import annotations

from factory.evidence.shares import bytes_by_component, own_files
from factory.plan.catalog import Catalog


def test_own_files_are_where_the_build_puts_them(catalog: Catalog) -> None:
    own = own_files(catalog, "base")
    assert own["/usr/local/bin/entrypoint"] == "pbx/core"
    assert own["/usr/lib/python3/dist-packages/pbx/autoban/__init__.py"] == "pbx/autoban"
    assert own["/usr/share/asterisk/config/extensions.conf"] == "pbx/privatedial"
    assert not any(name == "pbx/autoban" for name in own_files(catalog, "mini").values())


def test_shares_count_a_package_for_the_first_component_that_names_it(catalog: Catalog) -> None:
    shares = bytes_by_component(
        catalog,
        "debian",
        "base",
        {"asterisk": 5, "pbx/asterisk": 2, "runit": 7, "libxml2-16": 11, "(no package)": 13},
    )
    assert shares == {"(no package)": 13, "(dependencies)": 11, "asterisk": 7, "supervision": 7}
