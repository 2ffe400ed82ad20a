"""How large the images are."""

from __future__ import annotations

from bench.bench import Bench, BenchSetting
from bench.figure import BenchResult, Figure
from bench.plain import ensure_plain

NOISE = 0.02
"""Sizes do not depend on the machine's mood."""


def run(setting: BenchSetting) -> BenchResult:
    """Measures the images of the factory that are there, or the one that was named.

    Raises:
        FactoryError: the peer cannot be built.
    """
    engine, console = setting.engine, setting.console
    plain = ensure_plain(setting)
    figures = []
    with console.activity("compress images, to see how large a download is"):
        sizes = {}
        for name in (plain, *_images(setting)):
            console.progress(name)
            sizes[name] = (engine.image(name).size / 1e6, engine.compressed_size(name) / 1e6)
    peer = sizes.pop(plain)
    for name, ours in sizes.items():
        for what, mine, theirs in zip(("on disk", "to download"), ours, peer, strict=True):
            title = f"{name.rpartition(':')[2]}, {what}"
            figures.append(Figure(title, "MB", mine, theirs, "lower", noise=NOISE))
    return BenchResult(tuple(figures))


def _images(setting: BenchSetting) -> list[str]:
    """Return all of the repository if the one that is measured is among them, and time allows."""
    catalog = setting.catalog
    listed = [f"{catalog.repository}:{name}" for name in catalog.usual_images]
    if setting.quick or setting.image not in listed:
        return [setting.image]
    return [name for name in listed if setting.engine.find_image(name)]


SIZES = Bench("sizes", "bytes of each image, and of its download", "a plain Debian Asterisk", run)
