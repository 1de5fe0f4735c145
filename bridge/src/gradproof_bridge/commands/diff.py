"""Prints what changed between two recordings or two versions of a library."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from gradproof_bridge.backends.registry import distributions
from gradproof_bridge.commands.record import select
from gradproof_bridge.comparison.changes import KINDS, Change, compare
from gradproof_bridge.comparison.side import Side, covered_by, side_of_folder, side_of_here
from gradproof_bridge.comparison.version import is_requirement, side_of_version
from gradproof_bridge.errors import UsageError

NAME = "diff"
SUMMARY = (
    "what changed between two recordings, or two versions of a library such as bitsandbytes==0.49.2"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """BEFORE and AFTER."""
    parser.add_argument(
        "before",
        metavar="BEFORE",
        help="folder of a recording, or a requirement such as bitsandbytes==0.49.2",
    )
    parser.add_argument(
        "after",
        metavar="AFTER",
        nargs="?",
        help="likewise; default the libraries that are installed here",
    )
    parser.add_argument(
        "--ops", action="append", metavar="GLOB", help="compare these alone, as `record` has it"
    )
    parser.add_argument("--all", action="store_true", help="print what stayed the same too")


def run(options: argparse.Namespace) -> int:
    """0 nothing changed, 1 something did."""
    before = _side(options.before, options, None)
    after = _side(options.after, options, before)
    changes = list(compare(before, after))
    if not any(change.kind != "not-recorded" for change in changes):
        reasons = sorted({change.detail for change in changes})
        raise UsageError(
            "nothing can be compared: " + ("; ".join(reasons) or "the two have no case in common")
        )
    for change in changes:
        if change.kind != "not-recorded" and (options.all or change.kind != "same"):
            sys.stdout.write(f"{change.line()}\n")
    _tell_missing([change for change in changes if change.kind == "not-recorded"])
    counts = Counter(change.kind for change in changes)
    sys.stdout.write(", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]) + "\n")
    return int(any(counts[kind] for kind in KINDS if kind not in ("same", "not-recorded")))


def _side(text: str | None, options: argparse.Namespace, other: Side | None) -> Side:
    """A folder as it is, or what is recorded now."""
    if text is not None and is_requirement(text):
        return side_of_version(text, select(options.ops))
    side = (
        side_of_folder(Path(text))
        if text is not None
        else side_of_here(select(options.ops), other.bundles if other else ())
    )
    if options.ops is not None:
        side.covers = covered_by(select(options.ops), distributions())
    return side


def _tell_missing(changes: list[Change]) -> None:
    """A line for each reason: what a library that is not installed costs is said once."""
    for reason, number in Counter(change.detail for change in changes).items():
        named = next(change.name for change in changes if change.detail == reason)
        which = named if number == 1 else f"{number} cases, {named} among them"
        sys.stdout.write(f"{'not-recorded':<13} {which}: {reason}\n")
