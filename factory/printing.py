"""What `build.py --print` shows: a function for each kind."""

from __future__ import annotations

import json
from collections.abc import Callable

from factory.build.checkout import Checkout, build_arguments
from factory.plan.bake import bake_file
from factory.plan.dockerfile import rootfs_manifest
from factory.plan.matrix import ci_matrix
from factory.plan.picture import draw_images
from factory.plan.schema import json_schemas
from factory.plan.tags import wanted_tags
from factory.request import BuildRequest


def dockerfile(request: BuildRequest) -> str:
    """Return the Dockerfile of the images that are asked for."""
    return request.recipe.dockerfile(request.catalog)


def tags(request: BuildRequest) -> str:
    """Return the tags of each image, a line each."""
    recipe = request.recipe
    return "\n".join(x for image in recipe.images for x in _references(request, image))


def plan(request: BuildRequest) -> str:
    """Return the components and tag of each image."""
    lines = []
    for image in request.recipe.images:
        components = ", ".join(c.name for c in request.catalog.components_of(image))
        lines += [f"{image}: {components}", f"  tags: {' '.join(_references(request, image))}"]
    return "\n".join(lines)


def matrix(request: BuildRequest) -> str:
    """Return the jobs of CI, as JSON in one line."""
    catalog, recipe = request.catalog, request.recipe
    recipe.known_distribution(catalog)
    return json.dumps(ci_matrix(catalog, recipe.images, request.distributions))


def bake(request: BuildRequest) -> str:
    """Return a file for `docker buildx bake`, for the sources as they are in the checkout now."""
    catalog, recipe = request.catalog, request.recipe
    checkout = Checkout.of(recipe.root)
    base = recipe.known_distribution(catalog).base
    file = bake_file(
        catalog,
        recipe.images,
        dockerfile=recipe.dockerfile(catalog),
        manifest=rootfs_manifest(catalog, recipe.distribution),
        arguments=build_arguments(base, checkout.epoch),
        labels=checkout.labels(recipe.version),
        repository=recipe.repository,
    )
    return json.dumps(file, indent=1)


def picture(request: BuildRequest) -> str:
    """Return a picture of the images and what each adds, as SVG."""
    return draw_images(request.catalog)


def schema(_: BuildRequest) -> str:
    """Return the JSON Schemas of images.yaml and component.yaml, by their path in the checkout."""
    return json.dumps(json_schemas(), indent=1)


PRINTS: dict[str, Callable[[BuildRequest], str]] = {
    function.__name__: function
    for function in (dockerfile, tags, plan, matrix, bake, picture, schema)
}


def _references(request: BuildRequest, image: str) -> list[str]:
    default = image == request.catalog.default
    names = wanted_tags(image, request.recipe.version, default=default)
    return [f"{request.recipe.repository}:{name}" for name in names]
