"""Tests of one group run in one process, as those that share a laboratory have to."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def test_a_group_stays_together(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.xdist_group("lab")
        @pytest.mark.parametrize("n", range(8))
        def test_one_of_them(n, record_property):
            record_property("worker", os.environ["PYTEST_XDIST_WORKER"])
        """
    )
    pytester.runpytest_subprocess(
        "-n2", "--dist=loadgroup", "--junitxml=j.xml", "-p", "no:cacheprovider"
    )
    text = (pytester.path / "j.xml").read_text()
    assert text.count('name="worker"') == 8
    assert len({worker for worker in ("gw0", "gw1") if f'value="{worker}"' in text}) == 1
