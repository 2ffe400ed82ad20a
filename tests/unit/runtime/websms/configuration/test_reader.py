"""The settings of websms.conf."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pbx.core.ini import IniError
from pbx.websms.configuration.reader import read_settings
from pbx.websms.configuration.settings import Interface, ReceiveSettings, SendSettings, SmsSettings

ROOT = Path(__file__).parents[5] / "runtime/pbx/websms"
UPSTREAM = """;
; websms.conf
;
[websms]
url_host     [api-1] = api.example1.com
url_path             = /sms/send/
auth_user    [api-1] = user1
auth_secret  [api-1] = secret1

url_host     [api-2] = "https://api.example2.com" ; a comment
auth_user    [api-2] = user2
auth_secret  [api-2] = 'sec;ret2'
resp_check[api-2]    = "status=success"
val_numform          = "E164"
val_static   [api-1] = "a=1, b=2"

[websmsd]
remt_addr    [] = 192.0.2.5/24
url_path     [] = /incoming1
remt_addr    [] = 198.51.100.8,198.51.100.9
url_path     [] = /incoming2,/incoming3
key_body     [1] = text
resp_ack        = "<Response></Response>"
prox_addr       = 10.0.0.0/8
prox_header     = HTTP_X_FORWARDED_FOR

[astqueue]
outgoingdir     = /var/spool/asterisk/outgoing
stagingdir      = /var/spool/asterisk/staging
waittime        = 45      ;how many seconds
maxretries      = 0
retrytime       = 300
archive         = "no"
channel_context = dp_entry_channel_open
context         = dp_entry_trunk_texting
priority        = 1
message_encode  = rfc3986
"""
names = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


def send(settings: SmsSettings, name: str) -> SendSettings:
    found = next(x.send for x in settings.interfaces if x.name == name)
    assert found
    return found


def receive(settings: SmsSettings, name: str) -> ReceiveSettings:
    found = next(x.receive for x in settings.interfaces if x.name == name)
    assert found
    return found


def test_read_settings_of_earlier_versions() -> None:
    settings = read_settings(UPSTREAM, {})
    assert [x.name for x in settings.interfaces] == ["api-1", "api-2", "0", "1"]
    one, two = send(settings, "api-1"), send(settings, "api-2")
    assert (one.url_host, one.url_path) == ("https://api.example1.com", "/sms/send/")
    assert (two.url_host, two.url_path) == ("https://api.example2.com", "/sms/send/")
    assert (one.auth_user, two.auth_secret) == ("user1", "sec;ret2")
    assert (one.resp_check, two.resp_check) == (None, ("status", "success"))
    assert one.val_numform == two.val_numform == "E164"
    assert (one.val_static, two.val_static) == ((("a", "1"), ("b", "2")), ())
    first, second = receive(settings, "0"), receive(settings, "1")
    assert first.remt_addr == (ipaddress.ip_network("192.0.2.0/24"),)
    assert [str(x) for x in second.remt_addr] == ["198.51.100.8/32", "198.51.100.9/32"]
    assert (first.url_path, second.url_path) == (("/incoming1",), ("/incoming2", "/incoming3"))
    assert (first.key_body, second.key_body) == ("Body", "text")
    assert first.resp_ack == second.resp_ack == "<Response></Response>"
    assert settings.proxies.prox_header == "x-forwarded-for"
    assert settings.proxies.prox_addr == (ipaddress.ip_network("10.0.0.0/8"),)
    queue = settings.queue
    assert (queue.waittime, queue.retrytime, queue.priority, queue.archive) == (45, 300, 1, False)
    assert (queue.channel_context, queue.context, queue.expire) == (
        "dp_entry_channel_open",
        "dp_entry_trunk_texting",
        7 * 86400,
    )


def test_read_settings_of_the_sample_and_each_default_in_it() -> None:
    sample = (ROOT / "config/websms.conf").read_text()
    settings = read_settings(sample, {})
    assert receive(settings, "").verify == "basic"
    assert settings.queue.context == "dp_entry_text_in"
    # What stands there as a default is the default.
    shown = read_settings(
        "\n".join(
            line.removeprefix(";") if "=" in line.partition(" ")[2][:3] else line
            for line in sample.splitlines()
            if not line.startswith((";profile", ";   "))
        ),
        {},
    )
    assert shown == settings


def test_read_settings_without_index_is_one_interface() -> None:
    settings = read_settings("[websms]\nkey_to = to\n[websmsd]\nkey_from = from", {})
    assert settings.interfaces == (
        Interface("", SendSettings(key_to="to"), ReceiveSettings(key_from="from")),
    )
    assert read_settings("", {}).interfaces == (Interface("", SendSettings(), ReceiveSettings()),)


def test_read_settings_index_of_one_section_is_not_in_the_other() -> None:
    settings = read_settings("[websms]\nauth_user [a] = me\n[websmsd]\nkey_to = to", {})
    one, plain = settings.interfaces
    assert (one.name, one.receive, plain.name, plain.send) == ("a", None, "", None)


@given(
    st.dictionaries(names, st.tuples(words, words), min_size=1, max_size=5),
    st.one_of(st.none(), words),
    st.booleans(),
)
def test_read_settings_indexed_key_overrides_plain_which_overrides_default(
    values: dict[str, tuple[str, str]], plain: str | None, plain_is_last: bool
) -> None:
    def line(key: str, value: str) -> str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{key} = "{escaped}"'

    lines = [line(f"auth_user [{name}]", user) for name, (user, _) in values.items()]
    with_secret = dict(list(values.items())[::2])
    lines += [line(f"auth_secret[{name}]", secret) for name, (_, secret) in with_secret.items()]
    if plain is not None:
        lines.insert(len(lines) if plain_is_last else 0, line("auth_secret", plain))
    settings = read_settings("\n".join(["[websms]", *lines]), {})
    for name, (user, secret) in values.items():
        wanted = secret if name in with_secret else plain or ""
        assert (send(settings, name).auth_user, send(settings, name).auth_secret) == (user, wanted)


@given(st.lists(st.sampled_from(["", "  ", "\t"]), min_size=1, max_size=6), words)
def test_read_settings_empty_brackets_count_from_zero(blanks: list[str], value: str) -> None:
    quoted = value.replace("'", "")
    text = "[websmsd]\n" + "\n".join(f"key_to{blank}[{blank}]='{quoted}x'" for blank in blanks)
    settings = read_settings(text, {})
    assert [x.name for x in settings.interfaces if x.receive] == [
        str(number) for number in range(len(blanks))
    ]


@given(st.lists(st.sampled_from(["", "  ", "; a comment", "# a comment"]), min_size=50))
def test_read_settings_ignores_empty_lines_and_comments(noise: list[str]) -> None:
    lines = UPSTREAM.splitlines()
    mixed = [x for pair in zip(noise, lines, strict=False) for x in pair] + lines[len(noise) :]
    assert read_settings("\n".join(mixed), {}) == read_settings(UPSTREAM, {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[websmd]\nkey_to = a", "line 2: key_to: there is no section [websmd]; there are"),
        ("[websms]\nkeyto = a", "line 2: keyto: there is no such key in [websms]; is it key_to?"),
        ("[websms]\nkey_to = ''", "line 2: key_to: give the name of a field"),
        ("[websms]\nauth_method = magic", "line 2: auth_method: give one of none, plain, basic"),
        ("[websms]\nauth_method = plain", "line 2: auth_method: [websms] plain needs key_user"),
        ("[websms]\nresp_check = success", "line 2: resp_check: give key=value"),
        ("[websms]\nval_numform = E.164", "line 2: val_numform: give E164"),
        ("[websms]\nurl_host = ftp://x", "line 2: url_host: give https:// and the host"),
        ("[websms]\nprofile = none", "line 2: profile: there is no profile 'none'; there are none"),
        (
            "[websmsd]\nremt_addr = 192.0.2.0/33",
            "line 2: remt_addr: '192.0.2.0/33' is not an address",
        ),
        ("[websmsd]\nurl_path = hook", "line 2: url_path: paths begin with /"),
        ("[websmsd]\nverify [x] = twilio", "line 2: verify: [websmsd] (interface x) twilio needs"),
        ("[websmsd]\nverify = basic\nverify_secret = x", "line 2: verify: [websmsd] basic needs"),
        (
            "[websmsd]\nprox_addr [x] = 10.0.0.0/8",
            "line 2: prox_addr: this key is for all interfaces",
        ),
        ("[websmsd]\nprox_header = a b", "line 2: prox_header: give the name of a header"),
        ("[astqueue]\nwaittime [x] = 3", "line 2: waittime: this key is for all interfaces"),
        ("[astqueue]\nwaittime = soon", "line 2: waittime: give a number from 1 to 3600"),
        ("[astqueue]\nexpire = 7x", "line 2: expire: give seconds, or a time such as 1d2h3m4s"),
        ("[astqueue]\ncontext = a,s,1)", "line 2: context: the name of a context has only letters"),
        ("[astqueue]\narchive = maybe", "line 2: archive: give yes or no"),
    ],
)
def test_read_settings_refusal_has_line_and_reason(text: str, reason: str) -> None:
    with pytest.raises(IniError) as caught:
        read_settings(text, {})
    assert str(caught.value).startswith(f"websms.conf, {reason}")


PROFILES = {
    "acme": {
        "websms": {"key_to": "to", "key_from": "from", "auth_method": "bearer"},
        "websmsd": {"key_id": "data.id", "key_to": "data.to"},
    },
    "broken": {"websms": {"no_such_key": "x"}},
}


def test_read_settings_profile_overrides_defaults_only() -> None:
    text = """
[websms]
profile [one] = acme
auth_secret   = token
key_from      = sender
key_body[two] = text
[websmsd]
profile       = acme
key_to        = to
"""
    settings = read_settings(text, PROFILES)
    one, two = send(settings, "one"), send(settings, "two")
    assert (one.key_to, one.key_from, one.auth_method) == ("to", "sender", "bearer")
    assert (two.key_to, two.key_from, two.key_body) == ("To", "sender", "text")
    assert (receive(settings, "").key_id, receive(settings, "").key_to) == ("data.id", "to")


def test_read_settings_errors_of_a_profile_have_its_line() -> None:
    with pytest.raises(IniError, match=r"line 2: auth_method: \[websms\] bearer needs auth_s"):
        read_settings("[websms]\nprofile = acme", PROFILES)
    with pytest.raises(
        IniError, match="line 2: profile: broken: the key no_such_key is not allowed"
    ):
        read_settings("[websms]\nprofile = broken", PROFILES)
