"""Which packages come along with a package because it depends on them."""

from collections.abc import Collection, Mapping, Sequence

from rootfs.errors import RootfsError
from rootfs.packages import Package, find_providers
from rootfs.patterns import matches_any


def with_dependencies(
    names: Collection[str],
    packages: Mapping[str, Package],
    omitted: Sequence[str],
    in_part: Collection[str],
) -> set[str]:
    """Return the named packages and all they depend on, taken from the installed ones.

    A dependency whose name matches `omitted` is not followed; one that is taken `in_part` comes
    along, but what it depends on does not, for that may serve just the rest of it.
    """
    providers = find_providers(packages)
    reached: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        if name in in_part:
            continue
        todo += [
            _installed_choice(name, choices, providers)
            for choices in packages[name].depends
            if not any(matches_any(omitted, choice) for choice in choices)
        ]
    return reached


def _installed_choice(name: str, choices: Sequence[str], providers: Mapping[str, str]) -> str:
    for choice in choices:
        if choice in providers:
            return providers[choice]
    raise RootfsError(
        f"package {name} depends on {' | '.join(choices)}, which is not installed",
        "install it in the build, or name it in omit_dependencies",
    )
