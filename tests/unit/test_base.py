"""The base: made once for each recipe, by pulling or by bootstrapping."""

import tarfile
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from factory.base import REPOSITORY, bootstrap, ensure_base, machine_mirror
from factory.catalog import Distribution
from factory.engine import Engine, ImageInfo
from factory.errors import BaseError

DEBIAN = Distribution(suite="forky", pull="debian:{suite}-slim", bootstrap=True)
MIRROR = "http://mirror.example/debian"
PROGRAM = """\
#!/bin/sh
printf '%s\\n' "$@" > "{folder}/arguments"
echo "I: installing"
for argument; do
    case $argument in
        *.tar) tar -cf "$argument" -C "{folder}" arguments ;;
    esac
done
"""


class FakeEngine(Engine):
    """Keeps names and says what was asked of it; pulls only what a registry is said to have."""

    def __init__(self, registry: tuple[str, ...] = ()) -> None:
        self.registry = registry
        self.names: dict[str, str] = {}
        self.calls: list[str] = []
        self.loaded: list[str] = []

    def find_image(self, name: str) -> ImageInfo | None:
        self.calls.append(f"find {name}")
        if name not in self.names:
            return None
        return ImageInfo(self.names[name], 1, (name,), "2024-05-16T10:03:20Z", "amd64", (), {}, ())

    def pull(self, reference: str) -> str | None:
        self.calls.append(f"pull {reference}")
        return f"id of {reference}" if reference in self.registry else None

    def tag(  # type: ignore[override]  # the real one is wrapped to try again
        self, image: str, repository: str, tag: str
    ) -> None:
        self.calls.append(f"tag {repository}")
        self.names[f"{repository}:{tag}"] = image

    def load_tree(self, tar: BinaryIO, repository: str, tag: str) -> str:
        self.calls.append(f"load {repository}")
        with tarfile.open(fileobj=tar) as tree:
            self.loaded += tree.getnames()
        self.names[f"{repository}:{tag}"] = "id of a tree"
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
    return ensure_base(engine, distribution, stages, mirror=mirror, renew=False, on_line=print)


def test_what_a_registry_has_is_pulled_and_named(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    name = ensure(engine, stages)
    assert name.startswith(f"{REPOSITORY}:forky-")
    assert engine.names == {name: "id of debian:forky-slim"}
    assert not engine.did("load")


def test_the_same_recipe_is_made_once(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    first = ensure(engine, stages)
    engine.calls.clear()
    assert ensure(engine, stages) == first
    assert engine.calls == [f"find {first}"]


def test_renewing_makes_it_again(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    first = ensure(engine, stages)
    again = ensure_base(engine, DEBIAN, stages, mirror="", renew=True, on_line=print)
    assert again == first
    assert engine.calls.count("pull debian:forky-slim") == 2


def test_name_changes_with_all_that_the_base_is_made_from(stages: Path) -> None:
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
    assert len(set(names)) == len(names)


def test_comments_do_not_change_the_name(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    first = ensure(engine, stages)
    (stages / "apt.conf").write_text('// another\nAcquire::Retries "3";\n\n')
    assert ensure(engine, stages) == first


def test_a_setting_that_moves_from_one_file_to_the_other_changes_the_name(stages: Path) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    (stages / "apt.conf").write_text("one\ntwo\n")
    (stages / "dpkg.cfg").write_text("three\n")
    first = ensure(engine, stages)
    (stages / "apt.conf").write_text("one\n")
    (stages / "dpkg.cfg").write_text("two\nthree\n")
    assert ensure(engine, stages) != first


def test_without_a_registry_it_is_bootstrapped(stages: Path, programs: Path) -> None:
    engine = FakeEngine()
    lines: list[str] = []
    name = ensure_base(engine, DEBIAN, stages, mirror=MIRROR, renew=False, on_line=lines.append)
    assert engine.names == {name: "id of a tree"}
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


def test_a_base_of_a_snapshot_is_made_though_a_registry_has_that_of_today(
    stages: Path, programs: Path
) -> None:
    engine = FakeEngine(registry=("debian:forky-slim",))
    name = ensure_base(
        engine, DEBIAN, stages, mirror=MIRROR, fixed=True, renew=False, on_line=print
    )
    assert engine.names == {name: "id of a tree"}
    assert not engine.did("pull")
    source = (programs / "arguments").read_text().splitlines()[-1]
    assert source == f"deb [check-valid-until=no] {MIRROR} forky main"


def test_what_cannot_be_bootstrapped_is_said_with_what_to_do(stages: Path, programs: Path) -> None:
    engine = FakeEngine()
    with pytest.raises(BaseError, match="no registry gives debian:forky-slim") as caught:
        ensure(engine, stages, bootstrap=False)
    assert "load that image" in caught.value.hint
    assert engine.names == {}
    assert not (programs / "arguments").exists()


def test_the_machines_own_mirror_is_used_unless_one_is_named(stages: Path, programs: Path) -> None:
    listing = f"http://other.example/x Docker Docker\\n{MIRROR} Debian Debian\\n"
    install(programs, "apt-get", f"#!/bin/sh\nprintf '{listing}'\n")
    ensure(FakeEngine(), stages)
    assert (programs / "arguments").read_text().splitlines()[-1] == MIRROR


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho x Docker Docker\n"])
def test_machine_without_debian_sources_has_no_mirror(programs: Path, script: str) -> None:
    install(programs, "apt-get", script)
    assert machine_mirror() == ""


def test_machine_without_apt_has_no_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine_mirror() == ""


def test_missing_mmdebstrap_is_said_with_what_to_do(
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
        ("echo 'E: a'; echo 'E: b'; exit 1", "bootstrapping forky failed: E: a; E: b"),
    ],
)
def test_failing_mmdebstrap_is_said_with_its_reasons(
    stages: Path, programs: Path, script: str, cause: str
) -> None:
    install(programs, "mmdebstrap", f"#!/bin/sh\n{script}\n")
    engine = FakeEngine()
    with pytest.raises(BaseError) as caught:
        ensure(engine, stages, mirror=MIRROR)
    assert caught.value.cause == cause
    assert "--mirror" in caught.value.hint
    assert engine.names == {}


def test_output_that_is_not_utf_8_is_no_obstacle(programs: Path, tmp_path: Path) -> None:
    install(programs, "mmdebstrap", "#!/bin/sh\nprintf 'I: caf\\351\\n'\n")
    bootstrap("forky", tmp_path / "base.tar", "", (), (), print)
