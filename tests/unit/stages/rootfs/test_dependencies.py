"""Which packages come along, and which modules may stay without others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rootfs.dependencies import with_dependencies
from rootfs.elf import Symbols
from rootfs.errors import RootfsError
from rootfs.modules import Modules, check_modules
from rootfs.packages import Package, read_fields, read_relations

NAMES = "abcdef"
GRAPHS = st.fixed_dictionaries({name: st.sets(st.sampled_from(NAMES)) for name in NAMES})


def package(name: str, depends: str = "", provides: tuple[str, ...] = ()) -> Package:
    return Package(name, "1", "all", "", depends=read_relations(depends), provides=provides)


def installed(*packages: Package) -> dict[str, Package]:
    return {each.name: each for each in packages}


def test_relations_are_read_without_versions_and_architectures() -> None:
    field = "libc6 (>= 2.34), python3:any, debconf (>= 0.5) | debconf-2.0, gcc [amd64]"

    assert read_relations(field) == (
        ("libc6",),
        ("python3",),
        ("debconf", "debconf-2.0"),
        ("gcc",),
    )


def test_a_long_field_keeps_its_lines() -> None:
    stanza = "Package: a\nConffiles:\n /etc/a 01\n /etc/b 02\nVersion: 1"

    assert read_fields(stanza) == {
        "Package": "a",
        "Conffiles": "\n /etc/a 01\n /etc/b 02",
        "Version": "1",
    }


@given(GRAPHS, st.sets(st.sampled_from(NAMES), min_size=1))
def test_the_dependencies_are_complete_and_no_more(
    graph: dict[str, set[str]], names: set[str]
) -> None:
    packages = installed(*(package(name, ", ".join(graph[name])) for name in graph))

    reached = with_dependencies(names, packages, omitted=(), in_part=())

    assert names <= reached
    assert all(graph[name] <= reached for name in reached)
    assert all(any(name in graph[other] for other in reached - {name}) for name in reached - names)


def test_the_first_installed_choice_or_provider_is_taken() -> None:
    packages = installed(
        package("a", "gone | virtual, b | c"),
        package("b"),
        package("c"),
        package("provider", provides=("virtual",)),
    )

    assert with_dependencies(["a"], packages, (), ()) == {"a", "b", "provider"}


def test_what_is_omitted_or_in_part_is_not_followed() -> None:
    packages = installed(
        package("a", "perl-base, b"), package("b", "c"), package("c"), package("perl-base")
    )

    assert with_dependencies(["a"], packages, ("perl*",), {"b"}) == {"a", "b"}


def test_a_dependency_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(RootfsError, match=r"package a depends on b \| c, which is not installed"):
        with_dependencies(["a"], installed(package("a", "b | c")), (), ())


def symbols(defined: str = "", undefined: str = "") -> Symbols:
    return Symbols(frozenset(defined.split()), frozenset(undefined.split()))


MODULES = Modules(
    paths={name: f"/modules/{name}" for name in ("app.so", "res.so", "other.so")},
    symbols={
        "app.so": symbols(undefined="core res malloc"),
        "res.so": symbols(defined="res"),
        "other.so": symbols(),
    },
    core=frozenset({"core"}),
)


def test_a_symbol_of_a_module_left_out_is_an_error() -> None:
    with pytest.raises(RootfsError, match=r"app\.so needs res\.so \(res\)"):
        check_modules({"app.so", "other.so"}, MODULES, {})


def test_a_relation_that_no_symbol_shows_is_honoured() -> None:
    requires = {"other.so": ("res.so",), "gone.so": ("app.so",)}

    check_modules({"other.so", "res.so"}, MODULES, requires)
    with pytest.raises(RootfsError, match=r"other\.so needs res\.so"):
        check_modules({"other.so"}, MODULES, requires)
