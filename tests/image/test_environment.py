"""Names that users rely on."""

import re

import pytest

from factory.plan.catalog import Catalog
from tests.pbx import Pbx

EVERYWHERE = {
    "DOCKER_BIN_DIR": "/usr/local/bin",
    "DOCKER_CONF_DIR": "/etc/asterisk",
    "DOCKER_ENTRY_DIR": "/etc/entrypoint.d",
    "DOCKER_EXIT_DIR": "/etc/exitpoint.d",
    "DOCKER_LIB_DIR": "/var/lib/asterisk",
    "DOCKER_LOG_DIR": "/var/log/asterisk",
    "DOCKER_MOH_DIR": "/var/lib/asterisk/moh",
    "DOCKER_PERSIST_DIR": "/srv",
    "DOCKER_RUN_DIR": "/var/run",
    "DOCKER_SEED_CONF_DIR": "/usr/share/asterisk/config",
    "DOCKER_SPOOL_DIR": "/var/spool/asterisk",
    "SYSLOG_LEVEL": "4",
}
FROM_BASE = {
    "ACME_FILE": "/acme/acme.json",
    "DOCKER_ACME_SSL_DIR": "/etc/ssl/acme",
    "DOCKER_AST_SSL_DIR": "/etc/ssl/asterisk",
    "DOCKER_NFT_DIR": "/var/lib/nftables",
    "DOCKER_NFT_FILE": "autoban.nft",
    "DOCKER_RUNSV_DIR": "/etc/service",
    "DOCKER_SEED_NFT_DIR": "/etc/nftables",
    "DOCKER_SSL_DIR": "/etc/ssl",
    "SYSLOG_OPTIONS": "-SDt",
    "TLS_CERTDAYS": "30",
    "TLS_KEYBITS": "2048",
    "WEBSMSD_PORT": "80",
}


def environment(pbx: Pbx) -> dict[str, str]:
    settings = pbx.container.attrs["Config"]["Env"]
    return dict(setting.split("=", 1) for setting in settings)


def test_variables_have_their_defaults(pbx: Pbx) -> None:
    assert EVERYWHERE.items() <= environment(pbx).items()


@pytest.mark.image("base")
def test_variables_of_base_have_their_defaults(pbx: Pbx) -> None:
    assert FROM_BASE.items() <= environment(pbx).items()


def test_labels_describe_the_image(pbx: Pbx, image: str, catalog: Catalog) -> None:
    labels = {
        key.removeprefix("org.opencontainers.image."): value
        for key, value in pbx.container.image.labels.items()  # type: ignore[union-attr]
    }
    assert labels["title"] == f"Asterisk PBX ({image})"
    assert labels["description"] == catalog.images[image].title
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
    assert {"licenses", "revision", "version"} <= labels.keys()


def test_the_volume_and_the_ports_are_declared(pbx: Pbx, image: str) -> None:
    config = pbx.container.attrs["Config"]
    assert list(config["Volumes"]) == ["/srv"]
    ports = {"5060/tcp", "5060/udp"}
    assert set(config["ExposedPorts"]) == ports | (
        set() if image == "mini" else {"5061/tcp", "80/tcp"}
    )


def test_time_zone_follows_tz(pbx: Pbx) -> None:
    assert pbx.run("TZ=Europe/Stockholm date -d 2026-07-01 +%Z") == "CEST"
