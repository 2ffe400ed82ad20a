"""Archives that an engine loads: what is in them, and that they say for which machine."""

import datetime
import hashlib
import io
import json
import tarfile
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from factory.build.image_archive import Label, write_archive

NOON = datetime.datetime(2026, 5, 4, 14, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
architectures = st.sampled_from(["amd64", "arm64", "riscv64"])


def archive(label: Label, tree: bytes | None) -> dict[str, bytes]:
    """Returns the files of an archive, in order."""
    file = io.BytesIO()
    write_archive(file, label, None if tree is None else io.BytesIO(tree))
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        found = {entry.name: tar.extractfile(entry) for entry in tar}
        return {name: opened.read() for name, opened in found.items() if opened}


def parts(files: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the one entry of the manifest, and the configuration that it names."""
    (entry,) = json.loads(files["manifest.json"])
    return entry, json.loads(files[entry["Config"]])


@given(architectures, st.none() | st.binary(max_size=2000))
def test_archive_digests_match_its_contents(architecture: str, tree: bytes | None) -> None:
    files = archive(Label("base:1", architecture, NOON), tree)
    entry, config = parts(files)
    assert files.keys() == {"manifest.json", entry["Config"], *entry["Layers"]}
    assert entry["Config"] == f"{hashlib.sha256(files[entry['Config']]).hexdigest()}.json"
    assert entry["RepoTags"] == ["base:1"]
    assert [files[name] for name in entry["Layers"]] == ([] if tree is None else [tree])
    digests = [f"sha256:{hashlib.sha256(files[name]).hexdigest()}" for name in entry["Layers"]]
    assert config["rootfs"] == {"type": "layers", "diff_ids": digests}
    assert (config["os"], config["architecture"]) == ("linux", architecture)
    assert len(config["history"]) == len(digests)


def test_archive_reads_the_tree_from_its_start() -> None:
    tree = io.BytesIO(b"a tree")
    tree.read()
    file = io.BytesIO()
    write_archive(file, Label("base:1", "arm64", NOON), tree)
    assert b"a tree" in file.getvalue()
