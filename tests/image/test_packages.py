"""The package database tells the truth."""

from pathlib import Path

import pytest

from factory.plan.catalog import Catalog
from tests.pbx import Pbx


def test_what_the_database_lists_is_there_unchanged(pbx: Pbx) -> None:
    assert pbx.run("dpkg -V || true") == ""


def test_packages_are_listed_with_their_versions(pbx: Pbx) -> None:
    assert pbx.host.package("asterisk").is_installed
    assert pbx.host.package("asterisk").version.startswith("1:22.")


@pytest.mark.image("full")
def test_a_module_of_ours_belongs_to_a_package_of_ours(pbx: Pbx) -> None:
    (module,) = pbx.run("ls /usr/lib/*/asterisk/modules/chan_console.so").splitlines()
    owners = pbx.run(f"grep -lx {module} /var/lib/dpkg/info/*.list").splitlines()
    assert [Path(owner).stem for owner in owners] == ["asterisk-image-corrections"]
    ours = pbx.host.package("asterisk-image-corrections")
    assert ours.version == pbx.host.package("asterisk-modules").version


def test_every_program_belongs_to_a_package(pbx: Pbx) -> None:
    owned = pbx.run("cat /var/lib/dpkg/info/*.list").splitlines()
    known = {line.removeprefix("/usr") for line in owned}
    programs = pbx.run("find /usr/bin /usr/sbin -type f").splitlines()
    assert [p for p in programs if p.removeprefix("/usr") not in known] == []


def test_licences_are_there(pbx: Pbx) -> None:
    packages = pbx.run("dpkg-query -W -f '${Package}\\n'").split()
    present = pbx.run("ls /usr/share/doc").split()
    assert [p for p in packages if p not in present and p != "asterisk-image-standins"] == []


def test_libraries_are_complete(pbx: Pbx) -> None:
    script = """
        for file in $(find /usr -type f \\( -perm -100 -o -name '*.so*' \\)); do
            case $(head -c 4 "$file" | tail -c 3) in ELF)
                /lib64/ld-linux-x86-64.so.2 --list "$file" 2>/dev/null | grep 'not found' |
                    sed "s,^,$file:,";;
            esac
        done; true"""
    assert pbx.run(script) == ""


@pytest.mark.image("base")
def test_python_imports_what_the_services_need(pbx: Pbx, catalog: Catalog, image: str) -> None:
    modules = {m for c in catalog.components_of(image) for m in c.settings.imports}
    assert pbx.run(f"python3 -W error -c 'import {', '.join(sorted(modules))}'") == ""


@pytest.mark.image("xtra")
def test_apt_works_in_the_image_to_build_upon(pbx: Pbx) -> None:
    assert "broken" not in pbx.run("apt-get check 2>&1")
    assert pbx.host.file("/etc/apt/sources.list").exists or pbx.run("ls /etc/apt/sources.list.d")
