"""Who runs, as whom, and what listens."""

import pytest

from tests.pbx import Pbx


def status(pbx: Pbx, program: str) -> dict[str, str]:
    lines = pbx.run(f"cat /proc/{pbx.pid(program)}/status").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_asterisk_is_not_root_and_holds_no_capability(pbx: Pbx) -> None:
    fields = status(pbx, "asterisk")
    assert set(fields["Uid"].split()) == {"200"}
    assert set(fields["Gid"].split()) == {"200"}
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_user_asterisk_is_the_same_in_every_image(pbx: Pbx) -> None:
    user = pbx.host.user("asterisk")
    assert (user.uid, user.gid, user.home) == (200, 200, "/var/lib/asterisk")


def test_tini_is_the_first_process(pbx: Pbx) -> None:
    assert pbx.run("cat /proc/1/comm") == "tini"


def test_sip_is_served_over_udp_and_tcp(pbx: Pbx) -> None:
    listening = pbx.run("netstat -lntu 2>/dev/null | awk '{print $1, $4}'").splitlines()
    assert "udp 0.0.0.0:5060" in listening
    assert "tcp 0.0.0.0:5060" in listening


def test_the_manager_interface_is_for_the_container_alone(pbx: Pbx) -> None:
    listening = pbx.run("netstat -lnt 2>/dev/null | awk '{print $4}'").splitlines()
    assert [address for address in listening if address.endswith(":5038")] == ["127.0.0.1:5038"]


@pytest.mark.image("base")
def test_sip_is_served_over_tls(pbx: Pbx) -> None:
    assert "0.0.0.0:5061" in pbx.run("netstat -lnt 2>/dev/null")
    answer = pbx.run("openssl s_client -connect 127.0.0.1:5061 </dev/null 2>/dev/null")
    assert "TLSv1.3" in answer


@pytest.mark.image("base")
@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_old_versions_of_tls_are_refused(pbx: Pbx, version: str) -> None:
    command = f"openssl s_client -{version} -cipher DEFAULT@SECLEVEL=0 -connect 127.0.0.1:5061"
    assert "Cipher is (NONE)" in pbx.run(f"{command} </dev/null 2>/dev/null || true")


def test_every_module_that_is_loaded_runs(pbx: Pbx) -> None:
    lines = pbx.asterisk("module show").splitlines()
    modules = [line for line in lines if ".so" in line]
    assert len(modules) > 150
    assert [line for line in modules if "Not Running" in line or "Running" not in line] == []


def test_sample_users_are_there(pbx: Pbx) -> None:
    endpoints = pbx.asterisk("pjsip show endpoints")
    assert "john.doe" in endpoints
    assert "jane.doe" in endpoints
