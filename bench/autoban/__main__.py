"""AutoBan against the distribution's fail2ban, on the same events in one run.

usage: .venv/bin/python -m bench.autoban [--quick] [IMAGE]

Prints a table, and leaves autoban.json and autoban.png in build/bench. Exit status: 0 all figures
are as wanted; 1 some are not, or it could not be measured; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict

from bench.autoban.lab import ROOT, running_lab
from bench.autoban.picture import draw
from bench.autoban.report import as_table, rows
from bench.autoban.rounds import FULL, QUICK, measure
from factory.console import Console
from factory.engine import Engine
from factory.errors import FactoryError


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.autoban", description="Measures AutoBan beside fail2ban."
    )
    parser.add_argument("image", nargs="?", default="mlan/asterisk:base", metavar="IMAGE")
    parser.add_argument("--quick", action="store_true", help="less of everything; about a minute")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Console(None) as console:
        try:
            return _run(options.image, options.quick, console)
        except FactoryError as error:
            console.error(error.cause, error.hint)
        except TimeoutError as error:
            console.error(str(error), "is the machine very busy? Try again")
        except KeyboardInterrupt:
            console.error("interrupted", "")
            return 130
    return 1


def _run(image: str, quick: bool, console: Console) -> int:
    engine = Engine.connect()
    digest = engine.image(image).id
    with running_lab(engine, image, console) as lab:
        ours, theirs = results = measure(lab, QUICK if quick else FULL, console)
    lines = rows(ours, theirs)
    console.table(as_table(lines, ours, theirs))
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "image": image,
        "id": digest,
        "quick": quick,
        "rows": [{**asdict(row), "ratio": row.ratio, "reached": row.reached} for row in lines],
        "results": [asdict(result) for result in results],
    }
    (folder / "autoban.json").write_text(json.dumps(figures, indent=1) + "\n")
    draw(results, folder / "autoban.png")
    console.result(f"written: {folder / 'autoban.json'}, {folder / 'autoban.png'}")
    missed = [row.what for row in lines if not row.reached]
    if missed:
        console.error(f"not as wanted: {'; '.join(missed)}", "a busy machine? The table has more")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
