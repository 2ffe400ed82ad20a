"""Tables of results for people."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from rich.table import Table

from factory.console import Console
from factory.evidence.age import describe_age
from factory.evidence.measure import Evidence
from factory.plan.models import MEGABYTE
from factory.proof.gate import Passed


def checks_table(proof: Iterable[Passed]) -> Table:
    """Return the checks that an image passed, as a table."""
    table = Table(box=None, pad_edge=False)
    for heading in ("check", "s", "seen"):
        table.add_column(heading, justify="right" if heading == "s" else "left")
    for check in proof:
        table.add_row(check.name, f"{check.seconds:.1f}", check.seen)
    return table


def show_images(done: Sequence[Evidence], console: Console) -> None:
    """Show a table of images, a line with the tags of each, and how old their packages are."""
    console.table(_images_table(done))
    for known in done:
        console.result(" ".join(known.tags))
    today = datetime.datetime.now(datetime.UTC).date()
    console.note(describe_age([known.labels for known in done], today))


def short_id(image_id: str) -> str:
    """Return an image ID as `docker images` shows it."""
    return image_id.removeprefix("sha256:")[:12]


def _images_table(done: Iterable[Evidence]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("image", "id", "MB", "MB gzip", "packages", "proof"):
        table.add_column(heading, justify="right" if heading.startswith(("MB", "pa")) else "left")
    for known in done:
        seconds = sum(check.seconds for check in known.proof)
        table.add_row(
            known.image,
            short_id(known.id),
            f"{known.uncompressed / MEGABYTE:.1f}",
            f"{known.compressed / MEGABYTE:.1f}",
            str(len(known.packages)),
            f"{len(known.proof)} checks in {seconds:.0f} s" if known.proof else "none",
        )
    return table
