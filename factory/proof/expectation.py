"""What an image has to show at the gate."""

from __future__ import annotations

from dataclasses import dataclass

from factory.build.engine import ImageInfo
from factory.plan.catalog import Catalog
from fixtures.softphone import Transport


@dataclass(frozen=True)
class Expectation:
    """What a candidate has to show."""

    transports: tuple[Transport, ...]
    modules: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    supervised: bool = False
    encrypted: bool = False
    rtp_ports: tuple[int, int] = (1024, 65535)
    tcp_ports: tuple[int, ...] = ()

    @classmethod
    def of(cls, catalog: Catalog, image: str) -> Expectation:
        """Return what an image of the catalog has to show."""
        components = catalog.components_of(image)
        modules = tuple(x for c in components for x in c.settings.proven_modules)
        listeners = [x for c in components for x in c.settings.listeners]
        ports = [c.settings.rtp_ports for c in components if c.settings.rtp_ports]
        return cls(
            transports=tuple(x.protocol for x in listeners if x.sip),
            modules=modules,
            services=tuple(name for c in components for name in c.services),
            supervised=any("DOCKER_RUNSV_DIR" in c.settings.environment for c in components),
            encrypted="res_srtp.so" in modules,
            rtp_ports=ports[0] if ports else cls.rtp_ports,
            tcp_ports=tuple(x.port for x in listeners if x.protocol != "udp"),
        )

    @classmethod
    def of_foreign(cls, image: ImageInfo) -> Expectation:
        """Return what an image that is not in the catalog has to show, judged by its ports."""
        known: dict[str, Transport] = {"5060/udp": "udp", "5060/tcp": "tcp", "5061/tcp": "tls"}
        found = tuple(name for port, name in known.items() if port in image.ports)
        return cls(
            transports=found or ("udp",),
            encrypted="tls" in found,
            tcp_ports=tuple(
                int(port)
                for port, _, protocol in (x.partition("/") for x in image.ports)
                if protocol in ("", "tcp") and port.isdecimal()
            ),
        )
