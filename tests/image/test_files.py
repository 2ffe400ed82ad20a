"""What is in the images."""

import pytest

from factory.plan.catalog import Catalog
from tests.pbx import Pbx

PROGRAMS = ("entrypoint", "healthcheck")


def test_persistent_places_are_links_into_the_volume(
    pbx: Pbx, catalog: Catalog, image: str
) -> None:
    for component in catalog.components_of(image):
        for path in component.settings.persist:
            assert pbx.host.file(path).linked_to == f"/srv{path}"
            assert pbx.host.file(f"/srv{path}").is_directory


def test_configuration_belongs_to_asterisk_and_is_not_for_others(pbx: Pbx) -> None:
    listing = pbx.run("find /srv/etc/asterisk -exec stat -c '%U %A' {} +").splitlines()
    assert all(line.startswith("asterisk ") and line.endswith("---") for line in listing)


def test_state_belongs_to_asterisk(pbx: Pbx) -> None:
    assert pbx.run("find /srv/var/*/asterisk ! -type l ! -user asterisk") == ""


def test_programs_can_be_executed(pbx: Pbx) -> None:
    for program in PROGRAMS:
        assert pbx.host.file(f"/usr/local/bin/{program}").mode == 0o755


def test_nothing_runs_with_the_rights_of_its_owner(pbx: Pbx, image: str) -> None:
    programs = pbx.run(r"find / -xdev -type f \( -perm -4000 -o -perm -2000 \)")
    # A whole distribution has what it has; the assembled roots have none.
    assert programs == "" or image == "xtra"


def test_asterisk_is_found_where_configurations_of_upstream_look(pbx: Pbx) -> None:
    assert pbx.host.file("/usr/lib/asterisk/modules/chan_pjsip.so").exists
    assert pbx.host.file("/var/lib/asterisk/documentation/core-en_US.xml").exists
    assert pbx.host.file("/var/lib/asterisk/keys").is_directory


@pytest.mark.image("mini", only=True)
def test_mini_has_no_python(pbx: Pbx) -> None:
    assert pbx.run("find / -xdev -name '*python*' -o -xdev -name '*.py'") == ""


@pytest.mark.image("base")
def test_private_key_is_for_asterisk_alone(pbx: Pbx) -> None:
    key = pbx.host.file("/etc/ssl/asterisk/priv_key.pem")
    assert (key.user, key.mode) == ("asterisk", 0o600)


@pytest.mark.image("base")
def test_certificate_is_for_the_host_name(pbx: Pbx) -> None:
    certificate = pbx.run(
        "openssl x509 -in /etc/ssl/asterisk/cert.pem -noout -subject -ext subjectAltName"
    )
    name = pbx.run("hostname")
    assert f"CN={name}" in certificate.replace(" ", "")
    assert f"DNS:{name}" in certificate


@pytest.mark.image("full")
def test_prompts_are_there(pbx: Pbx) -> None:
    assert pbx.host.file("/usr/share/asterisk/sounds/en/hello-world.gsm").exists
    assert "sox" in pbx.run("sox --version")
