"""The command line: `python3 -B -m rootfs MANIFEST.json OUT`, run where this package's parent is.

Writes OUT/<image>/ with what each image adds to the one before, and OUT/<image>.report.json.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rootfs.content import Content, empty_content
from rootfs.database import reduced_database
from rootfs.errors import RootfsError
from rootfs.manifest import Manifest, load_manifest
from rootfs.report import describe, summarise
from rootfs.selection import select_content
from rootfs.system import read_system
from rootfs.tree import Tree
from rootfs.write import write_image


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Assemble all images of the manifest; the exit status is 1 when one cannot be."""
    if len(arguments) != 2:
        print("usage: python3 -B -m rootfs MANIFEST.json OUT", file=sys.stderr)
        return 2
    try:
        assemble(load_manifest(Path(arguments[0])), Path(arguments[1]), _read_epoch(environment))
    except RootfsError as error:
        print(f"rootfs: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"rootfs: {error}: make room, or remove what an earlier run left", file=sys.stderr)
        return 1
    return 0


def assemble(manifest: Manifest, out: Path, epoch: int, root: Path = Path("/")) -> None:
    """Cut the images from the system below `root` and write them below `out`."""
    tree = Tree(root)
    system = read_system(tree)
    before, standing_on = Content(), empty_content(tree)
    written: dict[str, str] = {}
    for image in manifest.images:
        content = select_content(system, manifest, image, standing_on)
        database = reduced_database(tree, system.packages, content.packages, content.present())
        changed = dict(database.items() - written.items())
        sizes = write_image(tree, out / image.name, content, before, changed, epoch)
        report = describe(image.name, content, sizes, system)
        text = json.dumps(report, indent=1) + "\n"
        (out / f"{image.name}.report.json").write_text(text, encoding="utf-8")
        print(summarise(report), flush=True)
        before = standing_on = content
        written = database


def _read_epoch(environment: Mapping[str, str]) -> int:
    value = environment.get("SOURCE_DATE_EPOCH", "")
    if not value.isdecimal():
        raise RootfsError(
            f"SOURCE_DATE_EPOCH in the environment is {value!r}", "set it to seconds since 1970"
        )
    return int(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
