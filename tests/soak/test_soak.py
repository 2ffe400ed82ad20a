"""A household's PBX under load for as long as is wanted, while all that can go wrong does.

Calls, texts, SMS, voicemail, attacks and new certificates go on at the same time, each in a thread;
every service of the image is killed in turn. Whatever is found wrong is noted and the rest goes on,
so that one run finds several things. docs/proof.md says what is judged.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from factory.waiting import wait_for
from tests.report.evidence import Attachments
from tests.soak.attacks import Attacks
from tests.soak.blame import failures, never_again
from tests.soak.calls import Calls, LongCall
from tests.soak.course import KILL_EVERY, Course
from tests.soak.disturbances import Kills, Outages, Renewals
from tests.soak.journal import Act, Journal, Kill, Outage, Sent
from tests.soak.lab import SoakLab
from tests.soak.ledger import tally, violations
from tests.soak.messages import Messages
from tests.soak.samples import Sample, leaks, left
from tests.soak.summary import SoakResult, document, page
from tests.soak.texts import Texts
from tests.soak.worker import Activity, Worker, do_once
from tests.targets import Target

DRAIN_SECONDS = 90
REST_SECONDS = 60


class Soak:
    """One run.

    Args:
        lab: The PBX, and all that it talks to.
        course: How it is to go.
    """

    def __init__(self, lab: SoakLab, course: Course) -> None:
        self.lab = lab
        self.course = course
        self.journal = Journal()
        self.over = threading.Event()
        self.samples: list[Sample] = []
        self.texts = Texts(lab, self.journal, course.seed)
        self.messages = Messages(lab, self.journal)
        self.attacks = Attacks(lab, self.journal, self.texts.phones[0], course.seed)
        self.kills = Kills(lab, self.journal, course.seed)
        self.long_call = LongCall(lab, course.seed, self.over)
        outages = Outages(lab, self.journal, self.over)
        self.activities = [
            Activity("calls", Calls(lab, course.seed).do, (0.5, 2)),
            Activity("long calls", self.long_call.do, (0.5, 2)),
            Activity("texts", self.texts.write, (0.2, 1.2)),
            Activity("sms in", self.texts.bring, (0.2, 1.2), ()),
            Activity("voicemail", self.messages.leave, (1, 5)),
            Activity("attacks", self.attacks.attack, (4, 10), ("asterisk", "autoban")),
            Activity("owners", self.attacks.forget_password, (40, 60)),
            Activity("certificates", Renewals(lab).renew, (8, 20), ("asterisk", "certificates")),
            Activity("outages", outages.go_away, (45, 75), ()),
        ]

    def warm_up(self) -> Sample:
        """Does everything once; returns how the PBX is at rest then."""
        with ThreadPoolExecutor(len(self.activities)) as pool:
            done = list(pool.map(do_once, self.activities))
        assert not any(act.failure for act in done), [act.failure for act in done if act.failure]
        return self.rest(None)

    def load(self) -> None:
        """Does everything at the same time."""
        calm = threading.Event()
        workers = [self._worker(activity, self.over) for activity in self.activities]
        kills = Activity("kills", self.kills.kill, KILL_EVERY, ())
        sampling = Activity("samples", self._sample, (self.course.sample_every,) * 2, ())
        workers += [self._worker(kills, calm), self._worker(sampling, self.over)]
        begun = time.monotonic()
        for worker in workers:
            worker.start()
        try:
            self.over.wait(self.course.kills_until)
            wait_for(self.kills.all_killed, seconds=self.course.seconds, otherwise="not all killed")
            calm.set()
            self.over.wait(max(0, begun + self.course.seconds - time.monotonic()))
        finally:
            self.over.set()
            calm.set()
        for worker in workers:
            worker.join()

    def drain(self) -> None:
        """Waits until nothing is on its way any more."""
        self.lab.await_queues(DRAIN_SECONDS)

    def rest(self, before: Sample | None) -> Sample:
        """Returns how the PBX is at rest; waits a while until it is as before."""
        self.attacks.forgive()
        self.drain()
        sent = len(self.journal.of(Sent))

        def wrong() -> tuple[Sample, Sequence[str]]:
            sample = self.lab.sample()
            return sample, left(before or sample, sample, sent)

        try:
            return wait_for(wrong, lambda found: not found[1], seconds=REST_SECONDS, otherwise="")[
                0
            ]
        except TimeoutError:
            return wrong()[0]

    def result(self, before: Sample, after: Sample) -> SoakResult:
        """Judges."""
        acts, sent = self.journal.of(Act), self.journal.of(Sent)
        kills, outages = self.journal.of(Kill), self.journal.of(Outage)
        came = self.texts.arrivals() | self.messages.arrivals()
        told = self.texts.notices()
        found = [
            *failures(acts, kills),
            *never_again(kills, acts, max(act.ended for act in acts)),
            *violations(sent, came, told, kills, outages),
            *leaks(self.samples, self.course.warm),
            *left(before, after, len(sent)),
        ]
        figures = {
            "looks at long calls": self.long_call.looks,
            "attackers seen to be released": self.attacks.released,
            "outages of fixture services": len(outages),
        }
        return SoakResult(
            self.course,
            acts,
            kills,
            tally(sent, came, told),
            (before, after),
            self.samples,
            figures,
            found,
        )

    def _worker(self, activity: Activity, over: threading.Event) -> Worker:
        return Worker(activity, self.journal, self.lab.asterisk_runs, over, self.course.seed)

    def _sample(self) -> None:
        self.samples.append(self.lab.sample())


@pytest.fixture
def course(pytestconfig: pytest.Config) -> Course:
    return Course(
        60 * float(pytestconfig.getoption("--soak-minutes")),
        int(pytestconfig.getoption("--soak-seed")),
    )


@pytest.fixture
def lab(
    image: str,
    client: docker.DockerClient,
    targets: dict[str, Target],
    softphone: str,
    stack: ExitStack,
    tmp_path: Path,
    evidence: Attachments,
) -> SoakLab:
    if targets[image].container:
        pytest.skip("kills services of a container of its own")
    lab = SoakLab(client, targets[image].reference, softphone, tmp_path, stack)
    evidence.add("log", lambda folder: _keep(folder / "pbx.log", lab.pbx.logs()))
    return lab


@pytest.mark.soak
@pytest.mark.image("full", only=True)
def test_soak_leaks_nothing_and_loses_nothing(
    lab: SoakLab,
    course: Course,
    kept: Path,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("seed", course.seed)
    soak = Soak(lab, course)
    before = soak.warm_up()
    soak.load()
    result = soak.result(before, soak.rest(before))
    shown = page(result)
    print(shown)
    _keep(kept / "soak.txt", shown)
    _keep(kept / "soak.json", json.dumps(document(result)))
    assert not result.violations, shown


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)  # other tests, run meanwhile, remove it
    path.write_text(text, encoding="utf-8")
