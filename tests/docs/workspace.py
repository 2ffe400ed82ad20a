"""Where the commands of documents are executed: a network with all that they speak of."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import docker
from docker.errors import NotFound

from factory.build.containers import remove_container
from factory.build.engine import Engine
from factory.build.networks import draw_subnets, make_network, remove_network
from factory.waiting import wait_for
from fixtures.itsp import Provider, running_provider
from fixtures.mail import running_mail_server
from fixtures.traefik import Authority, acme_json
from tests.docs.docker_words import World, container_made
from tests.docs.values import ASKED_AGAIN, preparation, statuses, typed
from tests.pbx import LABELS, Pbx

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAIL_SERVER = "mx.example.com"
MAIL_USER = "user"
HOST_NAME = "pbx.example.com"
SECONDS = 60
RETRY_SECONDS = 10
START = "docker run -d --name pbx --cap-add NET_ADMIN mlan/asterisk"


class DocumentError(Exception):
    """A command did not do what its document says."""


@dataclass
class Surroundings:
    """What is there for all documents.

    Attributes:
        client: The engine.
        world: Where commands act, without a prefix.
        provider: A provider for SMS.
        folder: What the documents take for the current folder.
    """

    client: docker.DockerClient
    world: World
    provider: Provider
    folder: Path
    workspaces: dict[str, Workspace] = field(default_factory=dict)

    def workspace(self, name: str, stack: ExitStack) -> Workspace:
        """Returns the workspace of that name, made when first asked for."""
        if name not in self.workspaces:
            self.workspaces[name] = Workspace(self, stack)
        return self.workspaces[name]

    def shared(self, stack: ExitStack) -> Workspace:
        """Returns the workspace of the documents that start no container; it has one running."""
        new = "shared" not in self.workspaces
        workspace = self.workspace("shared", stack)
        if new:
            workspace.run(START)
        return workspace


class Workspace:
    """Containers, volumes and networks with the names that a document gives them."""

    def __init__(self, surroundings: Surroundings, stack: ExitStack) -> None:
        self._around = surroundings
        prefix = f"docs-{secrets.token_hex(4)}-"
        labels = {**LABELS, "asterisk-image-factory.documents": prefix.rstrip("-")}
        self._world = replace(
            surroundings.world,
            prefix=prefix,
            subnet=draw_subnets()[0],
            labels=labels,
        )
        stack.callback(self._remove_all)

    def pbx(self, name: str = "pbx") -> Pbx:
        """The container that the document calls so."""
        return Pbx(self._around.client.containers.get(self._world.prefix + name))

    def run(self, command: str) -> str:
        """Executes a command of a document; returns what it prints.

        Raises:
            DocumentError: it did not end well.
        """
        words = shlex.split(command)
        made = container_made(words[1:]) if words[0] == "docker" else ""
        if made:  # the document shows another way to start it
            self._remove_container(made)
        script = preparation(command)
        if script:
            self.pbx().run(self._with_values(script))
        good = statuses(command)
        result = self._execute(command)
        if result.returncode not in good and ASKED_AGAIN.search(command):
            with suppress(TimeoutError):
                result = wait_for(
                    lambda: self._execute(command),
                    lambda again: again.returncode in good,
                    seconds=RETRY_SECONDS,
                    otherwise="it did not end well",
                )
        if result.returncode not in good:
            raise DocumentError(f"{command}: status {result.returncode}: {result.stdout}")
        if "No such command" in result.stdout:
            raise DocumentError(f"{command}: {result.stdout}")
        if made or "restart" in words:
            self.pbx(made or "pbx").await_health()
        return result.stdout

    def _execute(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self._around.folder,
            env=self._environment(),
            input=typed(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _with_values(self, script: str) -> str:
        provider = self._around.provider
        lines = [
            f"url_host [home] = http://{provider.name}",
            "url_path = /basic",
            f"auth_user = {provider.login.user}",
            f"auth_secret = {provider.login.secret}",
        ]
        return script.replace("{websms}", "\\n".join(lines))

    def _environment(self) -> dict[str, str]:
        real = shutil.which("docker")
        assert real, "the documents' commands need docker's client: install docker-cli"
        return {
            **os.environ,
            "PATH": f"{HERE / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "DOCUMENTS_DOCKER": real,
            "DOCUMENTS_WORLD": json.dumps(asdict(self._world)),
        }

    def _remove_container(self, name: str) -> None:
        with suppress(NotFound):
            remove_container(self._around.client.containers.get(self._world.prefix + name))

    def _remove_all(self) -> None:
        client = self._around.client
        mine: dict[str, str | list[str] | bool]
        mine = {"label": [f"{name}={value}" for name, value in self._world.labels.items()]}
        for container in client.containers.list(all=True, filters=mine):
            remove_container(container)
        for network in client.networks.list(filters=mine):
            remove_network(network)
        for volume in client.volumes.list(filters=mine):
            volume.remove(force=True)


def surroundings(
    client: docker.DockerClient,
    images: dict[str, str],
    softphone: str,
    folder: Path,
    stack: ExitStack,
) -> Surroundings:
    """Makes what is there for all documents; the stack removes it.

    Args:
        client: The engine.
        images: What is tested, by the names that documents have for it.
        softphone: The softphone's image, in which the other servers run.
        folder: An empty one.
        stack: Removes what is made.
    """
    network = make_network(Engine(client), f"docs-{secrets.token_hex(4)}", LABELS, internal=False)
    stack.callback(remove_network, network)
    name = str(network.name)
    provider = stack.enter_context(running_provider(client, name, image=softphone, labels=LABELS))
    mail = stack.enter_context(
        running_mail_server(
            client, name, image=softphone, labels=LABELS, name=MAIL_SERVER, user=MAIL_USER
        )
    )
    (folder / "authority.pem").write_text(mail.authority)
    authority = Authority()
    certificate = authority.issue(HOST_NAME)
    (folder / "pbx.crt").write_bytes(certificate.certificate)
    (folder / "pbx.key").write_bytes(certificate.key)
    acme = folder / "acme"
    acme.mkdir()
    issued = authority.issue(HOST_NAME)
    (acme / "acme.json").write_bytes(acme_json({HOST_NAME: issued}))
    live = folder / f"letsencrypt/live/{HOST_NAME}"
    live.mkdir(parents=True)
    (live / "fullchain.pem").write_bytes(issued.certificate)
    (live / "privkey.pem").write_bytes(issued.key)
    trust = "/run/authority.pem"
    world = World(
        prefix="",
        images=images,
        network=name,
        subnet="",
        labels={},
        folders={
            "/srv/traefik/acme": str(acme),
            "/etc/letsencrypt": str(folder / "letsencrypt"),
            "/etc/ssl/pbx.crt": str(live / "fullchain.pem"),
            "/etc/ssl/pbx.key": str(live / "privkey.pem"),
        },
        options=[
            *("--env", f"MINIVM_SEND_PASSWORD={mail.password}"),
            *("--env", f"SSL_CERT_FILE={trust}"),
            *("--mount", f"type=bind,source={folder / 'authority.pem'},target={trust},readonly"),
        ],
    )
    return Surroundings(client, world, provider, folder)
