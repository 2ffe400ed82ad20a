"""JSON Schema of images.yaml and component.yaml, for editors and linters. Pure.

Source: json-schema.org, draft 2020-12; `# yaml-language-server: $schema=` in each file names it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from factory.plan.models import ComponentFile, ImagesFile

SCHEMAS: dict[str, type[BaseModel]] = {
    "stages/schema/images.json": ImagesFile,
    "stages/schema/component.json": ComponentFile,
}
"""Where the checkout keeps each schema, and the model that it is of."""


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas by their path in the checkout."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {path: draft | model.model_json_schema() for path, model in SCHEMAS.items()}
