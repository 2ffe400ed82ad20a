"""Commands for docker in documents act on nothing but what belongs to the test."""

from __future__ import annotations

import pytest

from tests.docs.docker_words import UnknownWordError, World, moved

WORLD = World(
    prefix="t-",
    images={"mlan/asterisk": "candidate"},
    network="net",
    subnet="198.18.7.0/28",
    labels={"owner": "test"},
    folders={"/srv/acme": "/tmp/acme"},
    options=["--env", "A=1"],
)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "run -d --name pbx mlan/asterisk",
            "run -d --name t-pbx --network net --label owner=test --env A=1 candidate",
        ),
        (
            "run --rm -v pbx:/srv -v /srv/acme:/acme:ro mlan/asterisk asterisk -V",
            """run --rm --mount type=volume,source=t-pbx,target=/srv,volume-label=owner=test
            --mount type=bind,source=/tmp/acme,target=/acme,readonly
            --network net --label owner=test --env A=1 candidate asterisk -V""",
        ),
        (
            "run -p 5060:5060/udp -p 10000-10099:10000-10099/udp --network own … mlan/asterisk",
            """run --publish 127.0.0.1::5060/udp --publish 127.0.0.1::10000-10001/udp
            --network t-own --label owner=test --env A=1 candidate""",
        ),
        ("exec -it pbx pbx health", "exec -i t-pbx pbx health"),
        ("cp a.crt pbx:/srv/a", "cp a.crt t-pbx:/srv/a"),
        ("restart pbx try", "restart t-pbx t-try"),
        (
            "network create phones",
            "network create --subnet 198.18.7.0/28 --label owner=test t-phones",
        ),
    ],
)
def test_docker_command_is_moved(words: str, expected: str) -> None:
    assert moved(words.split(), WORLD) == expected.split()


@pytest.mark.parametrize(
    "words",
    [
        "network rm x",
        "run --network host mlan/asterisk",
        "run --privileged mlan/asterisk",
        "run -v /etc:/etc mlan/asterisk",
        "run debian",
        "system prune",
    ],
)
def test_docker_command_that_could_touch_others_is_refused(words: str) -> None:
    with pytest.raises(UnknownWordError):
        moved(words.split(), WORLD)
