"""A small checkout with a sound catalog."""

from pathlib import Path

import pytest

IMAGES = """\
repository: example/pbx
default: small
images:
  small:
    title: Small
    root: assembled
    components: [core]
    budget: {uncompressed: 10, compressed: 5}
  large:
    title: Large
    parent: small
    root: distribution
    components: [extra]
    budget: {uncompressed: 20, compressed: 10}
architectures:
  amd64: {platform: linux/amd64, runner: a-machine, gate: full}
distributions:
  debian:
    suite: forky
    pull: debian:{suite}-slim
    assembly:
      exclude: []
      include: []
      omit_dependencies: []
      parts_of_libraries: {}
      busybox_omit: []
      module_requires: {}
"""
CORE = """\
summary: The ground
packages:
  debian:
    busybox: whole
    libc6: ["*", "!*/libnsl.so*"]
environment:
  LEVEL: "4"
listeners:
  - {port: 5060, protocol: udp, sip: true}
  - port: 5061
    protocol: tls
persist:
  - /etc/pbx
directories:
  - {path: /run/pbx, mode: "1777"}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/images.yaml").write_text(IMAGES)
    for name, text in (("core", CORE), ("extra", "summary: More\n")):
        (tmp_path / "runtime/pbx" / name).mkdir(parents=True)
        (tmp_path / "runtime/pbx" / name / "component.yaml").write_text(text)
    return tmp_path
