"""Does something again and again, in a thread of its own, and notes what became of it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.soak.journal import Act, Journal


@dataclass(frozen=True)
class Activity:
    """Something that is done again and again.

    Attributes:
        what: Its name in the journal.
        do: Does it once; raises if it fails.
        pause: Fewest and most seconds in between.
        excuses: Services of which a kill excuses a failure.
    """

    what: str
    do: Callable[[], None]
    pause: tuple[float, float]
    excuses: tuple[str, ...] = ("asterisk",)


class Worker(threading.Thread):
    """Does something until it is over.

    Args:
        activity: What.
        journal: Where it is noted.
        ready: Set while there is any sense in it.
        over: Set when it is to end.
        seed: Of the pauses.
    """

    def __init__(
        self,
        activity: Activity,
        journal: Journal,
        ready: threading.Event,
        over: threading.Event,
        seed: int,
    ) -> None:
        super().__init__(name=activity.what, daemon=True)
        self._activity = activity
        self._journal = journal
        self._ready = ready
        self._over = over
        self._random = random.Random(f"{seed} {activity.what}")  # noqa: S311 # a course, no secret

    def run(self) -> None:
        while not self._over.wait(self._random.uniform(*self._activity.pause)):
            self._ready.wait()
            self._journal.note(do_once(self._activity))


def do_once(activity: Activity) -> Act:
    """Does something once; whatever goes wrong is noted, not raised: the others go on."""
    begun = time.time()
    failure = ""
    try:
        activity.do()
    except Exception as error:  # noqa: BLE001 - noted
        failure = f"{type(error).__name__}: {error}"
    return Act(activity.what, begun, time.time(), failure, activity.excuses)
