"""Reads a YAML file into a pydantic model, with file and line in every error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from factory.errors import CatalogError

_Model = TypeVar("_Model", bound=BaseModel)


def line_in(path: Path, *location: int | str) -> str:
    """Return file and line of a location in a valid YAML file."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return f"{path}:{_line_of(node, location)}"


def read_yaml(path: Path, model: type[_Model]) -> _Model:
    """Read one YAML file into a model.

    Raises:
        CatalogError: it is missing or wrong; names file, line, field and reason.
    """
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error
    except (ValueError, yaml.reader.ReaderError) as error:
        reason = str(error).splitlines()[0]
        raise CatalogError(f"{path}:1: not YAML in UTF-8: {reason}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogError(f"{path}:{line}: not YAML: {error.problem}") from error
    for key in _repeated_keys(node):
        line = key.start_mark.line + 1
        raise CatalogError(f"{path}:{line}: {key.value}: given twice", "keep one of them")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # An unknown key is the better hint than the key that is missing because of it.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        line = _line_of(node, first["loc"])
        raise CatalogError(f"{path}:{line}: {field}: {first['msg']}") from error


def _repeated_keys(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Give the keys below a node that occur twice in their mapping."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)


def _line_of(node: Any, location: tuple[int | str, ...]) -> int:
    """Return the line of the deepest part of a pydantic location that the file has."""
    line: int = node.start_mark.line + 1 if node is not None else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            match = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if match is None:
                break
            line, node = match[0].start_mark.line + 1, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
