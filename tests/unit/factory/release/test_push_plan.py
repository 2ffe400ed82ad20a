"""What a push does to each tag: for every history of releases, nothing exact ever changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from factory.errors import PublishError
from factory.plan.tags import breadth, immutable, parse_version
from factory.release.push_plan import Held, ImageToPush, make_plan

IMAGE = "sha256:image"
OTHER = "sha256:other"


def held(image: str) -> Held:
    return Held(f"{image}-manifest", image)


def mini(image: str = IMAGE) -> ImageToPush:
    return ImageToPush("mini", image, default=False)


def kinds(version: str, registry: dict[str, str], image: str = IMAGE) -> dict[str, str]:
    found = {tag: held(image) for tag, image in registry.items()}
    plan = make_plan([mini(image)], parse_version(version), list(registry), found)
    return {step.tag: step.kind for step in plan.steps}


def test_push_plan_moves_what_differs() -> None:
    registry = {"mini-1.2.3": IMAGE, "mini-1.2": IMAGE, "mini-1": OTHER}
    assert kinds("1.2.3", registry) == {
        "mini-1.2.3": "there",
        "mini-1.2": "there",
        "mini-1": "moves",
        "mini": "new",
    }


def test_push_plan_refuses_to_change_an_exact_tag() -> None:
    with pytest.raises(PublishError, match=r"has another image as mini-1\.2\.3, .* nothing was"):
        kinds("1.2.3", {"mini-1.2.3": OTHER})


def test_push_plan_accepts_manifest_digests_as_image_ids() -> None:
    assert kinds("1.2.3", {"mini-1.2.3": OTHER}, f"{OTHER}-manifest")["mini-1.2.3"] == "there"


def test_push_plan_does_not_take_an_index_for_an_image() -> None:
    assert not Held("sha256:index", "").is_image("")


numbers = st.integers(0, 2)
releases = st.lists(
    st.builds(Version, numbers, numbers, numbers, st.sampled_from([None, "rc.1"])),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(releases, st.lists(st.integers(0, 4), min_size=8))
def test_push_plan_keeps_each_tag_right_after_any_history(
    history: list[Version], broken_after: list[int]
) -> None:
    registry: dict[str, str] = {}
    for version, done in zip(history, broken_after, strict=False):
        # However far it came: again, it does the rest.
        for steps in (done, None, 0):
            found = {tag: held(image) for tag, image in registry.items()}
            plan = make_plan([mini(f"sha256:{version}")], version, list(registry), found)
            broad = [breadth(step.tag) for step in plan.steps]
            assert broad == sorted(broad)
            for step in plan.steps[:steps]:
                assert step.kind != "moves" or not immutable(step.tag)
                registry[step.tag] = step.id
        assert {step.kind for step in plan.steps} == {"there"}
    stable = [version for version in history if version.prerelease is None]
    for version in history:
        assert registry[f"mini-{version}"] == f"sha256:{version}"
    assert registry.get("mini") == (f"sha256:{max(stable)}" if stable else None)
    for version in stable:
        series = [v for v in stable if (v.major, v.minor) == (version.major, version.minor)]
        assert registry[f"mini-{version.major}.{version.minor}"] == f"sha256:{max(series)}"
        major = [v for v in stable if v.major == version.major]
        assert registry[f"mini-{version.major}"] == f"sha256:{max(major)}"
