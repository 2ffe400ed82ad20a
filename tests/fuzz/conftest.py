"""Containers are started as for the tests of images."""

from tests.image.conftest import folder, start

__all__ = ["folder", "start"]
