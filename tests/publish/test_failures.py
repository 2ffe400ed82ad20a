"""What breaks off, and who lies: one clear line, and a repeat sets all right."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from factory.errors import PublishError, RegistryError
from factory.release.docker_config import RegistryLogin
from factory.release.registry import Registry
from factory.waiting import wait_for
from fixtures.registry import Between, RegistryServer, running_registry
from tests.conftest import ROOT
from tests.pbx import LABELS

from .conftest import Login, MakeImage
from .push import push

pytestmark = pytest.mark.xdist_group("registry")  # one process, so that there is one registry

VERSION = "1.2.3"
ALL = {"mini", "mini-1.2.3", "mini-1.2", "mini-1"}


def start(repository: str, images: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.publish.push", repository, VERSION]
    command += [f"{name}={image}" for name, image in images.items()]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL


def test_push_killed_between_two_tags_can_be_repeated(
    registry: RegistryServer, path: str, make_image: MakeImage
) -> None:
    images = {name: make_image(9) for name in ("mini", "base", "full", "xtra")}
    repository = f"{registry.address}/{path}"
    process = start(repository, images)
    wait_for(
        lambda: f"PUT /v2/{path}/manifests/mini-1.2.3" in registry.log(),
        seconds=30,
        otherwise="nothing was pushed",
    )
    registry.freeze()
    kill(process)
    registry.thaw()
    half = registry.tags(path)
    assert half["mini-1.2.3"] == images["mini"]
    assert "latest" not in half
    push(repository, VERSION, images)
    found = registry.tags(path)
    assert len(found) == 4 * len(images) + 4
    for tag, held in found.items():
        name = tag.partition("-")[0]
        assert held == images.get(name, images["full"]), tag


def test_push_killed_during_a_layer_can_be_repeated(
    registry: RegistryServer, path: str, make_image: MakeImage
) -> None:
    mini = make_image(60_000_000)
    repository = f"{registry.address}/{path}"
    process = start(repository, {"mini": mini})
    wait_for(
        lambda: f"POST /v2/{path}/blobs/uploads/" in registry.log(),
        seconds=30,
        otherwise="no layer was sent",
    )
    registry.freeze()
    kill(process)
    registry.thaw()
    assert registry.tags(path) == {}
    push(repository, VERSION, {"mini": mini})
    assert registry.tags(path) == dict.fromkeys(ALL, mini)


def test_push_that_breaks_off_is_reported_and_can_be_repeated(
    registry: RegistryServer, between: Between, path: str, make_image: MakeImage
) -> None:
    mini = make_image(9)
    repository = f"{between.address}/{path}"
    between.lost = {"mini-1"}
    with pytest.raises(PublishError) as failure:
        push(repository, VERSION, {"mini": mini})
    assert failure.value.cause.startswith(f"pushing {repository}:mini-1 broke off: ")
    assert "\n" not in failure.value.cause
    assert failure.value.hint.startswith("repeat the command")
    assert registry.tags(path) == dict.fromkeys(["mini-1.2.3", "mini-1.2"], mini)
    between.lost = set()
    push(repository, VERSION, {"mini": mini})
    assert registry.tags(path) == dict.fromkeys(ALL, mini)


def test_push_to_a_registry_that_ends_is_reported_and_can_be_repeated(
    client: docker.DockerClient, registry_image: str, login: Login, path: str, make_image: MakeImage
) -> None:
    mini = make_image(60_000_000)
    with running_registry(client, registry_image, LABELS) as registry:
        login(registry.address, registry.user, registry.password)
        repository = f"{registry.address}/{path}"
        registry.go_down()
        with pytest.raises(RegistryError, match=r"cannot be reached: .*refused"):
            push(repository, VERSION, {"mini": mini})
        registry.come_up()
        push(repository, VERSION, {"mini": mini})
        assert registry.tags(path) == dict.fromkeys(ALL, mini)


def test_registry_with_another_image_after_the_push_is_reported(
    between: Between, path: str, make_image: MakeImage
) -> None:
    repository = f"{between.address}/{path}"
    push(repository, "1.2.2", {"mini": make_image(9)})
    between.swapped = {"mini-1.2.3": "mini-1.2.2"}
    with pytest.raises(PublishError) as failure:
        push(repository, VERSION, {"mini": make_image(9)})
    assert "127.0.0.1" in failure.value.cause
    assert " as mini-1.2.3, not what was pushed, sha256:" in failure.value.cause
    assert "\n" not in failure.value.cause


def test_registry_with_a_wrong_digest_is_reported(
    between: Between, path: str, make_image: MakeImage
) -> None:
    between.forged = True
    with pytest.raises(RegistryError) as failure:
        push(f"{between.address}/{path}", VERSION, {"mini": make_image(9)})
    assert failure.value.cause.startswith(f"{between.address} says that mini-1.2.3 is sha256:")
    assert ", but gives sha256:" in failure.value.cause


def test_registry_that_redirects_gets_no_login_there(
    between: Between, path: str, make_image: MakeImage
) -> None:
    repository = f"{between.address}/{path}"
    push(repository, VERSION, {"mini": make_image(9)})
    between.page, between.elsewhere = 1, "elsewhere.example"
    with pytest.raises(RegistryError, match=r"sends us elsewhere, to http://elsewhere\.example/"):
        push(repository, "1.2.4", {"mini": make_image(9)})


# ---- who we are


def test_login_with_a_wrong_password_is_reported(
    registry: RegistryServer, login: Login, path: str
) -> None:
    login(registry.address, "me", "guessed")
    with pytest.raises(RegistryError) as failure:
        push(f"{registry.address}/{path}", VERSION, {})
    assert failure.value.cause == f"{registry.address} refuses the login of me for {path}"
    assert failure.value.hint.endswith(f"docker login {registry.address}")


@pytest.mark.usefixtures("login")
def test_login_that_is_missing_is_reported(shared_registry: RegistryServer, path: str) -> None:
    with pytest.raises(RegistryError) as failure:
        push(f"{shared_registry.address}/{path}", VERSION, {})
    assert failure.value.cause == (
        f"{shared_registry.address} wants a login, and Docker has none for it"
    )
    assert failure.value.hint == f"log in first: docker login {shared_registry.address}"


def test_login_with_tokens(
    registry: RegistryServer, between: Between, path: str, make_image: MakeImage
) -> None:
    between.wants_token = True
    mini = make_image(9)
    push(f"{between.address}/{path}", VERSION, {"mini": mini})
    assert registry.tags(path) == dict.fromkeys(ALL, mini)
    assert between.tokens


def test_login_renews_an_expired_token(
    registry: RegistryServer, between: Between, path: str
) -> None:
    between.wants_token = True
    known = Registry(
        between.address, path, RegistryLogin(registry.user, registry.password), insecure=True
    )
    assert known.tags() == ()
    between.tokens.clear()
    assert known.tags() == ()


def test_login_for_tokens_with_a_wrong_password_is_reported(
    between: Between, login: Login, path: str
) -> None:
    between.wants_token = True
    login(between.address, "me", "guessed")
    with pytest.raises(RegistryError, match=f"refuses the login of me for {path}$"):
        push(f"{between.address}/{path}", VERSION, {})


@pytest.mark.usefixtures("login")
def test_login_of_a_credential_helper(
    shared_registry: RegistryServer,
    path: str,
    make_image: MakeImage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = shared_registry
    helper = tmp_path / "docker-credential-tests"
    answer = f'{{"Username": "me", "Secret": "{server.password}"}}'
    helper.write_text(f"#!/bin/sh\n[ \"$1 $(cat)\" = 'get {server.address}' ] && echo '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    config = tmp_path / "docker" / "config.json"
    config.write_text(f'{{"credHelpers": {{"{server.address}": "tests"}}}}')
    mini = make_image(9)
    push(f"{server.address}/{path}", VERSION, {"mini": mini})
    assert server.tags(path) == dict.fromkeys(ALL, mini)
    helper.unlink()
    with pytest.raises(RegistryError, match=f"no login for {server.address}: .*docker-credential"):
        push(f"{server.address}/{path}", VERSION, {"mini": mini})


# ---- TLS


def test_registry_over_tls(
    client: docker.DockerClient,
    registry_image: str,
    login: Login,
    path: str,
    make_image: MakeImage,
    tmp_path: Path,
) -> None:
    mini = make_image(9)
    authority = tmp_path / "ca.crt"
    with running_registry(client, registry_image, LABELS, authority_file=authority) as registry:
        # Over loopback every engine takes any certificate.
        login(registry.address, registry.user, registry.password)
        push(f"{registry.address}/{path}", VERSION, {"mini": mini})
        assert registry.tags(path) == dict.fromkeys(ALL, mini)
        # Elsewhere it has to be one of an authority that is trusted.
        login(registry.direct, registry.user, registry.password)
        with pytest.raises(RegistryError) as failure:
            push(f"{registry.direct}/{path}", VERSION, {"mini": mini})
        assert failure.value.cause.startswith(
            f"{registry.direct}: its certificate is not trusted: [SSL: CERTIFICATE_VERIFY_FAILED]"
        )
        assert failure.value.hint.endswith(f"/etc/docker/certs.d/{registry.direct}/ca.crt")
        trusting = Registry(
            registry.direct,
            path,
            RegistryLogin(registry.user, registry.password),
            authorities=[authority],
        )
        assert set(trusting.tags()) == ALL
        held = trusting.held("mini-1.2.3")
        assert held is not None
        assert held.config == mini
