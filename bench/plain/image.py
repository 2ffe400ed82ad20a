"""The plain Asterisk's image."""

from pathlib import Path

from bench.bench import BenchSetting
from factory.build.fixture_image import FixtureImage, ensure_fixture_image

IMAGE = FixtureImage(
    "plain", "asterisk-plain", Path(__file__).parent, ("pjsip.conf", "extensions.conf")
)


def ensure_plain(setting: BenchSetting) -> str:
    """Return its name in the engine, built now if it was not there.

    Raises:
        BuildError: a step of the build failed.
    """
    console = setting.console
    with console.activity("build the plain Asterisk"):
        return ensure_fixture_image(
            setting.engine, IMAGE, setting.base, mirror="", on_line=console.line
        )
