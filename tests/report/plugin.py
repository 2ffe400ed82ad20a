"""Plugin of pytest: keeps the evidence of failed tests and writes one page about the run.

A fixture says what to keep of a test if it fails:

    @pytest.fixture
    def phone(evidence: Attachments) -> Iterator[Phone]:
        with Phone() as phone:
            evidence.add("phone", lambda folder: phone.save_log(folder / "phone.log"))
            yield phone

What lives longer than a test is registered by the fixture that hands it to the test, or in
`run_evidence` for as long as it lives. Numbers for the page come from pytest's own fixture:
`record_property("first_audio_ms", 182.5)`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from factory.errors import CatalogError
from factory.plan.load import load_catalog
from tests.report import page
from tests.report.evidence import FAILED, KEPT, Attachments, folder_name, keep, prepare_folder
from tests.report.results import Report, Run, failure_text, result_of

_EVIDENCE = pytest.StashKey[Attachments]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--report=DIR`."""
    parser.addoption(
        "--report",
        dest="report_folder",
        metavar="DIR",
        default="build/report",
        help="folder for report.html and the evidence of failed tests (default: build/report)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The process that the others report to writes the page; only it is no worker of xdist."""
    config.stash[_EVIDENCE] = Attachments()
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        config.pluginmanager.register(_Recorder(config), "report-recorder")


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Attachments:
    """Where the fixtures of one test register what to keep if it fails."""
    evidence = Attachments()  # of this attempt: what an earlier one registered is gone
    request.node.stash[_EVIDENCE] = evidence
    return evidence


@pytest.fixture(scope="session")
def run_evidence(pytestconfig: pytest.Config) -> Attachments:
    """The same for what lives longer: kept of every test that fails until taken back."""
    return pytestconfig.stash[_EVIDENCE]


@pytest.fixture(scope="session")
def kept(pytestconfig: pytest.Config) -> Path:
    """A folder beside the page, for what is worth keeping of a test that passed, too."""
    folder = _folder(pytestconfig) / KEPT
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_itemcollected(item: pytest.Item) -> None:
    """Notes the image of a test, for the page and for JUnit's XML."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    # Unit tests have parameters of this name too; they run on no image.
    if "image" in parameters and not item.nodeid.startswith("tests/unit/"):
        item.user_properties.append(("image", str(parameters["image"])))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keeps the evidence of a failure, while the fixtures still live."""
    report = yield
    if report.failed and report.when in ("setup", "call"):
        name = f"{FAILED}/{folder_name(item.nodeid)}"
        folder = _folder(item.config) / name
        sources = [item.stash.get(_EVIDENCE, Attachments()), item.config.stash[_EVIDENCE]]
        try:
            keep(folder, failure_text(report), sources)
        except OSError as error:  # such as a full disk: the failure itself matters more
            report.sections.append(("Evidence", f"not kept: {error}"))
        else:
            item.user_properties.append(("evidence", name))
            report.sections.append(("Evidence", str(folder)))
    return report


class _Recorder:
    """Follows a run and writes the page at its end."""

    def __init__(self, config: pytest.Config) -> None:
        self._folder = _folder(config)
        self._run = Run()
        self._reports: dict[str, list[Report]] = {}
        self._order: list[str] = []
        self._clock = time.monotonic()
        self._page: Path | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Tests do start: what an earlier run left is of no use from now on."""
        try:
            prepare_folder(self._folder)
        except OSError as error:
            raise pytest.UsageError(f"--report: {error}") from error
        self._page = self._folder / "report.html"

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Notes the order of the tests, which several processes do not keep."""
        self._order = ids

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._reports.setdefault(nodeid, [])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.setdefault(report.nodeid, []).append(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._reports.setdefault(report.nodeid, []).append(report)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self._run.stopped = str(excinfo.value) or "interrupted"

    def pytest_internalerror(self, excrepr: object) -> None:
        self._run.stopped = f"error inside pytest: {excrepr}"

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Writes the page, if any test could start."""
        if self._page is None:
            return
        early = session.shouldfail or session.shouldstop
        self._run.stopped = self._run.stopped or (str(early) if early else "")
        self._run.seconds = time.monotonic() - self._clock
        place = {node: number for number, node in enumerate(self._order)}
        nodes = sorted(self._reports, key=lambda node: place.get(node, -1))
        self._run.results = [result_of(node, self._reports[node]) for node in nodes]
        html = page.render(self._run, _images(session.config.rootpath), self._folder)
        self._page.write_text(html, encoding="utf-8", errors="replace")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Says below everything else where the page is."""
        yield
        if self._page is not None:
            terminalreporter.write_line(f"report: {os.path.relpath(self._page)}")


def _folder(config: pytest.Config) -> Path:
    return config.rootpath / str(config.getoption("report_folder"))


def _images(root: Path) -> list[str]:
    try:
        return list(load_catalog(root).images)
    except CatalogError:  # the page says in other places what is wrong with the catalog
        return []
