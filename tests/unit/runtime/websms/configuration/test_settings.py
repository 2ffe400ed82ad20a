"""Settings that hold secrets."""

from __future__ import annotations

from pbx.websms.configuration.reader import read_settings


def test_settings_do_not_show_secrets() -> None:
    text = "[websms]\nauth_secret = s3cr3t\n[websmsd]\nverify_secret = s3cr3t"
    assert "s3cr3t" not in repr(read_settings(text, {}))
