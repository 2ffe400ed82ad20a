"""The softphone's image, built while other things go on."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace

from factory.build.builder import base_of
from factory.build.engine import Engine
from factory.build.session import Session
from factory.build.softphone import ensure_softphone


def make_softphone(session: Session) -> None:
    """Make the softphone's image, if it is not there.

    Raises:
        FactoryError: a step of its build failed.
    """
    session.console.result(SoftphoneBuild.begin(session).image())


class SoftphoneBuild:
    """A build of the softphone's image in the background.

    The thread is no reason for the process to stay: a build that nobody waits for is ended by
    the engine.
    """

    def __init__(self, session: Session, base: str) -> None:
        self._console = session.console
        self._built: Future[str] = Future()
        threading.Thread(target=self._build, args=(session, base), daemon=True).start()

    @classmethod
    def begin(cls, session: Session) -> SoftphoneBuild:
        """Begins to build it, on today's default distribution, for the engine's own platform."""
        recipe = replace(session.recipe, foreign=None, snapshot=None, no_cache=False)
        if recipe.distribution != session.catalog.default_distribution:
            # A mirror that was named is one of the other distribution.
            default = session.catalog.default_distribution
            recipe = replace(recipe, distribution=default, mirror="")
        session = replace(session, recipe=recipe)
        return cls(session, base_of(session))

    def image(self) -> str:
        """Return the image's name as soon as it is there.

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
            # The SDK's client is not made for several threads.
            engine = Engine.connect()
            name = ensure_softphone(
                engine, recipe.root, base, mirror=recipe.mirror, on_line=on_line
            )
        except BaseException as error:  # noqa: BLE001 - for whoever asks for the image
            self._built.set_exception(error)
        else:
            self._built.set_result(name)
