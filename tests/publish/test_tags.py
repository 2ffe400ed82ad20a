"""Which tags a push moves, against a real registry."""

from __future__ import annotations

from contextlib import ExitStack

import docker
import pytest

from factory.build.engine import Engine
from factory.errors import PublishError
from factory.plan.tags import parse_version
from factory.release.publish import Destination, describe
from factory.release.push_plan import ImageToPush
from fixtures.registry import Between, RegistryServer
from tests.pbx import create_container

from .conftest import MakeImage
from .push import push

pytestmark = pytest.mark.xdist_group("registry")  # one process, so that there is one registry


@pytest.fixture
def repository(registry: RegistryServer, path: str) -> str:
    return f"{registry.address}/{path}"


def names(text: str, image: str) -> dict[str, str]:
    return dict.fromkeys(text.split(), image)


def test_a_first_release_takes_all_its_names(
    registry: RegistryServer, repository: str, path: str, make_image: MakeImage, engine: Engine
) -> None:
    full, mini = make_image(9), make_image(9)
    plan = push(repository, "1.2.3", {"mini": mini, "full": full})
    expected = names("mini mini-1.2.3 mini-1.2 mini-1", mini)
    expected |= names("latest 1.2.3 1.2 1 full full-1.2.3 full-1.2 full-1", full)
    assert registry.tags(path) == expected
    assert engine.tags_of(repository) == expected
    assert {step.kind for step in plan.steps} == {"new"}
    # Who pulls a floating name meanwhile must find the exact ones, of all images.
    assert " ".join(step.tag for step in plan.steps) == (
        "mini-1.2.3 1.2.3 full-1.2.3 mini-1.2 1.2 full-1.2 mini-1 1 full-1 mini latest full"
    )


def test_another_image_as_the_same_version_is_refused_and_nothing_moves(
    registry: RegistryServer, repository: str, path: str, make_image: MakeImage, engine: Engine
) -> None:
    push(repository, "1.2.3", {"mini": make_image(9)})
    before = registry.tags(path)
    with pytest.raises(PublishError) as refusal:
        push(repository, "1.2.3", {"mini": make_image(9), "full": make_image(9)})
    assert refusal.value.cause == (
        "the registry has another image as mini-1.2.3, and versions do not change: nothing was "
        "pushed"
    )
    assert registry.tags(path) == before
    assert engine.tags_of(repository) == before


def test_the_same_image_again_is_a_repeat_which_sends_nothing(
    registry: RegistryServer, between: Between, path: str, make_image: MakeImage
) -> None:
    mini = make_image(9)
    repository = f"{between.address}/{path}"
    push(repository, "1.2.3", {"mini": mini})
    assert any(asked.startswith("PUT") for asked in between.asked)
    before = registry.tags(path)
    between.asked.clear()
    plan = push(repository, "1.2.3", {"mini": mini})
    assert {step.kind for step in plan.steps} == {"there"}
    assert {asked.split()[0] for asked in between.asked} == {"GET", "HEAD"}
    assert registry.tags(path) == before


def test_an_older_series_moves_its_own_names_only(
    registry: RegistryServer, repository: str, path: str, make_image: MakeImage
) -> None:
    first, second, fix = make_image(9), make_image(9), make_image(9)
    push(repository, "1.0.3", {"full": first})
    push(repository, "1.1.0", {"full": second})
    plan = push(repository, "1.0.4", {"full": fix})
    assert registry.tags(path) == {
        **names("1.0.3 full-1.0.3", first),
        **names("latest full 1 full-1 1.1 full-1.1 1.1.0 full-1.1.0", second),
        **names("1.0 full-1.0 1.0.4 full-1.0.4", fix),
    }
    assert {left.tag for left in plan.left} == {"latest", "full", "1", "full-1"}
    assert {str(left.higher) for left in plan.left} == {"1.1.0"}


def test_a_prerelease_takes_exact_names_only(
    registry: RegistryServer, repository: str, path: str, make_image: MakeImage
) -> None:
    stable, early = make_image(9), make_image(9)
    push(repository, "1.2.3", {"full": stable})
    before = registry.tags(path)
    push(repository, "1.3.0-rc.1", {"full": early})
    assert registry.tags(path) == before | names("1.3.0-rc.1 full-1.3.0-rc.1", early)


def test_without_a_version_bare_names_move(
    registry: RegistryServer, repository: str, path: str, make_image: MakeImage
) -> None:
    stable, work = make_image(9), make_image(9)
    push(repository, "1.2.3", {"full": stable})
    before = registry.tags(path)
    push(repository, "", {"full": work})
    assert registry.tags(path) == before | names("latest full", work)


def test_the_registry_decides_and_not_the_engine(
    registry: RegistryServer, repository: str, path: str, make_image: MakeImage, engine: Engine
) -> None:
    newer, older = make_image(9), make_image(9)
    engine.tag(newer, repository, "mini-2.0.0")
    engine.tag(newer, repository, "mini")
    push(repository, "1.0.0", {"mini": older})
    assert registry.tags(path) == names("mini mini-1.0.0 mini-1.0 mini-1", older)
    assert engine.tags_of(repository)["mini-2.0.0"] == newer


def test_tags_in_pages_are_all_seen(
    registry: RegistryServer, between: Between, path: str, make_image: MakeImage
) -> None:
    between.page = 2
    repository = f"{between.address}/{path}"
    first, fix = make_image(9), make_image(9)
    push(repository, "1.1.0", {"mini": first})
    push(repository, "1.0.4", {"mini": fix})
    assert registry.tags(path)["mini-1"] == first
    assert registry.tags(path)["mini-1.0"] == fix
    assert between.asked.count(f"GET /v2/{path}/tags/list") == 3  # once for nothing, then two pages


def test_dry_run_shows_what_would_happen_to_each_tag(
    repository: str, make_image: MakeImage, engine: Engine
) -> None:
    push(repository, "1.0.4", {"mini": make_image(9)})
    push(repository, "1.1.0", {"mini": make_image(9)})
    destination = Destination.of(engine, repository)
    candidates = [ImageToPush("mini", "", default=False)]
    told = describe(destination.plan(candidates, parse_version("1.0.5")), repository)
    assert told.splitlines() == [
        f"push: {repository}:mini-1.0.5 would be new",
        f"push: {repository}:mini-1.0 would move",
        f"push: {repository}:mini would stay: 1.1.0 is higher",
        f"push: {repository}:mini-1 would stay: 1.1.0 is higher",
    ]
    told = describe(destination.plan(candidates, parse_version("1.0.4")), repository)
    assert f"{repository}:mini-1.0.4 is there: refused unless it is the very same image" in told


def test_tag_moves_from_an_image_that_a_container_uses(
    path: str, softphone: str, engine: Engine, client: docker.DockerClient, stack: ExitStack
) -> None:
    """Somebody may be looking at what was built without the gate."""
    image = create_container(client, softphone, stack).commit(path, "mini-unproven")
    stack.callback(client.images.remove, str(image.id), force=True, noprune=True)
    container = create_container(
        client, f"{path}:mini-unproven", stack, entrypoint=["sleep", "infinity"]
    )
    container.start()
    engine.untag(path, "mini-unproven")
    assert engine.tags_of(path) == {}
    container.reload()
    assert container.status == "running"
