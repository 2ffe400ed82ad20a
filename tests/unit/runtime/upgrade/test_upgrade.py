"""`pbx config diff` and `pbx config upgrade` on folders."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pbx.core.replace_file import replace_file
from pbx.supervision.main import main
from pbx.upgrade import storage

Printed = pytest.CaptureFixture[str]

SECRET, OTHER = "v7gBL-tb3lr2a6FzlUXPAl2e", "k82QYhElWMQfp_bNi8XpWpEI"
LINES = "one = 1\n; -\ntwo = 2\n; -\nthree = 3\n"


class Installation:
    """Folders as a first start leaves them, and an image that moves on."""

    def __init__(self, folder: Path) -> None:
        self.conf = folder / "conf"
        self.seed = folder / "seed"
        (self.conf / ".sample").mkdir(parents=True)
        self.seed.mkdir()
        (self.conf / ".sample/.secrets").write_text(f"john {SECRET}\n")
        self.seeded("lines.conf", LINES)
        self.seeded("users.conf", "[john]\npassword = @SECRET:john@\n; end\n")

    def seeded(self, name: str, text: str) -> None:
        (self.seed / name).write_text(text)
        for folder in (self.conf, self.conf / ".sample"):
            (folder / name).write_text(text.replace("@SECRET:john@", SECRET))

    def use(self, name: str, text: str) -> None:
        (self.conf / name).write_text(text)

    def ship(self, name: str, text: str) -> None:
        (self.seed / name).write_text(text)

    def read(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.conf)): path.read_text()
            for path in sorted(self.conf.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def pbx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    found = Installation(tmp_path)
    monkeypatch.setenv("DOCKER_CONF_DIR", str(found.conf))
    monkeypatch.setenv("DOCKER_SEED_CONF_DIR", str(found.seed))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return found


def moved_on(pbx: Installation) -> None:
    """The user and the image have both moved on."""
    pbx.use("lines.conf", LINES.replace("= 1", "= mine"))
    pbx.ship("lines.conf", LINES.replace("= 3", "= image"))
    pbx.ship("users.conf", "[john]\npassword = @SECRET:john@\n; better\n")
    pbx.ship("new.conf", "a = @SECRET:john@\nb = @SECRET:fresh@\n")
    pbx.use("own.conf", "; mine\n")


@pytest.mark.usefixtures("pbx")
def test_diff_refuses_a_file_that_does_not_exist(capsys: Printed) -> None:
    assert main(["config", "diff", "none.conf"]) == 1
    assert capsys.readouterr().err.startswith("pbx: there is no file none.conf: see ")


def test_upgrade_keeps_edits_and_secrets(pbx: Installation, capsys: Printed) -> None:
    moved_on(pbx)
    before = pbx.read()
    assert main(["config", "upgrade", "--yes"]) == 0
    assert "restart the container" in capsys.readouterr().out
    after = pbx.read()
    merged = LINES.replace("= 1", "= mine").replace("= 3", "= image")
    assert after["lines.conf"] == merged
    assert after["users.conf"] == f"[john]\npassword = {SECRET}\n; better\n"
    assert after["own.conf"] == "; mine\n"
    first, second = after["new.conf"].splitlines()
    assert first == f"a = {SECRET}"
    fresh = second.removeprefix("b = ")
    assert len(fresh) == 24
    assert after[".sample/.secrets"] == f"john {SECRET}\nfresh {fresh}\n"
    assert after[".sample/new.conf"] == after["new.conf"]
    assert after[".sample/lines.conf"] == LINES.replace("= 3", "= image")
    kept = {name.partition("/")[2]: text for name, text in after.items() if ".before" in name}
    assert kept == {name: before[name] for name in ("lines.conf", "users.conf")}
    assert main(["config", "upgrade", "--yes"]) == 0
    assert pbx.read() == after


def test_upgrade_refuses_to_keep_a_file_that_does_not_exist(
    pbx: Installation, capsys: Printed
) -> None:
    before = pbx.read()
    assert main(["config", "upgrade", "--keep", "lines"]) == 2
    assert "--keep lines: there is no such file" in capsys.readouterr().err
    assert pbx.read() == before


@pytest.mark.parametrize("missing", [".sample", ".sample/.secrets"])
def test_upgrade_merges_nothing_without_the_samples_of_the_start(
    pbx: Installation, capsys: Printed, missing: str
) -> None:
    moved_on(pbx)
    path = pbx.conf / missing
    path.rename(path.with_name("elsewhere"))
    before = pbx.read()
    assert main(["config", "upgrade", "--yes"]) == 1
    assert "not known" in capsys.readouterr().err
    assert pbx.read() == before
    assert main(["config", "diff", "--brief"]) == 1
    out, err = capsys.readouterr()
    assert "lines.conf  different from this image's\n" in out
    assert err.count("\n") == 1


class Killed(BaseException):
    """Nothing that is caught."""


def test_upgrade_killed_at_any_moment_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx.upgrade.upgrade.secrets.token_urlsafe", lambda _: OTHER)
    write, rename = replace_file, Path.rename
    results = set()
    for moment in range(12):
        pbx = Installation(tmp_path / str(moment))
        moved_on(pbx)
        monkeypatch.setenv("DOCKER_CONF_DIR", str(pbx.conf))
        monkeypatch.setenv("DOCKER_SEED_CONF_DIR", str(pbx.seed))
        left = [moment]

        def falter(*_: object, left: list[int] = left) -> None:
            if left[0] == 0:
                raise Killed
            left[0] -= 1

        def faltering_write(path: Path, content: bytes) -> None:
            falter()
            write(path, content)

        def faltering_rename(path: Path, target: Path) -> Path:
            falter()
            return rename(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(storage, "replace_file", faltering_write)
            patch.setattr(Path, "rename", faltering_rename)
            try:
                main(["config", "upgrade", "--yes"])
            except Killed:
                results.add("killed")
        assert main(["config", "upgrade", "--yes"]) == 0
        files = {name: text for name, text in pbx.read().items() if ".before" not in name}
        results.add(str(files))
    assert len(results) == 2  # "killed", and always the same files


def test_diff_after_an_interrupted_upgrade_is_refused(pbx: Installation, capsys: Printed) -> None:
    (pbx.conf / ".upgraded").mkdir()
    assert main(["config", "diff"]) == 1
    assert capsys.readouterr().err == (
        "pbx: an upgrade was interrupted: type `pbx config upgrade` to complete it\n"
    )


def test_upgrade_changes_nothing_if_it_cannot_write(
    pbx: Installation, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_on(pbx)
    before = pbx.read()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "write_new", full)
    assert main(["config", "upgrade", "--yes"]) == 1
    assert "No space left on device; nothing has changed" in capsys.readouterr().err
    after = pbx.read()
    assert {k: v for k, v in after.items() if ".before" not in k} == before


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("n\n", False), ("", False)])
def test_upgrade_asks_on_a_terminal(
    pbx: Installation, monkeypatch: pytest.MonkeyPatch, answer: str, done: bool
) -> None:
    moved_on(pbx)
    keyboard = io.StringIO(answer)
    monkeypatch.setattr(keyboard, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", keyboard)
    assert main(["config", "upgrade"]) == (0 if done else 1)
    assert (pbx.conf / "new.conf").exists() == done


@pytest.mark.usefixtures("pbx")
def test_diff_and_upgrade_report_a_missing_folder(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_CONF_DIR", str(tmp_path / "none"))
    for command in ("diff", "upgrade"):
        assert main(["config", command]) == 1
        assert capsys.readouterr().err.startswith("pbx: cannot read ")
