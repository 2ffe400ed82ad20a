"""Blocks of code in the documents are what their readers take them for."""

from __future__ import annotations

import json
import tomllib

import pytest
import yaml
from pbx.autoban.settings import read_settings

from factory.plan.catalog import Catalog
from tests.docs.rules import blocks_of, place
from tests.docs.snippets import Snippet

COMPOSE = [block for block in blocks_of("yaml") + blocks_of("yml") if not block.note]


@pytest.mark.xdist_group("jsonschema")
@pytest.mark.parametrize("block", COMPOSE, ids=place)
def test_compose_file_is_valid_declares_its_volumes_and_names_our_images(
    block: Snippet, catalog: Catalog
) -> None:
    # They take seconds to import: jsonschema builds a grammar.
    import jsonschema  # noqa: PLC0415
    from check_jsonschema.builtin_schemas import get_builtin_schema  # noqa: PLC0415

    compose = yaml.safe_load(block.text)
    jsonschema.validate(compose, get_builtin_schema("vendor.compose-spec"))
    declared = set(compose.get("volumes", {}))
    known = {catalog.repository, *(f"{catalog.repository}:{name}" for name in catalog.images)}
    for service in compose["services"].values():
        sources = {str(volume).partition(":")[0] for volume in service.get("volumes", ())}
        assert {source for source in sources if "/" not in source} <= declared, block.place
        image = service.get("image", catalog.repository)
        assert image in known or not image.startswith(catalog.repository), block.place


def test_autoban_blocks_are_accepted() -> None:
    for block in blocks_of("ini", "autoban.conf"):
        assert read_settings(block.text).problems == (), block.place


def test_data_blocks_can_be_read() -> None:
    for block in blocks_of("json"):
        json.loads(block.text)
    for block in blocks_of("toml"):
        tomllib.loads(block.text)
