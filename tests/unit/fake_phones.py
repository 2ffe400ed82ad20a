"""Phones without containers: what they are asked is kept, and what happens is told by the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import docker

from fixtures.softphone import NotInTimeError, Softphones
from fixtures.softphone.link import Event, Link

Found = TypeVar("Found")


class FakeLink(Link):
    """Answers as it was told, and lets happen what a command is said to bring about."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.brings: dict[str, list[Event]] = {}
        self.happened: list[Event] = [{"event": "ready", "time": 0}]

    def happens(self, event: str, **fields: Any) -> None:
        self.happened.append({"event": event, "time": len(self.happened), **fields})

    def after(self, do: str, event: str, **fields: Any) -> None:
        self.brings.setdefault(do, []).append({"event": event, "time": 0, **fields})

    def request(self, do: str, **arguments: Any) -> Any:
        self.asked.append((do, arguments))
        answer = self.answers.get(do)
        if isinstance(answer, Exception):
            raise answer
        self.happened += self.brings.get(do, [])
        return answer

    def events(self) -> list[Event]:
        return list(self.happened)

    def wait(
        self, find: Callable[[list[Event]], Found | None], seconds: float, otherwise: str
    ) -> Found:
        found = find(self.happened)
        if found is None:
            raise NotInTimeError(f"{otherwise} within {seconds:g} s")
        return found

    def forget(self) -> None:
        self.happened.clear()

    def close(self) -> None:
        self.asked.append(("close", {}))

    def arguments(self, do: str) -> dict[str, Any]:
        return next(arguments for done, arguments in reversed(self.asked) if done == do)


class FakeClient:
    """An engine that makes containers of nothing, or none for a reason."""

    def __init__(self, error: Exception | None = None) -> None:
        self.containers = self
        self._error = error

    def create(self, *_: object, **__: object) -> object:
        if self._error is not None:
            raise self._error
        return self

    def remove(self, *, force: bool) -> None:
        assert force


def make_group(error: Exception | None = None, **options: Any) -> Softphones:
    return Softphones(cast(docker.DockerClient, FakeClient(error)), "a-network", **options)
