"""The base: made once for each recipe, by pulling or by bootstrapping."""

import datetime
import io
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from factory.build.base import (
    REPOSITORY,
    BaseRecipe,
    bootstrap,
    check_emulation,
    ensure_base,
    ensure_nothing,
    machine_mirror,
)
from factory.build.engine import Engine, ImageInfo
from factory.build.image_archive import Label
from factory.errors import BaseError, EngineError
from factory.plan.foreign_platform import ForeignPlatform
from factory.plan.models import Distribution
from factory.plan.snapshot import Snapshot

ARM = ForeignPlatform("arm64", "linux/arm64")
DEBIAN = Distribution(suite="forky", pull="debian:{suite}-slim", bootstrap=True)
CREATED = "2024-05-16T10:03:20Z"
MIRROR = "http://mirror.example/debian"
PROGRAM = """\
#!/bin/sh
printf '%s\\n' "$@" > "{folder}/arguments"
echo "${{SOURCE_DATE_EPOCH-}}" > "{folder}/epoch"
echo "I: installing"
for argument; do
    case $argument in
        *.tar) tar -cf "$argument" -C "{folder}" arguments ;;
    esac
done
"""


class FakeEngine(Engine):
    """Keeps names and says what was asked of it; pulls only what a registry is said to have.

    The registry has images for one platform, whichever is requested.
    """

    architecture = "amd64"

    def __init__(self, registry: tuple[str, ...] = (), has: str = "amd64") -> None:
        self.registry = registry
        self.has = has
        self.labels: list[Label] = []
        self.names: dict[str, str] = {}
        self.calls: list[str] = []
        self.loaded: list[str] = []

    def find_image(self, name: str) -> ImageInfo | None:
        self.calls.append(f"find {name}")
        if name not in self.names and not name.startswith("id of"):
            return None
        id_ = self.names.get(name, name)
        tags = tuple(name for name, image in self.names.items() if image == id_)
        return ImageInfo(id_, 1, tags, CREATED, self.has, ("sha256:aa",), {}, ())

    def pull(self, reference: str, platform: str | None = None) -> str | None:
        self.calls.append(f"pull {reference}{f' for {platform}' if platform else ''}")
        return f"id of {reference}" if reference in self.registry else None

    def tag(  # type: ignore[override]  # the real one is wrapped to try again
        self, image: str, repository: str, tag: str
    ) -> None:
        self.calls.append(f"tag {repository}")
        self.names[f"{repository}:{tag}"] = self.names.get(image, image)

    def tags_of(self, repository: str) -> dict[str, str]:
        names = self.names.items()
        return {name.rpartition(":")[2]: i for name, i in names if name.startswith(repository)}

    def untag(self, repository: str, tag: str) -> None:
        del self.names[f"{repository}:{tag}"]

    @property
    def undated(self) -> dict[str, str]:
        """The names, without those that end in a day."""
        names = self.names.items()
        return {name: id_ for name, id_ in names if not re.search(r"-\d{8}$", name)}

    def load_tree(self, tree: io.BufferedIOBase | None, label: Label) -> str:
        self.calls.append(f"load {label.name}")
        self.labels.append(label)
        if tree:
            with tarfile.open(fileobj=tree) as archive:
                self.loaded += archive.getnames()
        self.names[label.name] = "id of a tree"
        return "id of a tree"

    def did(self, verb: str) -> bool:
        return any(call.startswith(verb) for call in self.calls)


@pytest.fixture
def stages(tmp_path: Path) -> Path:
    folder = tmp_path / "stages"
    folder.mkdir()
    (folder / "apt.conf").write_text('// a comment\n\nAcquire::Retries "3";\n')
    (folder / "dpkg.cfg").write_text("# a comment\npath-exclude=/usr/share/man/*\n")
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on PATH, with a mmdebstrap that writes down how it was called."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    install(folder, "mmdebstrap", PROGRAM.format(folder=folder))
    return folder


def install(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def ensure(engine: Engine, stages: Path, mirror: str = "", **changes: Any) -> str:
    distribution = DEBIAN.model_copy(update=changes)
    return ensure_base(engine, BaseRecipe(distribution, stages, mirror), print)


def test_base_is_pulled_from_a_registry(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    name = ensure(engine, stages)
    assert name.startswith(f"{REPOSITORY}:forky-")
    assert engine.undated == {name: "id of debian:forky-slim"}
    assert not engine.did("load")


def test_base_of_the_same_recipe_is_made_once(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    first = ensure(engine, stages)
    engine.calls.clear()
    assert ensure(engine, stages) == first
    assert engine.calls == [f"find {first}"]


def test_base_name_depends_on_every_input(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim", "debian:sid-slim", "debian:forky"))
    names = [
        ensure(engine, stages),
        ensure(engine, stages, mirror=MIRROR),
        ensure(engine, stages, suite="sid"),
        ensure(engine, stages, pull="debian:{suite}"),
    ]
    for file in ("apt.conf", "dpkg.cfg"):
        with (stages / file).open("a") as settings:
            settings.write("one::more\n")
        names.append(ensure(engine, stages))
    for apt, dpkg in (("one\ntwo\n", "three\n"), ("one\n", "two\nthree\n")):
        (stages / "apt.conf").write_text(apt)
        (stages / "dpkg.cfg").write_text(dpkg)
        names.append(ensure(engine, stages))
    assert len(set(names)) == len(names)


def test_base_is_bootstrapped_without_a_registry(stages: Path, programs: Path) -> None:
    engine = FakeEngine()
    lines: list[str] = []
    name = ensure_base(engine, BaseRecipe(DEBIAN, stages, MIRROR), lines.append)
    assert engine.undated == {name: "id of a tree"}
    assert engine.loaded == ["arguments"]
    assert lines[0] == "pulling debian:forky-slim"
    assert lines[-1] == "I: installing"
    *settings, suite, tree, mirror = (programs / "arguments").read_text().splitlines()
    assert (suite, mirror) == ("forky", MIRROR)
    assert not Path(tree).exists()
    assert settings == [
        "--variant=minbase",
        "--format=tar",
        '--aptopt=Acquire::Retries "3";',
        "--dpkgopt=path-exclude=/usr/share/man/*",
    ]


def test_base_of_a_snapshot_is_bootstrapped_despite_a_registry(
    stages: Path, programs: Path
) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    snapshot = Snapshot(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), MIRROR)
    name = ensure_base(engine, BaseRecipe(DEBIAN, stages, snapshot=snapshot), print)
    assert engine.undated == {name: "id of a tree"}
    assert not engine.did("pull")
    source = (programs / "arguments").read_text().splitlines()[-1]
    assert source == f"deb [check-valid-until=no] {MIRROR} forky main"
    assert (programs / "epoch").read_text() == f"{snapshot.epoch}\n"


def test_base_without_registry_and_bootstrap_fails_with_a_hint(
    stages: Path, programs: Path
) -> None:
    engine = FakeEngine()
    with pytest.raises(BaseError, match="no registry has debian:forky-slim") as caught:
        ensure(engine, stages, bootstrap=False)
    assert "load that image" in caught.value.hint
    assert engine.names == {}
    assert not (programs / "arguments").exists()


def test_base_uses_the_hosts_mirror_unless_one_is_named(stages: Path, programs: Path) -> None:
    listing = f"http://other.example/x Docker Docker\\n{MIRROR} Debian Debian\\n"
    install(programs, "apt-get", f"#!/bin/sh\nprintf '{listing}'\n")
    ensure(FakeEngine(), stages)
    assert (programs / "arguments").read_text().splitlines()[-1] == MIRROR


def test_mirror_is_empty_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_mirror() == ""


def test_bootstrap_without_mmdebstrap_fails_with_a_hint(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = FakeEngine()
    with pytest.raises(BaseError, match=r"mmdebstrap, .* is missing") as caught:
        ensure(engine, stages)
    assert "apt-get install mmdebstrap" in caught.value.hint
    assert engine.names == {}


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (
            "echo 'I: begin'; echo 'E: no such suite' >&2; echo 'I: end'; exit 2",
            "bootstrapping forky failed: E: no such suite",
        ),
        ("echo one; echo two; exit 1", "bootstrapping forky failed: two"),
    ],
)
def test_bootstrap_failure_quotes_mmdebstrap(
    stages: Path, programs: Path, script: str, cause: str
) -> None:
    install(programs, "mmdebstrap", f"#!/bin/sh\n{script}\n")
    engine = FakeEngine()
    with pytest.raises(BaseError) as caught:
        ensure(engine, stages, mirror=MIRROR)
    assert caught.value.cause == cause
    assert "--mirror" in caught.value.hint
    assert engine.names == {}


def test_bootstrap_output_may_be_other_than_utf_8(programs: Path, tmp_path: Path) -> None:
    install(programs, "mmdebstrap", "#!/bin/sh\nprintf 'I: caf\\351\\n'\n")
    bootstrap("forky", tmp_path / "base.tar", "", (), print)


# ---- for another platform


def ensure_arm(engine: Engine, stages: Path) -> str:
    return ensure_base(engine, BaseRecipe(DEBIAN, stages, MIRROR, foreign=ARM), print)


def test_base_for_a_platform_is_pulled_and_named_after_it(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",), has="arm64")
    name = ensure_arm(engine, stages)
    assert engine.did("pull debian:forky-slim for linux/arm64")
    assert name.startswith(f"{REPOSITORY}:arm64-forky-")
    assert name not in (ensure(engine, stages), ensure(engine, stages, mirror=MIRROR))


def test_base_of_the_wrong_platform_is_not_used(stages: Path, programs: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",), has="amd64")
    name = ensure_arm(engine, stages)
    assert engine.undated == {name: "id of a tree"}
    assert "--architectures=arm64" in (programs / "arguments").read_text().splitlines()
    assert [label.architecture for label in engine.labels] == ["arm64"]


def test_empty_image_is_made_once_for_each_platform() -> None:
    engine = FakeEngine()
    name = ensure_nothing(engine, ARM)
    assert ensure_nothing(engine, ARM) == name
    assert [(label.name, label.architecture) for label in engine.labels] == [(name, "arm64")]
    assert engine.loaded == []


def test_emulation_that_is_missing_fails_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    monkeypatch.setattr("factory.build.base.runs_programs_of", lambda *_: True)
    check_emulation(engine, "a base", ARM)
    monkeypatch.setattr("factory.build.base.runs_programs_of", lambda *_: False)
    with pytest.raises(EngineError, match="cannot run programs of linux/arm64") as caught:
        check_emulation(engine, "a base", ARM)
    assert "make arm64" in caught.value.hint


@pytest.mark.parametrize(
    "said",
    [
        "install arch-test for foreign architecture support",
        "arm64 can neither be executed natively nor via qemu user emulation with binfmt_misc",
    ],
)
def test_bootstrap_without_emulation_fails_with_a_hint(
    stages: Path, programs: Path, said: str
) -> None:
    install(programs, "mmdebstrap", f"#!/bin/sh\necho 'E: {said}'\nexit 25\n")
    with pytest.raises(BaseError, match=said) as caught:
        ensure_arm(FakeEngine(), stages)
    assert "make arm64" in caught.value.hint
