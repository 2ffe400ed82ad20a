"""`pbx config diff` and `pbx config upgrade` in a container."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pbx import Pbx

from .conftest import Start
from .test_users import READ_ONLY, ask

pytestmark = pytest.mark.image("base")
once = pytest.mark.image("base", once=True)

CONF = "/etc/asterisk"
SAMPLES = "/tmp/samples"


def move_on(pbx: Pbx) -> None:
    """Lays out the samples of an image to come."""
    pbx.run(
        f"cp -R $DOCKER_SEED_CONF_DIR {SAMPLES} && cd {SAMPLES} &&"
        " sed -i 's/^rtpend.*/rtpend = 10149/' rtp.conf &&"
        " sed -i '1s/.*/; pjsip_endpoint.conf: better than before/' pjsip_endpoint.conf &&"
        " echo 'secret = @SECRET:fresh@' > fresh.conf && echo '; more' >> features.conf &&"
        " chmod -R go+rX ."
    )


def config(pbx: Pbx, arguments: str, user: str = "root") -> tuple[int, str, str]:
    return ask(pbx, f"DOCKER_SEED_CONF_DIR={SAMPLES} pbx config {arguments} < /dev/null", user)


def test_upgrade_shows_no_differences_after_the_first_start(pbx: Pbx) -> None:
    assert ask(pbx, "pbx config diff") == (0, "no differences\n", "")
    assert ask(pbx, "pbx config upgrade", "asterisk") == (0, "nothing to do\n", "")


def test_generated_secrets_are_readable_by_asterisk_alone(pbx: Pbx) -> None:
    assert pbx.run(f"stat -c '%U %a' {CONF}/.sample/.secrets") == "asterisk 640"
    password = re.search(r"password = (\S{24})", pbx.run(f"cat {CONF}/pjsip_endpoint.conf"))
    assert password
    assert f" {password[1]}\n" in pbx.run(f"cat {CONF}/.sample/.secrets") + "\n"


@once
def test_edits_are_shown_without_passwords(start: Start) -> None:
    pbx = start()
    pbx.run("pbx user add ann +12025550177")
    status, out, err = ask(pbx, "pbx config diff")
    assert (status, err) == (1, "")
    assert out.startswith("pjsip_endpoint.conf  changed by you\n")
    assert "+[ann](w_term:mydoe)\n" in out
    assert "+inbound_auth/password = (not shown)\n" in out
    assert not re.search(r"password = [\w-]{24}", out)


@pytest.mark.parametrize("user", ["root", "asterisk"])
def test_an_upgrade_keeps_users_and_passwords(start: Start, user: str) -> None:
    pbx = start(**READ_ONLY)
    pbx.run("pbx user add ann +12025550177")
    pbx.run(f"sed -i 's/^rtpstart.*/rtpstart = 10001/' {CONF}/rtp.conf")
    pbx.run(f"rm {CONF}/features.conf")
    before = pbx.run(f"cat {CONF}/pjsip_endpoint.conf")
    move_on(pbx)
    status, out, err = config(pbx, "diff --brief", user)
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "features.conf        removed by you",
        "fresh.conf           new in the image",
        "pjsip_endpoint.conf  changed by you and in the image, in different lines",
        "rtp.conf             changed by you and in the image, in the same lines",
    ]
    assert config(pbx, "upgrade", user)[0] == 1
    assert pbx.run(f"cat {CONF}/pjsip_endpoint.conf") == before
    status, out, err = config(pbx, "upgrade --yes", user)
    assert (status, err) == (1, "")
    assert "the files as they were are in /etc/asterisk/.before-upgrade-1\n" in out
    first, _, rest = pbx.run(f"cat {CONF}/pjsip_endpoint.conf").partition("\n")
    assert first == "; pjsip_endpoint.conf: better than before"
    assert rest == before.partition("\n")[2]
    assert "rtpstart = 10001" in pbx.run(f"cat {CONF}/rtp.conf")
    assert re.fullmatch(r"secret = [\w-]{24}", pbx.run(f"cat {CONF}/fresh.conf"))
    assert pbx.run(f"test -e {CONF}/features.conf || echo gone") == "gone"
    listing = pbx.run(f"find {CONF}/ -exec stat -c '%U %A %n' {{}} +").splitlines()
    assert [line for line in listing if not re.match("asterisk .*--- ", line)] == []
    assert config(pbx, "upgrade --yes --keep rtp.conf", user)[0] == 0
    assert config(pbx, "upgrade", user)[:2] == (0, "nothing to do\n")
    assert "ann" in pbx.asterisk("pjsip show endpoint ann")


@once
def test_an_upgraded_configuration_starts_again(start: Start, folder: Path) -> None:
    mounted = {"volumes": {str(folder): {"bind": "/srv", "mode": "rw"}}}
    first = start(**mounted)
    move_on(first)
    assert config(first, "upgrade --yes")[0] == 0
    secrets = first.run(f"grep -h password {CONF}/pjsip_endpoint.conf")
    first.container.stop()
    second = start(**mounted)
    assert second.run(f"grep -h password {CONF}/pjsip_endpoint.conf") == secrets
    assert second.run(f"grep rtpend {CONF}/rtp.conf") == "rtpend = 10149"


@once
def test_a_configuration_from_elsewhere_is_compared_and_left_alone(
    start: Start, folder: Path
) -> None:
    conf = folder / "etc/asterisk"
    conf.mkdir(parents=True)
    (conf / "rtp.conf").write_text("[general]\nrtpstart = 20000\nrtpend = 20099\n")
    pbx = start(wait=False, volumes={str(folder): {"bind": "/srv", "mode": "rw"}}).await_boot()
    status, out, err = ask(pbx, "pbx config diff rtp.conf")
    assert status == 1
    assert out.startswith("rtp.conf  different from this image's\n")
    assert "+rtpstart = 20000\n" in out
    assert err.startswith("pbx: the samples that this configuration started from are not known")
    status, out, err = ask(pbx, "pbx config upgrade --yes")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert [path.name for path in conf.iterdir()] == ["rtp.conf"]


@once
def test_upgrade_asks_on_a_terminal(start: Start) -> None:
    pbx = start()
    move_on(pbx)
    command = f"yes n | DOCKER_SEED_CONF_DIR={SAMPLES} pbx config upgrade"
    assert "nothing has changed; type" in ask(pbx, command)[1]
    coloured = pbx.container.exec_run(
        ["sh", "-c", f"DOCKER_SEED_CONF_DIR={SAMPLES} pbx config diff"], tty=True
    )
    assert b"\x1b[36mchanged in the image\x1b[0m" in coloured.output
