"""What Docker's configuration says of a registry."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from factory.errors import RegistryError
from factory.release.docker_config import (
    RegistryLogin,
    find_login,
    split_repository,
)

HOST = "registry.example:5000"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def entry(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("mlan/asterisk", ("docker.io", "mlan/asterisk")),
        ("asterisk", ("docker.io", "library/asterisk")),
        ("docker.io/mlan/asterisk", ("docker.io", "mlan/asterisk")),
        (f"{HOST}/me/asterisk", (HOST, "me/asterisk")),
        ("localhost/asterisk", ("localhost", "asterisk")),
    ],
)
def test_repository_has_a_host_and_a_path(repository: str, expected: tuple[str, str]) -> None:
    assert split_repository(repository) == expected


@pytest.mark.parametrize(
    ("auths", "host", "expected"),
    [
        ({HOST: entry("me", "s e:c")}, HOST, RegistryLogin("me", "s e:c")),
        ({f"https://{HOST}/v2/": entry("me", "x")}, HOST, RegistryLogin("me", "x")),
        ({"https://index.docker.io/v1/": entry("me", "x")}, "docker.io", RegistryLogin("me", "x")),
        ({HOST: {"identitytoken": "t"}}, HOST, RegistryLogin(identity_token="t")),  # noqa: S106
        ({HOST: {}}, HOST, None),
        ({"elsewhere.example": entry("me", "x")}, HOST, None),
        ({}, HOST, None),
    ],
)
def test_login_is_that_of_docker_login(
    config: Path, auths: dict[str, Any], host: str, expected: RegistryLogin | None
) -> None:
    config.write_text(json.dumps({"auths": auths, "proxies": {"default": {}}}))
    assert find_login(host) == expected


def test_login_is_none_without_configuration(config: Path) -> None:
    assert not config.exists()
    assert find_login(HOST) is None


@pytest.mark.parametrize(
    "text", ["{", "[]", "\0", '{"auths": {"x": 1}}', '{"auths": {"x": {"auth": "%"}}}']
)
def test_login_error_is_one_line(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(RegistryError) as caught:
        find_login(HOST)
    assert caught.value.cause.startswith(f"{config}: ")
    assert "\n" not in caught.value.cause


def test_login_does_not_show_its_password() -> None:
    assert "secret" not in repr(RegistryLogin("me", "secret", "secret"))
