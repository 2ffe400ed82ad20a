"""Containers and volumes in the engine; the file tree of an image."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container

from factory.build.engine import Engine, first_line
from factory.errors import EngineError

__all__ = ["Container"]


@contextmanager
def file_tree(engine: Engine, image: str) -> Iterator[tarfile.TarFile]:
    """Open the image's file tree as a tar archive to be read once, from front to back."""
    container = create_container(engine, image, entrypoint=["none"])
    try:
        chunks = cast(Iterator[bytes], container.export())  # its types say str
        with tarfile.open(fileobj=ChunkReader(chunks), mode="r|") as tar:
            yield tar
    finally:
        remove_container(container)


def read_file(engine: Engine, image: str, path: str) -> str:
    """Return the text of a file in an image.

    Raises:
        EngineError: the image has no such file.
    """
    container = create_container(engine, image, entrypoint=["none"])
    try:
        chunks, _ = container.get_archive(path)
        with tarfile.open(fileobj=ChunkReader(iter(chunks)), mode="r|") as tar:
            entry = tar.next()
            file = tar.extractfile(entry) if entry else None
            return file.read().decode("utf-8", "replace") if file else ""
    except APIError as error:
        raise EngineError(f"cannot read {path} of {image}: {first_line(error)}") from error
    finally:
        remove_container(container)


def runs_programs_of(engine: Engine, image: str) -> bool:
    """Return whether the engine's machine can run an image's programs, perhaps emulated.

    Args:
        engine: The engine.
        image: Name or ID of an image that has the program `true`.
    """
    container = create_container(engine, image, entrypoint=["true"], network_mode="none")
    try:
        container.start()
        container.wait()
        said = container.logs().decode("utf-8", "replace")
    except APIError as error:
        said = first_line(error)
    finally:
        remove_container(container)
    return "exec format error" not in said


def create_container(engine: Engine, image: str, **options: Any) -> Container:
    """Make a container of an image; options are those of the SDK's containers.create."""
    try:
        return engine.client.containers.create(image, **options)
    except (APIError, ImageNotFound) as error:
        raise EngineError(f"cannot create a container of {image}: {first_line(error)}") from error


@contextmanager
def temporary_container(
    engine: Engine, image: str, labels: Mapping[str, str], **options: Any
) -> Iterator[Container]:
    """Make a container that is removed at the end.

    Args:
        engine: Where.
        image: Name or ID.
        labels: Of the container.
        options: Those of the SDK's containers.create.
    """
    container = create_container(engine, image, labels=dict(labels), **options)
    try:
        yield container
    finally:
        remove_container(container)


def start_container(container: Container) -> None:
    """Start a container.

    Raises:
        EngineError: the engine cannot, for example because the entrypoint is missing.
    """
    try:
        container.start()
    except APIError as error:
        raise EngineError(f"cannot start it: {first_line(error)}") from error


def run_in(container: Container, command: list[str]) -> str:
    """Run a command as root in a running container; return what it printed.

    Raises:
        EngineError: the container does not run, or has no such program.
    """
    try:
        result = container.exec_run(command, user="root")
    except APIError as error:
        raise EngineError(f"cannot run '{command[0]}' in it: {first_line(error)}") from error
    return cast(bytes, result.output).decode("utf-8", "replace")


def start_in(engine: Engine, container: Container, command: list[str]) -> Callable[[], int | None]:
    """Start a command in a running container and do not wait for it.

    Returns:
        A function that returns the command's exit status; None as long as it runs.

    Raises:
        EngineError: the container does not run.
    """
    api = engine.client.api
    try:
        number = api.exec_create(container.id, command)["Id"]
        api.exec_start(number, detach=True)
    except APIError as error:
        raise EngineError(f"cannot run '{command[0]}' in it: {first_line(error)}") from error
    return lambda: cast(int | None, api.exec_inspect(number)["ExitCode"])


def create_volume(engine: Engine, labels: Mapping[str, str]) -> str:
    """Make a volume with a name of the engine's choice; return the name."""
    return str(engine.client.volumes.create(labels=dict(labels)).name)


def remove_volume(engine: Engine, name: str) -> None:
    """Remove a volume, if it is there."""
    with suppress(NotFound):
        engine.client.volumes.get(name).remove(force=True)


def remove_container(container: Container) -> None:
    """Remove a container with its anonymous volumes, if it is there."""
    with suppress(NotFound):
        container.remove(v=True, force=True)


class ChunkReader(io.RawIOBase):
    """A file object over chunks of bytes, for reading only."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
