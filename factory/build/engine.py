"""Everything that talks to the container engine, with the engine's own SDK."""

from __future__ import annotations

import io
import ipaddress
import re
import socket
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.models.networks import Network
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from factory.build.image_archive import Label, write_archive
from factory.build.whole_output import read_whole_output
from factory.errors import BuildError, EngineError, PublishError

__all__ = ["Container", "Engine", "ImageInfo", "Network", "OnLine"]

OnLine = Callable[[str], None]
OnBytes = Callable[[int, int], None]
"""Takes the bytes done, and those that are to be done in all."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_TRANSIENT = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)
_again = retry(
    retry=retry_if_exception_type(_TRANSIENT),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.2),
    reraise=True,
)


@dataclass(frozen=True)
class ImageInfo:
    """What the engine knows of an image; size in bytes, uncompressed."""

    id: str
    size: int
    tags: tuple[str, ...]
    created: str
    architecture: str
    layers: tuple[str, ...]
    labels: Mapping[str, str]
    ports: tuple[str, ...]
    """Those that it says it serves, as `5060/udp`."""


class Engine:
    """A container engine that speaks Docker's API: Docker Engine, or Podman's compatible socket."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    @classmethod
    def connect(cls) -> Engine:
        """Connects as the environment says (DOCKER_HOST …).

        Raises:
            EngineError: no engine answers.
        """
        try:
            client = read_whole_output(docker.from_env(timeout=900))
            client.ping()
        except DockerException as error:
            raise EngineError(
                f"no container engine answers: {_first_line(error)}",
                "start Docker Engine, or set DOCKER_HOST; `make image` installs and starts one",
            ) from error
        return cls(client)

    @property
    def client(self) -> docker.DockerClient:
        """The SDK's client, for the softphones, which stand on the SDK themselves."""
        return self._client

    @property
    def architecture(self) -> str:
        """The kind of machine that it runs on, as Go names it: `amd64`, `arm64`."""
        return str(self._client.version()["Arch"])

    @property
    def platform(self) -> str:
        """The same as Docker names it: `linux/amd64`."""
        return f"linux/{self.architecture}"

    def find_image(self, name: str) -> ImageInfo | None:
        """Returns the image with this name or id, if the engine has it."""
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
        )

    def image(self, name: str) -> ImageInfo:
        """Returns the image with this name or id.

        Raises:
            EngineError: the engine has none.
        """
        found = self.find_image(name)
        if found is None:
            raise EngineError(f"the engine has no image {name}")
        return found

    def tags_of(self, repository: str) -> dict[str, str]:
        """Returns the tags that the engine has of a repository, each with its image id."""
        prefix = f"{repository}:"
        return {
            name.removeprefix(prefix): image.id or ""
            for image in self._client.images.list(name=repository)
            for name in image.tags
            if name.startswith(prefix)
        }

    @_again
    def tag(self, image: str, repository: str, tag: str) -> None:
        """Gives an image one more name."""
        self._client.api.tag(image, repository, tag, force=True)

    def untag(self, repository: str, tag: str) -> None:
        """Takes a name from an image, and nothing else, if the name is there.

        Also if a container uses the image by that name: it goes on, and can be started again.
        """
        with _ignoring_not_found():
            self._client.images.remove(f"{repository}:{tag}", force=True, noprune=True)

    def pull(self, reference: str, platform: str | None = None) -> str | None:
        """Pulls an image; returns its id, or None where no registry gives it.

        Args:
            reference: Name of the image.
            platform: For which machine, e.g. `linux/arm64`; None for the engine's own.
        """
        try:
            return self._client.images.pull(reference, platform=platform).id
        except (APIError, requests.exceptions.RequestException):
            return None

    def is_insecure(self, registry: str) -> bool:
        """Whether the engine takes any certificate of a registry, and plain HTTP.

        Its settings say so (`insecure-registries`); of this machine's own addresses it is true.
        """
        settings = self._client.info()["RegistryConfig"]
        if registry in settings["IndexConfigs"]:
            return not settings["IndexConfigs"][registry]["Secure"]
        networks = [ipaddress.ip_network(cidr) for cidr in settings["InsecureRegistryCIDRs"] or ()]
        try:
            found = socket.getaddrinfo(registry.partition(":")[0], None, type=socket.SOCK_STREAM)
        except OSError:
            return False
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        return any(address in network for address in addresses for network in networks)

    def push(self, repository: str, tag: str, login: Mapping[str, str], on_bytes: OnBytes) -> str:
        """Pushes what the engine has under a name; returns the manifest's digest.

        Args:
            repository: With the registry's host.
            tag: Of the repository.
            login: For the registry, as the engine wants it; empty for none.
            on_bytes: Called as layers are sent.

        Raises:
            PublishError: it did not arrive.
        """
        name = f"{repository}:{tag}"
        layers: dict[str, tuple[int, int]] = {}
        digest = ""
        try:
            events = self._client.api.push(
                repository, tag, stream=True, decode=True, auth_config=dict(login)
            )
            for event in events:
                if "error" in event:
                    raise _broken_off(name, str(event["error"]).strip())
                detail = event.get("progressDetail") or {}
                if event.get("status") == "Pushing" and "total" in detail:
                    done = min(detail.get("current", 0), detail["total"])
                    layers[event["id"]] = (done, detail["total"])
                    on_bytes(*map(sum, zip(*layers.values(), strict=True)))
                digest = (event.get("aux") or {}).get("Digest", digest)
        except (APIError, requests.exceptions.RequestException) as error:
            raise _broken_off(name, _first_line(error)) from error
        if not digest:
            raise _broken_off(name, "the engine tells no digest")
        return digest

    def load_tree(self, tree: io.BufferedIOBase | None, label: Label) -> str:
        """Makes an image of one layer from a tar archive of a file tree, or an empty one.

        Returns:
            The image's id.
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
        platform: str | None = None,
    ) -> str:
        """Builds one target of the Dockerfile in a build context.

        Args:
            context: Tar archive with the Dockerfile and all it copies.
            target: The stage to build.
            arguments: Build arguments.
            on_line: Called with each line that the engine prints.
            no_cache: Run every step again.
            platform: For which machine, e.g. `linux/arm64`; None for the engine's own.

        Returns:
            The image's id.

        Raises:
            BuildError: a step failed; the lines before say why.
        """
        image_id = ""
        try:
            events = self._client.api.build(
                fileobj=context,
                custom_context=True,
                target=target,
                buildargs=dict(arguments),
                nocache=no_cache,
                platform=platform,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for event in events:
                for line in str(event.get("stream", "")).splitlines():
                    on_line(_COLOUR.sub("", line))
                if "error" in event:
                    raise BuildError(str(event["error"]).strip())
                image_id = event.get("aux", {}).get("ID", image_id)
        except (APIError, requests.exceptions.RequestException) as error:
            raise BuildError(_first_line(error)) from error
        return image_id

    def compressed_size(self, image: str) -> int:
        """Returns the bytes of the image's archive as `gzip -6` would write it."""
        compressor = zlib.compressobj(6, wbits=31)
        chunks = self._client.images.get(image).save(chunk_size=1 << 20)
        return sum(len(compressor.compress(chunk)) for chunk in chunks) + len(compressor.flush())

    @contextmanager
    def file_tree(self, image: str) -> Iterator[tarfile.TarFile]:
        """Opens the image's file tree as a tar archive to be read once, from front to back."""
        container = self.create_container(image, entrypoint=["none"])
        try:
            chunks = cast(Iterator[bytes], container.export())  # its types say str
            with tarfile.open(fileobj=_Stream(chunks), mode="r|") as tar:
                yield tar
        finally:
            remove_container(container)

    def runs_programs_of(self, image: str) -> bool:
        """Whether the machine can run the programs in an image, itself or by an emulator.

        Args:
            image: Name or id of one that has the program `true`.
        """
        container = self.create_container(image, entrypoint=["true"], network_mode="none")
        try:
            container.start()
            container.wait()
            said = container.logs().decode("utf-8", "replace")
        except APIError as error:
            said = _first_line(error)
        finally:
            remove_container(container)
        return "exec format error" not in said

    def create_container(self, image: str, **options: Any) -> Container:
        """Makes a container of an image; options are those of the SDK's containers.create."""
        try:
            return self._client.containers.create(image, **options)
        except (APIError, ImageNotFound) as error:
            raise EngineError(
                f"cannot create a container of {image}: {_first_line(error)}"
            ) from error

    def start_container(self, container: Container) -> None:
        """Starts a container.

        Raises:
            EngineError: the engine cannot, such as for an entrypoint that is not there.
        """
        try:
            container.start()
        except APIError as error:
            raise EngineError(f"cannot start it: {_first_line(error)}") from error

    def run_in(self, container: Container, command: list[str]) -> str:
        """Runs a command as root in a running container; returns what it printed.

        Raises:
            EngineError: the container does not run, or has no such program.
        """
        try:
            result = container.exec_run(command, user="root")
        except APIError as error:
            raise EngineError(f"cannot run '{command[0]}' in it: {_first_line(error)}") from error
        return cast(bytes, result.output).decode("utf-8", "replace")

    def start_in(self, container: Container, command: list[str]) -> Callable[[], int | None]:
        """Starts a command in a running container and does not wait for it.

        Returns:
            What tells the command's exit status; None as long as it runs.

        Raises:
            EngineError: the container does not run.
        """
        api = self._client.api
        try:
            number = api.exec_create(container.id, command)["Id"]
            api.exec_start(number, detach=True)
        except APIError as error:
            raise EngineError(f"cannot run '{command[0]}' in it: {_first_line(error)}") from error
        return lambda: cast(int | None, api.exec_inspect(number)["ExitCode"])

    def create_volume(self, labels: Mapping[str, str]) -> str:
        """Makes a volume with a name of the engine's choice; returns the name."""
        return str(self._client.volumes.create(labels=dict(labels)).name)

    def remove_volume(self, name: str) -> None:
        """Removes a volume, if it is there."""
        with _ignoring_not_found():
            self._client.volumes.get(name).remove(force=True)

    def create_network(
        self, name: str, subnets: list[str], labels: Mapping[str, str], *, internal: bool = True
    ) -> Network:
        """Makes a network with these subnets; from an internal one nothing outside is reached.

        Raises:
            EngineError: the engine refuses, such as for a subnet that is in use.
        """
        pools = [docker.types.IPAMPool(subnet=subnet) for subnet in subnets]
        try:
            return self._client.networks.create(
                name,
                driver="bridge",
                internal=internal,
                enable_ipv6=any(":" in subnet for subnet in subnets),
                ipam=docker.types.IPAMConfig(pool_configs=pools),
                labels=dict(labels),
            )
        except APIError as error:
            raise EngineError(f"cannot create network {name}: {_first_line(error)}") from error


class _Stream(io.RawIOBase):
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


def remove_container(container: Container) -> None:
    """Removes a container with its anonymous volumes, if it is there."""
    with _ignoring_not_found():
        container.remove(v=True, force=True)


def remove_network(network: Network) -> None:
    """Removes a network, if it is there."""
    with _ignoring_not_found():
        network.remove()


@contextmanager
def _ignoring_not_found() -> Iterator[None]:
    with suppress(NotFound):
        yield


def _broken_off(name: str, reason: str) -> PublishError:
    return PublishError(
        f"pushing {name} broke off: {reason}",
        "repeat the command: what has arrived stays, and is not sent again",
    )


def _first_line(error: BaseException) -> str:
    text = getattr(error, "explanation", None) or str(error)
    return str(text).strip().splitlines()[0] if str(text).strip() else type(error).__name__
