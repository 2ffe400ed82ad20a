"""Reads Docker's own configuration of a registry: the login, and the trusted authorities.

The login is the one that `docker login` stores, in `config.json` below DOCKER_CONFIG or
`~/.docker`, or with the credential helper that this file names. There is no other source.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from docker import auth
from docker.errors import DockerException
from docker.utils.config import find_config_file

from factory.errors import RegistryError

AUTHORITIES = Path("/etc/docker/certs.d")
"""Where Docker Engine looks for certificates of authorities: HOST[:PORT]/*.crt."""


@dataclass(frozen=True)
class RegistryLogin:
    """A login for a registry: user and password, or an identity token in place of both."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    def for_engine(self) -> dict[str, str]:
        """Return it in the form of the engine's API."""
        if self.identity_token:
            return {"identitytoken": self.identity_token}
        return {"username": self.user, "password": self.password} if self.user else {}


def split_repository(repository: str) -> tuple[str, str]:
    """Return the registry's host, with its port if one is named, and the path there.

    Names without a host are Docker Hub's, which is `docker.io`.
    """
    host, path = auth.resolve_repository_name(repository)
    return host, path if host != auth.INDEX_NAME or "/" in path else f"library/{path}"


def find_login(host: str) -> RegistryLogin | None:
    """Return the login that Docker stores for a registry; None if there is none.

    Raises:
        RegistryError: the configuration cannot be read, or the credential helper fails.
    """
    found_file = find_config_file()
    if found_file is None:
        return None
    file = Path(str(found_file))
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        found = auth.load_config(config_dict=settings).resolve_authconfig(host)
    except OSError as error:
        raise RegistryError(f"{file}: {error.strerror}", "correct its permissions") from error
    except (ValueError, AttributeError) as error:
        raise RegistryError(
            f"{file}: no configuration of Docker: {error}", "correct the file, or log in again"
        ) from error
    except DockerException as error:
        raise RegistryError(
            f"{file}: no login for {host}: {str(error).splitlines()[0]}",
            "see that the credential helper works, or log in again",
        ) from error
    given = {key.lower(): value for key, value in (found or {}).items()}
    login = RegistryLogin(
        given.get("username") or "",
        given.get("password") or "",
        given.get("identitytoken") or "",
    )
    return login if login != RegistryLogin() else None


def find_authorities(host: str, folder: Path = AUTHORITIES) -> tuple[Path, ...]:
    """Return the certificates of authorities that Docker Engine trusts for a registry."""
    try:
        return tuple(sorted((folder / host).glob("*.crt")))
    except OSError:  # readable by root alone on some machines
        return ()
