"""PyTorch's own samples of operators and optimizers as parity bundles."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from gradproof_bridge.commands.arguments import count_argument, path_argument, seed_argument
from gradproof_bridge.errors import UsageError
from gradproof_bridge.plain import plain
from gradproof_bridge.recording.folder import RecordingFolder
from gradproof_bridge.whole_file import write_whole

if TYPE_CHECKING:
    from gradproof_bridge.opinfo.summary import Summary

NAME = "opinfo"
SUMMARY = (
    "the samples by which PyTorch tests its operators and optimizers (OpInfo, OptimizerInfo) as"
    " parity bundles, computed by the torch that is installed"
)
DRAWN = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--out and which samples."""
    parser.add_argument(
        "--out",
        type=path_argument,
        required=True,
        metavar="DIR",
        help="folder that gets the bundles, INDEX.json and OPINFO.json, which counts by operator"
        " and reason",
    )
    parser.add_argument(
        "--seed",
        type=seed_argument,
        default=0,
        metavar="N",
        help="of the samples, and of the draw; default 0",
    )
    parser.add_argument(
        "--op",
        metavar="GLOB",
        help="operators or optimizers by torch's names, such as softmax, conv2d, optim.*",
    )
    how_many = parser.add_mutually_exclusive_group()
    how_many.add_argument("--all", action="store_true", help="every sample")
    how_many.add_argument(
        "--draw",
        type=count_argument,
        default=DRAWN,
        metavar="N",
        help=f"at most so many samples, which the seed draws, of each operator in turn; default {DRAWN}",
    )


def run(options: argparse.Namespace) -> int:
    """0; samples that are no bundle are counted by their reason."""
    from gradproof_bridge.opinfo.database import operators
    from gradproof_bridge.opinfo.make import make
    from gradproof_bridge.opinfo.sources import names
    from gradproof_bridge.opinfo.summary import SUMMARY as SUMMARY_FILE
    from gradproof_bridge.opinfo.summary import Summary

    operators()
    import torch

    if options.out.is_dir() and any(options.out.iterdir()):
        raise UsageError(f"{options.out} is not empty: name a folder for these samples alone")

    if not names(options.op):
        raise UsageError(
            f"torch {torch.__version__} has no operator and no optimizer {options.op}: give a name"
            " of its own, such as softmax, conv2d or optim.AdamW"
        )
    summary = Summary(torch.__version__, options.seed, None if options.all else options.draw)
    made = size = 0
    with RecordingFolder(options.out) as folder:
        for filed in make(summary, options.op):
            size += folder.write(filed)
            made += 1
    if made == 0:
        raise UsageError(_nothing(options.op or "*", summary))
    write_whole(options.out / SUMMARY_FILE, summary.text().encode())
    where = f"in {options.out} ({size / 1e6:.1f} MB)"
    if options.all:
        said = (
            f"{made} of {summary.samples} samples became bundles {where};"
            f" {SUMMARY_FILE} there counts the others by reason"
        )
    else:
        # A draw ends with its last bundle: what was tried until then is not all that there is.
        said = (
            f"bundles drawn: {made} of at most {options.draw} {where}; samples tried that are none:"
            f" {summary.samples - made}, counted by reason in {SUMMARY_FILE} there"
        )
    sys.stdout.write(f"{plain(said)}\n")
    return 0


def _nothing(glob: str, summary: Summary) -> str:
    """Why nothing of torch's operators that fit became a bundle."""
    if not summary.subjects:
        return f"torch has {glob}, but no op here computes it: docs/opinfo.md lists those that one does"
    return f"no sample of {glob} is a bundle"
