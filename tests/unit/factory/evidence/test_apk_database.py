"""The database of apk: packages with versions, and whose each file is."""

from factory.evidence import apk_database

INSTALLED = """\
C:Q1qNhrUH0Rj5OLRLNF44kBdvl0GPk=
P:musl
V:1.2.5-r21
A:x86_64
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1sOO45ztA+7oRxrAhJ+dKhfLoG4Y=
R:libc.musl-x86_64.so.1

P:alpine-release
V:3.23.0-r0
F:
R:.version
F:etc
R:alpine-release
F:etc/empty

P:empty
V:1-r0
"""


def test_apk_database_lists_packages_and_owners_of_files() -> None:
    packages, owners = apk_database.read(INSTALLED)
    assert packages == {"musl": "1.2.5-r21", "alpine-release": "3.23.0-r0", "empty": "1-r0"}
    assert owners == {
        "/lib/ld-musl-x86_64.so.1": "musl",
        "/lib/libc.musl-x86_64.so.1": "musl",
        "/.version": "alpine-release",
        "/etc/alpine-release": "alpine-release",
    }


def test_apk_database_may_be_empty() -> None:
    assert apk_database.read("") == ({}, {})
