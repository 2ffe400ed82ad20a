"""The container engine and its images, through Docker's own SDK."""

from __future__ import annotations

import io
import re
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from factory.build.failure import explain
from factory.build.image_archive import Label, write_archive
from factory.build.whole_output import read_whole_output
from factory.errors import BuildError, EngineError

OnLine = Callable[[str], None]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TRANSIENT = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
_retry_connection = retry(
    retry=retry_if_exception_type(_TRANSIENT),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.2),
    reraise=True,
)


@dataclass(frozen=True)
class ImageInfo:
    """The engine's data on an image; the size is in bytes, uncompressed."""

    id: str
    size: int
    tags: tuple[str, ...]
    created: str
    architecture: str
    layers: tuple[str, ...]
    labels: Mapping[str, str]
    ports: tuple[str, ...]
    """Its exposed ports, such as `5060/udp`."""
    digests: tuple[str, ...] = ()
    """References by digest, `repository@sha256:…`, of each repository that it was pulled from."""


@dataclass(frozen=True)
class BuildOptions:
    """What an image is to be, and what the steps of its build may use.

    Attributes:
        platform: Such as `linux/arm64`; None for the engine's own.
        labels: Of the image, beyond those in the Dockerfile.
        offline: Whether steps have no network.
    """

    platform: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False


class Engine:
    """A container engine that speaks Docker's API: Docker Engine, or Podman's compatible socket."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    @classmethod
    def connect(cls) -> Engine:
        """Connect as the environment says (DOCKER_HOST …).

        Raises:
            EngineError: no engine answers.
        """
        try:
            client = read_whole_output(docker.from_env(timeout=900))
            client.ping()
        except DockerException as error:
            raise EngineError(
                f"no container engine answers: {first_line(error)}",
                "start Docker Engine, or set DOCKER_HOST; `make image` installs and starts one",
            ) from error
        return cls(client)

    @property
    def client(self) -> docker.DockerClient:
        """The SDK's client: for the modules beside this one, the push, and fixture services."""
        return self._client

    @property
    def architecture(self) -> str:
        """The architecture that it runs on, as Go names it: `amd64`, `arm64`."""
        return str(self._client.version()["Arch"])

    @property
    def platform(self) -> str:
        """The platform that it runs on, as Docker names it: `linux/amd64`."""
        return f"linux/{self.architecture}"

    def find_image(self, name: str) -> ImageInfo | None:
        """Return the image with this name or ID; None if the engine does not have it."""
        try:
            image = self._client.images.get(name)
        except ImageNotFound:
            return None
        attributes = image.attrs
        return ImageInfo(
            id=image.id or "",
            size=attributes["Size"],
            tags=tuple(image.tags),
            created=attributes["Created"],
            architecture=attributes["Architecture"],
            layers=tuple(attributes["RootFS"].get("Layers") or ()),
            labels=attributes["Config"].get("Labels") or {},
            ports=tuple(attributes["Config"].get("ExposedPorts") or ()),
            digests=tuple(attributes.get("RepoDigests") or ()),
        )

    def image(self, name: str) -> ImageInfo:
        """Return the image with this name or ID.

        Raises:
            EngineError: the engine has none.
        """
        found = self.find_image(name)
        if found is None:
            raise EngineError(f"the engine has no image {name}")
        return found

    def tags_of(self, repository: str) -> dict[str, str]:
        """Return the tags that the engine has of a repository, each with its image ID."""
        prefix = f"{repository}:"
        return {
            name.removeprefix(prefix): image.id or ""
            for image in self._client.images.list(name=repository)
            for name in image.tags
            if name.startswith(prefix)
        }

    @_retry_connection
    def tag(self, image: str, repository: str, tag: str) -> None:
        """Give an image one more name."""
        self._client.api.tag(image, repository, tag, force=True)

    def untag(self, repository: str, tag: str) -> None:
        """Remove a tag, if it is there; the image stays.

        A container that uses the image under that tag goes on, and can be started again.
        """
        with suppress(NotFound):
            self._client.images.remove(f"{repository}:{tag}", force=True, noprune=True)

    def pull(self, reference: str, platform: str | None = None) -> str | None:
        """Pull an image; return its ID, or None if no registry has it.

        Args:
            reference: Name of the image.
            platform: Such as `linux/arm64`; None for the engine's own.
        """
        try:
            return self._client.images.pull(reference, platform=platform).id
        except (APIError, requests.exceptions.RequestException):
            return None

    def load_tree(self, tree: io.BufferedIOBase | None, label: Label) -> str:
        """Make an image of one layer from a tar archive of a file tree, or an empty one.

        Returns:
            The image ID.
        """
        with tempfile.TemporaryFile() as archive:
            write_archive(archive, label, tree)
            archive.seek(0)
            self._client.images.load(archive)
        return self.image(label.name).id

    def build(
        self,
        context: BinaryIO,
        target: str,
        arguments: Mapping[str, str],
        on_line: OnLine,
        *,
        no_cache: bool,
        options: BuildOptions = BuildOptions(),
    ) -> str:
        """Build one target of the Dockerfile in a build context.

        Args:
            context: Tar archive with the Dockerfile and the files it copies.
            target: The stage to build.
            arguments: Build arguments.
            on_line: Called with each line that the engine prints.
            no_cache: Whether to run every step again.
            options: What the image is to be, and what the steps may use.

        Returns:
            The image ID.

        Raises:
            BuildError: a step failed; with the reason from the printed lines, and a hint.
        """
        image_id = ""
        lines: list[str] = []
        try:
            events = self._client.api.build(
                fileobj=context,
                custom_context=True,
                target=target,
                buildargs=dict(arguments),
                nocache=no_cache,
                platform=options.platform,
                labels=dict(options.labels),
                network_mode="none" if options.offline else None,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for event in events:
                for line in str(event.get("stream", "")).splitlines():
                    lines.append(_COLOUR.sub("", line))
                    on_line(lines[-1])
                if "error" in event:
                    raise BuildError(*explain([*lines, str(event["error"]).strip()]))
                image_id = event.get("aux", {}).get("ID", image_id)
        except (APIError, requests.exceptions.RequestException) as error:
            raise BuildError(*explain([*lines, first_line(error)])) from error
        return image_id

    def compressed_size(self, image: str) -> int:
        """Return the bytes of the image's archive as `gzip -6` would write it."""
        compressor = zlib.compressobj(6, wbits=31)
        chunks = self._client.images.get(image).save(chunk_size=1 << 20)
        return sum(len(compressor.compress(chunk)) for chunk in chunks) + len(compressor.flush())


def first_line(error: BaseException) -> str:
    """Return the engine's reason for an error, or else the error itself, in one line."""
    text = getattr(error, "explanation", None) or str(error)
    return str(text).strip().splitlines()[0] if str(text).strip() else type(error).__name__
