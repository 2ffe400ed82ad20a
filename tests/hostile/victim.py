"""A container whose user asterisk is an attacker, and what is seen of it from outside."""

from __future__ import annotations

import secrets
import shlex
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import APIError
from docker.models.containers import Container

from factory.build.containers import ChunkReader
from factory.waiting import wait_for
from fixtures.traefik import Authority, acme_json, rewrite
from tests.hostile import verdict
from tests.hostile.plants import Plant, script
from tests.hostile.root_files import RootFiles, changes, read_root_files
from tests.pbx import LABELS, create_container

HOST, OTHER = "pbx.example.com", "shop.example.com"
SECONDS = 60
"""For a start, a command, a stop: several times what any takes on a slow machine."""
KILLED = 137  # 128 and SIGKILL: by `timeout`, or by the engine when a stop takes too long
LARGEST_KIB = 20_000  # of files on the volume that are searched; secrets are small

Options = dict[str, Any]


class Victim:
    """Containers of one image, one after the other, on the same volume.

    What is root's: /root/canary in each container, /secret/key from a folder of the host, and the
    key of another site in Traefik's acme.json.

    Args:
        client: The engine.
        reference: The image.
        stack: Removes all that is made.
        host: An empty folder of the host.
        volume: What is mounted at /srv: a folder of the host, or empty for a named volume.
        others: Whether acme.json has the key of another site, too.
        mounts: What else is mounted, as `SOURCE:TARGET`.
        options: For the container, beyond the usual ones.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        reference: str,
        stack: ExitStack,
        host: Path,
        *,
        volume: str = "",
        others: bool = False,
        mounts: Sequence[str] = (),
        **options: Any,
    ) -> None:
        self._client, self._reference, self._stack = client, reference, stack
        self._authority = Authority()
        self.plants: list[Plant] = []
        self.broken: list[str] = []
        self._hung: list[str] = []
        self._seen = 0  # characters of the log before the latest start
        self._secret = secrets.token_hex(16).encode()
        self._acme = _folder_of_root(host, "acme") / "acme.json"
        secret = _folder_of_root(host, "secret")
        (secret / "key").write_bytes(self._secret)
        (secret / "key").chmod(0o600)
        if not volume:
            made = client.volumes.create(labels=LABELS)
            stack.callback(made.remove, force=True)
            volume = str(made.name)
        self._volume = volume
        self._other = self._authority.issue(OTHER) if others else None
        self.renew()
        usual = [f"{volume}:/srv", f"{self._acme.parent}:/acme", f"{secret}:/secret"]
        self._options: Options = {"hostname": HOST, "volumes": [*usual, *mounts], **options}
        self._host_before = self._host_files()
        self.container = self._create()

    def renew(self) -> None:
        """Has Traefik write a new certificate."""
        pairs = {HOST: self._authority.issue(HOST)}
        if self._other:
            pairs[OTHER] = self._other
        rewrite(self._acme, acme_json(pairs))

    def start(self) -> Victim:
        """Starts the container, which is as it was made."""
        self.container.start()
        if self._options.get("read_only"):  # folders for mounts are made now
            self._before = self._root_files(self.container)
        return self

    def plant(self, plants: Sequence[Plant]) -> list[Plant]:
        """Plants what user asterisk can, and returns that."""
        answer = self.run(script(plants), user="asterisk")
        numbers = [int(word) for word in answer.split() if word.isdecimal()]
        planted = [plants[number] for number in numbers]
        self.plants += planted
        return planted

    def run(self, text: str, user: str = "root") -> str:
        """Runs a script in the container, whatever its status; returns what it printed."""
        try:
            result = self.container.exec_run(["sh", "-c", text], user=user)
        except APIError as error:
            # The container has ended: before the command was made, or before it was started.
            if error.status_code == HTTPStatus.CONFLICT or "is not running" in str(error):
                return ""
            raise
        return cast(bytes, result.output).decode("utf-8", "replace")

    def type(self, commands: Sequence[str]) -> None:
        """Types commands as root, each with a time limit; after two that hang, no more.

        What they answer may be a message on what is planted. That they end is what counts.
        """
        lines = [
            f"timeout -s KILL {SECONDS} sh -c {shlex.quote(command)} > /dev/null 2>&1 < /dev/null\n"
            f"[ $? -ne {KILLED} ] || {{ echo {number}; hung=$((hung + 1)); }}\n"
            "[ $hung -lt 2 ] || exit"
            for number, command in enumerate(commands)
        ]
        answer = self.run("hung=0\n" + "\n".join(lines))
        self._hung += [commands[int(number)] for number in answer.split() if number.isdecimal()]

    def restart(self) -> None:
        """Stops the container and starts it again."""
        self.stop()
        self._seen = len(self._log())
        self.container.start()

    def upgrade(self) -> None:
        """Puts a new container of the image on the volume, in place of the one that is there."""
        self.stop()
        self.look_outside()
        self.container.remove(v=False, force=True)
        self._seen = 0
        self.container = self._create()
        self.container.start()

    def stop(self) -> None:
        """Stops the container, which has to end by itself."""
        self.container.reload()
        if self.container.status != "running":
            return
        self.container.stop(timeout=SECONDS)
        self.container.reload()
        if self.container.attrs["State"]["ExitCode"] == KILLED:
            self._hung.append("docker stop")

    def await_outcome(self, *, healthy: bool = False) -> str:
        """Waits until the container is healthy, has ended, or says which path is wrong.

        Args:
            healthy: Whether nothing else will do.

        Returns:
            `healthy`, `ended` or `named`; `unhealthy` if it says nothing in time, which is a
            broken promise.
        """

        def look() -> str:
            self.container.reload()
            if self.container.status == "exited":
                return "ended"
            check = self.run(
                f"timeout -s KILL {SECONDS} healthcheck; [ $? -ne {KILLED} ] || echo HUNG"
            )
            if check.rstrip().endswith("HUNG"):
                self._hung.append("healthcheck")
                return "hung"
            lines = [line for line in check.splitlines() if "\t" in line]
            if lines and all(line.startswith("ok\t") for line in lines):
                return "healthy"
            booted = any(line.startswith(("ok\tasterisk\t", "fail\ttransport")) for line in lines)
            return "named" if booted and self.says_which(check) else ""

        try:
            state = wait_for(look, seconds=SECONDS, otherwise="no outcome")
        except TimeoutError:
            state = "named" if self.says_which() else "unhealthy"
        if state == "unhealthy" or (state == "ended" and not self.says_which()):
            said = self._log()[self._seen :].splitlines()[-3:]
            self.broken += verdict.silent(state, said, self.plants)
        assert state == "healthy" or not healthy, f"{state}: {self._log()}"
        return state

    def says_which(self, check: str = "") -> bool:
        """Tells whether the log since the latest start, or a check, names a planted path."""
        return verdict.says_which(self._log()[self._seen :] + check, self.plants)

    def look_outside(self) -> None:
        """Compares all files outside of /srv and /run with those before the first start."""
        after = self._root_files(self.container)
        differences = changes(self._before.outside, after.outside)
        differences |= _changed_host(self._host_before, self._host_files())
        self.broken += verdict.changed(differences, self.plants)
        self.broken += verdict.changed(
            dict.fromkeys(after.owned, "belongs to user asterisk"), self.plants
        )
        self.broken += verdict.executed(after.names, self.plants)
        self.broken += verdict.leaked(after.secrets, self.plants)

    def judge_executed(self) -> None:
        """Fails if another user than asterisk ran what was planted; looks at nothing else."""
        names = self._root_files(self.container).names
        broken = verdict.executed(names, self.plants)
        assert not broken, "\n".join(broken)

    def judge(self) -> None:
        """Looks at everything a last time, and fails with all promises that were broken."""
        self.look_outside()
        self.broken += verdict.leaked(self._secrets_on_volume(), self.plants)
        self.broken += verdict.hung(self._hung, self.plants)
        assert not self.broken, "\n".join(["", *dict.fromkeys(self.broken)])

    def tree(self) -> tuple[list[str], list[str]]:
        """Returns the folders in which user asterisk may write, and the files there, sorted."""
        places = "/srv /run/asterisk /run/autoban /run/websms"
        found = [
            sorted(self.run(f"find {places} -user asterisk -type {kind} 2> /dev/null").splitlines())
            for kind in "df"
        ]
        return found[0], found[1]

    def _create(self) -> Container:
        container = create_container(self._client, self._reference, self._stack, **self._options)
        if self._options.get("read_only"):
            self._before = self._root_files(container)
            return container
        canary = tarfile.TarInfo("root/canary")
        canary.size, canary.mode = len(self._secret), 0o600
        archive = BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.addfile(canary, BytesIO(self._secret))
        container.put_archive("/", archive.getvalue())
        self._before = self._root_files(container)
        return container

    def _root_files(self, container: Container) -> RootFiles:
        chunks = cast(Iterator[bytes], container.export())  # its types say str
        with tarfile.open(fileobj=ChunkReader(chunks), mode="r|") as tar:
            return read_root_files(tar, self._secrets())

    def _secrets(self) -> list[bytes]:
        """A line of each, as it may have been copied."""
        keys = [self._other.key.splitlines()[1]] if self._other else []
        return [self._secret, *keys]

    def _secrets_on_volume(self) -> list[str]:
        """The files below /srv that hold a secret, found by another container."""
        patterns = " ".join(f"-e {secret.decode()}" for secret in self._secrets())
        find = f"find /srv -xdev -type f -size -{LARGEST_KIB}k -exec grep -lF {patterns} {{}} +"
        looker = create_container(
            self._client,
            self._reference,
            self._stack,
            entrypoint=["/bin/sh", "-c", find],
            volumes=[f"{self._volume}:/srv:ro"],
        )
        looker.start()
        looker.wait()
        return looker.logs(stderr=False).decode("utf-8", "replace").splitlines()

    def _host_files(self) -> dict[str, tuple[str, bytes]]:
        """What is mounted beside the volume, by its path in the container."""
        found = {}
        for folder in (self._acme.parent, self._acme.parent.parent / "secret"):
            for path in (folder, *sorted(folder.rglob("*"))):
                stat = path.lstat()
                words = f"{stat.st_mode:o} {stat.st_uid}:{stat.st_gid} {stat.st_nlink}"
                whole = path.is_file() and path.name != "acme.json"  # which Traefik rewrites
                name = f"/{path.relative_to(folder.parent)}"
                found[name] = (words, path.read_bytes() if whole else b"")
        return found

    def _log(self) -> str:
        return self.container.logs().decode("utf-8", "replace")


def _changed_host(
    before: dict[str, tuple[str, bytes]], after: dict[str, tuple[str, bytes]]
) -> dict[str, str]:
    return {
        path: "on the host is not as it was"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    }


def _folder_of_root(host: Path, name: str) -> Path:
    folder = host / name
    folder.mkdir(mode=0o700)
    return folder
