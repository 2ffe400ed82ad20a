"""Queries to a registry: its tags, and their images. Changes nothing.

Source: OCI Distribution Specification 1.1; for logins, the token authentication specification of
distribution.github.io, and RFC 7617 (Basic).
"""

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import parse_dict_header

from factory.errors import RegistryError
from factory.release.docker_config import RegistryLogin
from factory.release.push_plan import Held

MANIFESTS = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)
HOSTS = {"docker.io": "registry-1.docker.io"}
"""Hosts of registries whose images have another name."""
TIMEOUT = (10, 30)  # seconds to connect, and to wait for data


class Registry:
    """One repository in a registry.

    Args:
        host: Of the registry, with the port if there is one.
        path: Of the repository.
        login: For the registry; None if there is none.
        insecure: Whether to accept any certificate, and plain HTTP.
        authorities: Certificates (PEM) to trust, in addition to those that the machine trusts.
    """

    def __init__(
        self,
        host: str,
        path: str,
        login: RegistryLogin | None,
        *,
        insecure: bool = False,
        authorities: Iterable[Path] = (),
    ) -> None:
        self.host = host
        self._path = path
        self._login = login
        self._insecure = insecure
        self._authorization = ""
        self._configs: dict[str, str] = {}
        self._session = requests.Session()
        self._session.auth = self._authorize  # also keeps ~/.netrc out
        self._session.mount("https://", _Adapter(None if insecure else _context(host, authorities)))
        self._session.mount("http://", _Adapter(None))
        self._base = ""

    def check_login(self) -> None:
        """Check that the registry answers and accepts the login.

        Raises:
            RegistryError: it does not.
        """
        self._read("v2/")

    def tags(self) -> tuple[str, ...]:
        """Return the names of all tags; none if there is no such repository yet.

        Raises:
            RegistryError: the registry does not answer the query.
        """
        found: dict[str, None] = {}
        page = f"v2/{self._path}/tags/list"
        while page:
            response = self._read(page)
            if response.status_code == requests.codes.not_found:
                break
            known = len(found)
            found |= dict.fromkeys(_json(response, self.host).get("tags") or ())
            page = response.links.get("next", {}).get("url", "") if len(found) > known else ""
        return tuple(found)

    def held(self, tag: str) -> Held | None:
        """Return the image of a tag; None if there is no such tag.

        Raises:
            RegistryError: the registry does not answer, or its manifest has another digest.
        """
        response = self._read(f"v2/{self._path}/manifests/{tag}", method="HEAD")
        if response.status_code == requests.codes.not_found:
            return None
        digest = response.headers.get("Docker-Content-Digest", "")
        if not digest:
            raise RegistryError(
                f"{self.host} does not tell the digest of {tag}",
                "it is no registry after the OCI Distribution Specification; push elsewhere",
            )
        if digest not in self._configs:
            self._configs[digest] = self._config_of(digest, tag)
        return Held(digest, self._configs[digest])

    def _config_of(self, digest: str, tag: str) -> str:
        response = self._read(f"v2/{self._path}/manifests/{digest}")
        found = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
        if found != digest:
            raise RegistryError(
                f"{self.host} says that {tag} is {digest}, but gives {found}",
                "do not trust this registry, nor what stands between",
            )
        return str(_json(response, self.host).get("config", {}).get("digest", ""))

    def _read(self, path: str, method: str = "GET") -> requests.Response:
        """Send a query; if the registry wants a login, log in and retry. 404 is no error."""
        url = urljoin(self._found_base(), path)
        if not url.startswith(self._base):  # the login must not go there
            raise RegistryError(f"{self.host} sends us elsewhere, to {url[:80]}")
        response = self._send(method, url)
        if response.status_code == requests.codes.unauthorized:
            self._authorization = self._answer(response.headers.get("WWW-Authenticate", ""))
            response = self._send(method, url)
        if response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
            raise self._refused()
        if not response.ok and response.status_code != requests.codes.not_found:
            raise RegistryError(
                f"{self.host} answers {response.status_code} {response.reason} to {method} {url}",
                "try again later, or ask who runs the registry",
            )
        return response

    def _found_base(self) -> str:
        if not self._base:
            host = HOSTS.get(self.host, self.host)
            self._base = f"https://{host}/"
            if self._insecure:
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
                try:
                    self._session.get(f"{self._base}v2/", timeout=TIMEOUT, verify=False)
                except requests.exceptions.ConnectionError:
                    self._base = f"http://{host}/"
        return self._base

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        options |= {
            "headers": {"Accept": MANIFESTS} if "/manifests/" in url else {},
            "timeout": TIMEOUT,
            # With each request: a session's own setting gives way to REQUESTS_CA_BUNDLE.
            "verify": not self._insecure,
        }
        try:
            return self._session.request(method, url, **options)
        except requests.exceptions.SSLError as error:
            raise RegistryError(
                f"{self.host}: its certificate is not trusted: {_reason(error)}",
                f"put its authority's certificate into /etc/docker/certs.d/{self.host}/ca.crt",
            ) from error
        except requests.exceptions.RequestException as error:
            raise RegistryError(
                f"the registry {self.host} cannot be reached: {_reason(error)}",
                "check the name and the port in --repo, the network, and that it runs",
            ) from error

    def _answer(self, challenge: str) -> str:
        """Return the header that answers a challenge."""
        if self._login is None:
            raise RegistryError(
                f"{self.host} wants a login, and Docker has none for it",
                f"log in first: docker login{'' if self.host in HOSTS else f' {self.host}'}",
            )
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and not self._login.identity_token:
            request = requests.Request("GET", self._base).prepare()
            HTTPBasicAuth(self._login.user.encode(), self._login.password.encode())(request)
            return str(request.headers["Authorization"])
        parameters = parse_dict_header(rest)  # type: ignore[no-untyped-call]
        realm = str(parameters.get("realm") or "")
        if scheme.lower() != "bearer" or not realm.startswith(("https://", "http://")):
            raise RegistryError(
                f"{self.host} wants a login in a way that is not known: {challenge[:80]!r}",
                "known are Basic and Bearer",
            )
        if realm.startswith("http://") and not self._base.startswith("http://"):
            raise RegistryError(f"{self.host} wants the password to be sent in the clear")
        return f"Bearer {self._token(realm, str(parameters.get('service') or ''))}"

    def _token(self, realm: str, service: str) -> str:
        """Return a token for pulling and pushing from the registry's token service."""
        assert self._login is not None  # noqa: S101 - _answer has seen to it
        asked = {"service": service, "scope": f"repository:{self._path}:pull,push"}
        if self._login.identity_token:
            asked |= {
                "grant_type": "refresh_token",
                "client_id": "asterisk-image-factory",
                "refresh_token": self._login.identity_token,
            }
            response = self._send("POST", realm, data=asked, auth=lambda request: request)
        else:
            login = (self._login.user.encode(), self._login.password.encode())
            response = self._send("GET", realm, params=asked, auth=HTTPBasicAuth(*login))
        if not response.ok:
            raise self._refused()
        answer = _json(response, self.host)
        return str(answer.get("token") or answer.get("access_token") or "")

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._authorization:
            request.headers["Authorization"] = self._authorization
        return request

    def _refused(self) -> RegistryError:
        user = self._login.user if self._login else ""
        return RegistryError(
            f"{self.host} refuses the login{f' of {user}' if user else ''} for {self._path}",
            f"check user, password and rights: docker login {self.host}",
        )


class _Adapter(HTTPAdapter):
    """Connections with a TLS context, which retry after temporary failures."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        again = urllib3.Retry(
            total=3, connect=1, other=0, backoff_factor=0.3, status_forcelist=(429, 502, 503, 504)
        )
        again.raise_on_status = False
        super().__init__(max_retries=again)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)


def _context(host: str, authorities: Iterable[Path]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for file in authorities:
        try:
            context.load_verify_locations(file)
        except OSError as error:  # ssl.SSLError is one
            raise RegistryError(
                f"{file}: no certificate of an authority for {host}: {error}", "correct the file"
            ) from error
    return context


def _json(response: requests.Response, host: str) -> dict[str, Any]:
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise RegistryError(
            f"{host} is no registry: it answers {response.url} with {response.text[:40]!r}",
            "check the name in --repo",
        )
    return answer


def _reason(error: BaseException) -> str:
    """Return the innermost cause that urllib3 and requests have wrapped, in one line."""
    while True:
        inner = getattr(error, "reason", None) or next(iter(error.args), None)
        if not isinstance(inner, BaseException):
            said = re.sub(r"^HTTPS?Connection(Pool)?\(.*?\): ", "", str(error)).strip()
            return (said or type(error).__name__).splitlines()[0]
        error = inner
