"""How long a build takes, with nothing there and with nothing to do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from docker.errors import APIError

from bench.bench import ROOT, Bench, BenchSetting
from bench.figure import BenchResult, Figure
from bench.plain import IMAGE as PLAIN
from bench.plain import ensure_plain
from factory.build.builder import build
from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.plan.context import file_context
from factory.plan.recipe import Recipe

_LAYER = re.compile(r"^ ---> ([0-9a-f]{12})$")


class _Notes(Console):
    """Shows progress, and keeps what a build prints."""

    def __init__(self) -> None:
        super().__init__(None)
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        """Take one line of detail."""
        self.lines.append(text)
        super().line(text)


def run(setting: BenchSetting) -> BenchResult:
    """Build the default image of this checkout, and the peer's, both upon a base that is there.

    A cold build is left out of a quick run: it takes minutes.

    Raises:
        FactoryError: a build failed.
    """
    image = setting.catalog.default
    ensure_plain(setting)
    _build_ours(setting, image, setting.console)  # fills the cache
    warm = _seconds(lambda: _build_ours(setting, image, setting.console))
    peer = _seconds(lambda: _build_plain(setting, setting.console))
    figures = [Figure(f"{image}, nothing has changed", "s", warm, peer, "lower", noise=1.0)]
    if not setting.quick:
        with _leaving_nothing(setting.engine) as notes:
            cold = _seconds(lambda: _build_ours(setting, image, notes, no_cache=True))
            peer = _seconds(lambda: _build_plain(setting, notes, no_cache=True))
        figures.append(Figure(f"{image}, only the base is there", "s", cold, peer, "lower"))
    return BenchResult(tuple(figures))


def _build_ours(
    setting: BenchSetting, image: str, console: Console, *, no_cache: bool = False
) -> None:
    recipe = Recipe(ROOT, setting.catalog.default_distribution, [image], no_cache=no_cache)
    build(Session(setting.engine, setting.catalog, recipe, console), setting.base)


def _build_plain(setting: BenchSetting, console: Console, *, no_cache: bool = False) -> None:
    context = file_context(PLAIN.folder, PLAIN.files)
    arguments = {"BASE": setting.base, "MIRROR": ""}
    with console.activity("build the plain Asterisk"):
        setting.engine.build(context, PLAIN.what, arguments, console.line, no_cache=no_cache)


def _seconds(do: Callable[[], None]) -> float:
    begun = time.monotonic()
    do()
    return time.monotonic() - begun


@contextmanager
def _leaving_nothing(engine: Engine) -> Iterator[_Notes]:
    """Remove the layers of builds afterwards, but for those that were there or are in use."""
    before = {image.id for image in engine.client.images.list(all=True)}
    notes = _Notes()
    try:
        yield notes
    finally:
        _remove(engine, notes.lines, before)


def _remove(engine: Engine, lines: Iterable[str], before: Iterable[str | None]) -> None:
    known = {(name or "").removeprefix("sha256:")[:12] for name in before}
    layers = [found[1] for line in lines if (found := _LAYER.match(line))]
    for layer in reversed(dict.fromkeys(layers)):
        if layer not in known and engine.find_image(layer):
            try:
                engine.client.images.remove(layer, noprune=True)
            except APIError as error:
                if error.status_code != 409:  # somebody has built upon it, or tagged it
                    raise


BUILD = Bench("build", "the time that a build takes", "an apt-get install of Asterisk", run)
