"""Builds the softphone's image in the background."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace

from factory.build.builder import base_of
from factory.build.engine import Engine
from factory.build.session import Session
from factory.build.softphone import ensure_softphone


def make_softphone(session: Session) -> None:
    """Make the softphone's image, if it is missing.

    Raises:
        FactoryError: a step of its build failed.
    """
    session.console.result(SoftphoneBuild.begin(session).image())


class SoftphoneBuild:
    """A build of the softphone's image in the background.

    The thread does not keep the process alive; the engine ends a build that nobody waits for.
    """

    def __init__(self, session: Session, base: str) -> None:
        self._console = session.console
        self._built: Future[str] = Future()
        threading.Thread(target=self._build, args=(session, base), daemon=True).start()

    @classmethod
    def begin(cls, session: Session) -> SoftphoneBuild:
        """Begin to build it, on today's default distribution, for the engine's own platform."""
        recipe = replace(session.recipe, foreign=None, snapshot=None, no_cache=False)
        if recipe.distribution != session.catalog.default_distribution:
            # A given mirror is for the other distribution.
            default = session.catalog.default_distribution
            recipe = replace(recipe, distribution=default, mirror="")
        session = replace(session, recipe=recipe)
        return cls(session, base_of(session))

    def image(self) -> str:
        """Wait for the image; return its name.

        Raises:
            FactoryError: a step of its build failed.
        """
        if not self._built.done():
            with self._console.activity("build the softphone"):
                return self._built.result()
        return self._built.result()

    def _build(self, session: Session, base: str) -> None:
        def on_line(line: str) -> None:
            self._console.line(f"softphone: {line}")

        recipe = session.recipe
        try:
            # The SDK's client is not thread-safe.
            engine = Engine.connect()
            name = ensure_softphone(
                engine,
                recipe.root,
                base,
                mirror=recipe.mirror,
                on_line=on_line,
                offline=recipe.offline,
            )
        except BaseException as error:  # noqa: BLE001 - raised again in image()
            self._built.set_exception(error)
        else:
            self._built.set_result(name)
