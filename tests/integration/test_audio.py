"""Audio of the console: calls between it and a phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from factory.waiting import wait_for
from fixtures.pulse import PulseServer, running_pulse_server, shared_folder
from fixtures.softphone import Phone, tones
from tests.pbx import LABELS, Pbx
from tests.report.evidence import Attachments

from .lab import Visit
from .test_configurations import JOHN

pytestmark = pytest.mark.image("full")
once = pytest.mark.image("full", once=True)

RING_SECONDS = 20

HARMLESS = ("Don't know how to display condition", "Exceptionally long voice queue")
"""What the console says of what it does not show, and of a machine that is too busy."""
NOISE = ("jack", "Cannot connect to server", "underrun occurred")
"""What the sound library says of things that we do not have; on the container's output."""


@pytest.fixture
def host(
    lab: Visit,
    client: docker.DockerClient,
    pulse: str,
    evidence: Attachments,
    stack: ExitStack,
) -> PulseServer:
    """A host with a sound server."""
    if lab.lab.target.container:
        pytest.skip("starts containers of its own, of an image")
    volume = stack.enter_context(shared_folder(client, labels=LABELS))
    server = stack.enter_context(running_pulse_server(client, volume, labels=LABELS, image=pulse))

    def keep(folder: Path) -> None:
        from tests.report.spectrogram import write_spectrogram  # noqa: PLC0415 # slow to import

        (folder / "pulse.log").write_text(server.log())
        server.save_recording(folder / "speaker.wav")
        title = f"what the loudspeaker was given; the microphone's tone is {server.tone} Hz"
        write_spectrogram(folder / "speaker.wav", folder / "speaker.png", title)

    evidence.add("sound server", keep)
    return server


@pytest.fixture
def pbx(lab: Visit, host: PulseServer) -> Iterator[Pbx]:
    """A PBX of which the host shares its sound server."""
    pbx = lab.another_pbx("household", volumes={host.volume: {"bind": "/run/pulse"}})
    pbx.asterisk(f"dialplan set global DIAL_TIMEOUT {RING_SECONDS}")  # there it is 2
    yield pbx
    warnings = [x for x in pbx.logs().splitlines() if "WARNING[" in x or "ERROR[" in x]
    assert [x for x in warnings if not any(known in x for known in HARMLESS)] == []


@pytest.fixture
def john(lab: Visit, pbx: Pbx) -> Phone:
    """A phone."""
    phone = lab.phones.phone("john")
    phone.register(JOHN, pbx.address())
    return phone


def switch(pbx: Pbx, wanted: str) -> None:
    assert f"audio is {wanted}" in pbx.run(f"pbx audio {wanted} 2>&1 || true")


def hang_up(pbx: Pbx) -> None:
    pbx.asterisk("console hangup")
    wait_for(
        lambda: pbx.asterisk("core show channels concise"),
        lambda text: "Console/" not in text,
        seconds=15,
        otherwise="the call does not end",
    )


def assert_loudspeaker_plays(host: PulseServer, phone: Phone) -> None:
    """What the phone says, and nothing of what the microphone picks up."""
    host.listen()
    heard = host.hears(phone.tone, 20)
    assert heard, heard.reason


@once
def test_the_console_hears_whom_it_calls(pbx: Pbx, host: PulseServer, john: Phone) -> None:
    host.speak(tones.draw())
    switch(pbx, "on")
    pbx.asterisk(f"console dial {JOHN.number}")
    john.answer()
    assert_loudspeaker_plays(host, john)
    call = john.current
    hang_up(pbx)
    call.ended()
    wait_for(lambda: not host.clients(), seconds=5, otherwise="the sound devices stay open")


def test_console_and_phone_hear_each_other(pbx: Pbx, host: PulseServer, john: Phone) -> None:
    host.speak(tones.draw())
    switch(pbx, "on")
    pbx.asterisk(f"console dial {JOHN.number}")
    john.answer()
    assert_loudspeaker_plays(host, john)
    heard = john.hears(host.tone, 10)
    assert heard, heard.reason
    assert_loudspeaker_plays(host, john)


def test_a_phone_calls_the_console(pbx: Pbx, host: PulseServer, john: Phone) -> None:
    host.speak(tones.draw())
    switch(pbx, "on")
    call = john.call("0")
    wait_for(
        lambda: pbx.asterisk("core show channels concise"),
        lambda text: "Console/default!" in text,
        seconds=5,
        otherwise="the console does not ring",
    )
    pbx.asterisk("console answer")
    call.answered()
    assert_loudspeaker_plays(host, john)
    switch(pbx, "off")  # which ends the call first
    call.ended()


def test_the_menu_is_a_check_of_sound(pbx: Pbx, host: PulseServer) -> None:
    host.speak(tones.draw([1004]))
    switch(pbx, "on")
    pbx.asterisk("console dial 7")
    host.listen()
    wait_for(
        lambda: sum(tones.presence(host.recording()[-tones.RATE :], 1004)),
        lambda windows: windows > 15,
        seconds=10,
        otherwise="no test tone",
    )
    assert not any(tones.presence(host.recording(), host.tone))
    pbx.asterisk("console dial 6")  # in a call: a key
    echo, host.tone = host.tone, 0
    heard = host.hears(echo, 40)  # after its explanation
    assert heard, heard.reason


@once
def test_audio_goes_on_and_off_again(pbx: Pbx, host: PulseServer, john: Phone) -> None:
    for _ in range(3):
        switch(pbx, "on")
        switch(pbx, "on")  # as it is
        pbx.asterisk(f"console dial {JOHN.number}")
        john.answer()
        assert_loudspeaker_plays(host, john)
        pid, call = pbx.pid("asterisk"), john.current
        switch(pbx, "off")
        switch(pbx, "off")
        assert pbx.pid("asterisk") == pid
        call.ended()


@once
def test_the_sound_server_may_come_later(
    lab: Visit, client: docker.DockerClient, pulse: str, stack: ExitStack
) -> None:
    if lab.lab.target.container:
        pytest.skip("starts containers of its own, of an image")
    volume = stack.enter_context(shared_folder(client, labels=LABELS))
    pbx = lab.another_pbx(
        "household",
        volumes={volume: {"bind": "/run/pulse"}},
        environment={"SYSLOG_LEVEL": "8"},
    )
    assert "sound" not in pbx.run("ps -eo args").lower()
    assert not any(word in pbx.logs().lower() for word in ("alsa", "pulse", "chan_console"))
    said = pbx.run("pbx audio on 2>&1; echo status $?").splitlines()
    assert said[0].startswith("pbx: /run/pulse/socket: No such file or directory")
    assert said[1:] == ["status 1"]

    server = stack.enter_context(running_pulse_server(client, volume, labels=LABELS, image=pulse))
    pbx.asterisk(f"dialplan set global DIAL_TIMEOUT {RING_SECONDS}")
    phone = lab.phones.phone("john")
    phone.register(JOHN, pbx.address())
    switch(pbx, "on")
    pbx.asterisk(f"console dial {JOHN.number}")
    phone.answer()
    assert_loudspeaker_plays(server, phone)
    call = phone.current
    switch(pbx, "off")
    call.ended()


@once
def test_the_cookie_is_readable_for_asterisk_alone(pbx: Pbx) -> None:
    cookie = "/run/pulse/cookie"
    assert pbx.run(f"stat -c '%a %u %g' {cookie}") == "600 1000 1000"
    switch(pbx, "on")
    assert pbx.run(f"stat -c '%a %u %g' {cookie}") == "640 1000 200"


@once
def test_wrong_cookie_is_reported(pbx: Pbx) -> None:
    pbx.run("head -c 256 /dev/urandom > /run/pulse/cookie")
    said = pbx.run("pbx audio on 2>&1; echo status $?")
    assert "lets nobody in" in said
    assert "status 1" in said
    assert pbx.run("pbx audio || true") == "audio is off"


@once
def test_console_needs_its_module_only(pbx: Pbx, host: PulseServer, john: Phone) -> None:
    pbx.run("chmod 644 /run/pulse/cookie")
    assert "Loaded" in pbx.asterisk("module load chan_alsa.so")  # as the upstream image wants it
    pbx.asterisk(f"console dial {JOHN.number}@dp_entry_call_inout")
    john.answer()
    assert_loudspeaker_plays(host, john)
    call = john.current
    hang_up(pbx)
    call.ended()
    assert "Unloaded" in pbx.asterisk("module unload chan_console.so")
    noise = [x for x in pbx.logs().splitlines() if "ALSA" in x or "pulse" in x.lower()]
    assert [x for x in noise if not any(known in x for known in NOISE)] == []
