"""Measures an image beside peers in the same run, and compares with earlier runs.

usage: .venv/bin/python -m bench [--only NAMES] [--quick] [--check] [--list] [IMAGE]

Prints one table. Leaves a file of results in build/bench, named by time and commit, and pictures in
a folder of that name. Exit status: 0 measured; 1 something could not be measured, or with --check
something got worse or missed its goal; 2 the command line makes no sense; 130 interrupted.
"""

from __future__ import annotations

import argparse
import datetime
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from docker.errors import DockerException

from bench.bench import ROOT, Bench, BenchSetting
from bench.benches import BENCHES
from bench.drawing import draw_history, draw_ratios
from bench.figure import BenchResult
from bench.history import load_history, save
from bench.machine import this_machine
from bench.record import Record, comparable, series
from bench.table import missed, regressions, table
from factory.build.builder import base_of
from factory.build.checkout import Checkout
from factory.build.engine import Engine
from factory.build.session import Session
from factory.console import Console
from factory.errors import FactoryError
from factory.plan.load import load_catalog
from factory.plan.recipe import Recipe
from fixtures.sipp import SippError

FOLDER = ROOT / "build" / "bench"
FAILURES = (TimeoutError, SippError, RuntimeError, DockerException)
"""What the benches' own parts raise if something cannot be measured."""


def main() -> int:
    """Run the command line; return the exit status."""
    options = parse_arguments(sys.argv[1:])
    if options.list:
        for bench in BENCHES.values():
            print(f"{bench.name:14} {bench.summary}; beside {bench.peer}")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Console(FOLDER / "bench.log") as console:
        try:
            return _run(options, console)
        except FactoryError as error:
            console.error(error.cause, error.hint)
        except KeyboardInterrupt:
            console.error("interrupted; nothing was written", "")
            return 130
    return 1


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; end the program if it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures an image beside peers in the same run."
    )
    add = parser.add_argument
    add("image", nargs="?", metavar="IMAGE", help="instead of the default image")
    add("--only", metavar="NAMES", default="", help="benches to run, separated by commas")
    add("--quick", action="store_true", help="less of everything; some minutes")
    add("--check", action="store_true", help="status 1 if something got worse or missed its goal")
    add("--list", action="store_true", help="list the benches and do nothing")
    options = parser.parse_args(arguments)
    chosen = [name for name in options.only.split(",") if name] or list(BENCHES)
    if unknown := [name for name in chosen if name not in BENCHES]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    options.benches = [bench for name, bench in BENCHES.items() if name in chosen]
    return options


def _run(options: argparse.Namespace, console: Console) -> int:
    catalog = load_catalog(ROOT)
    engine = Engine.connect()
    image = options.image or f"{catalog.repository}:{catalog.default}"
    engine.image(image)
    recipe = Recipe(ROOT, catalog.default_distribution, [])
    base = base_of(Session(engine, catalog, recipe, console))
    load = os.getloadavg()[0]
    begun = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    setting = BenchSetting(engine, catalog, image, base, options.quick, console)
    outcomes = _outcomes(options.benches, setting)
    if not outcomes:
        return 1
    record = Record(
        time=begun,
        commit=Checkout.of(ROOT).revision,
        machine=this_machine(),
        image=image,
        load=load,
        quick=options.quick,
        figures={name: outcome.figures for name, outcome in outcomes.items()},
    )
    earlier = comparable(record, load_history(FOLDER, console.note))
    path = save(FOLDER, record)
    pictures = _draw(path.with_suffix(""), record, earlier, outcomes)
    peers = {name: BENCHES[name].peer for name in outcomes}
    console.result(table(record.figures, peers, earlier))
    # Some benches say the same.
    remarks = dict.fromkeys(text for outcome in outcomes.values() for text in outcome.remarks)
    for remark in remarks:
        console.note(f"* {remark}")
    found = [
        *(f"worse: {line}" for line in regressions(record.figures, earlier)),
        *(f"goal missed: {line}" for line in missed(record.figures)),
    ]
    for line in found:
        console.result(line)
    if record.is_disturbed:
        console.result(
            f"the machine was busy before (load {load:.1f}): repeat this before you believe it"
        )
    console.result(f"{image} on {record.machine}; written: {path}, {pictures}/")
    return int(len(outcomes) < len(options.benches) or (options.check and bool(found)))


def _outcomes(benches: Sequence[Bench], setting: BenchSetting) -> dict[str, BenchResult]:
    """Run benches one after the other; say which failed, and go on with the next."""
    outcomes = {}
    for bench in benches:
        setting.console.note(f"{bench.name}: {bench.summary}")
        try:
            outcomes[bench.name] = bench.run(setting)
        except FactoryError as error:
            setting.console.error(f"{bench.name}: {error.cause}", error.hint)
        except FAILURES as error:
            cause = f"{bench.name}: {type(error).__name__}: {error}"
            setting.console.error(cause, "is the machine very busy? Try again with --only")
    return outcomes


def _draw(
    folder: Path, record: Record, earlier: Sequence[Record], outcomes: dict[str, BenchResult]
) -> Path:
    """Write all pictures of a run into a folder; return that."""
    folder.mkdir()
    pictures = {
        "ratios": draw_ratios(record.figures),
        "history": draw_history(series([*earlier, record])),
    }
    for outcome in outcomes.values():
        pictures |= outcome.pictures
    for name, text in pictures.items():
        (folder / f"{name}.svg").write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    sys.exit(main())
