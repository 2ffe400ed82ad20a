"""The component of docs/components.md, added as it says, is built and proven with its image."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import yaml

from factory.build.engine import Engine
from tests.docs.rules import ROOT, blocks_of
from tests.pbx import Pbx, create_container

DOCUMENT = "docs/components.md"
LIST = "stages/images.yaml"
OTHERS = "…"
BLOCKS = {
    block.note: block.text
    for block in [*blocks_of("yaml", DOCUMENT), *blocks_of("python", DOCUMENT)]
}
FILES = {path: text for path, text in BLOCKS.items() if path != LIST}


def copy_checkout(to: Path) -> None:
    """Copies what build.py needs."""
    for folder in ("factory", "fixtures", "runtime", "stages"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, to / folder, symlinks=True, ignore=ignored)
    shutil.copy2(ROOT / "build.py", to)


def add_to_image(images: str, change: str) -> tuple[str, str]:
    """Adds the component of a change, such as `{images: {base: {components: […, choir]}}}`.

    Returns:
        The text of images.yaml with it, and the name of the image.
    """
    ((image, section),) = yaml.safe_load(change)["images"].items()
    others, component = section["components"]
    assert others == OTHERS
    list_of_image = rf"(^  {image}:$.*?^    components: \[[^]]*)\]"
    changed, count = re.subn(
        list_of_image, rf"\1, {component}]", images, count=1, flags=re.DOTALL | re.MULTILINE
    )
    assert count == 1
    return changed, image


def test_component_of_the_document_is_built_and_proven(
    engine: Engine, softphone: str, stack: ExitStack, tmp_path: Path
) -> None:
    assert softphone, "the gate needs the phones' image"
    copy_checkout(tmp_path)
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
        (tmp_path / path).with_name("__init__.py").touch()
    changed, image = add_to_image((tmp_path / LIST).read_text(), BLOCKS[LIST])
    (tmp_path / LIST).write_text(changed)
    repository = f"asterisk-test-{secrets.token_hex(4)}"
    stack.callback(engine.untag, repository, image)
    result = subprocess.run(
        [sys.executable, "build.py", "--quiet", "--tag", image, "--repo", repository],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (result.stderr, result.returncode) == ("", 0)
    container = create_container(engine.client, f"{repository}:{image}", stack)
    container.start()
    assert Pbx(container).await_health().run("pbx sing") == "la la la"
