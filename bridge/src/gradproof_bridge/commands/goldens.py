"""Writes the repository's golden codes: what the libraries make of weights that both sides draw."""

from __future__ import annotations

import argparse
import sys

from gradproof_bridge.commands.arguments import path_argument
from gradproof_bridge.goldens.goldens import goldens, text_of
from gradproof_bridge.plain import plain
from gradproof_bridge.whole_file import write_whole

NAME = "goldens"
SUMMARY = "the golden codes that the repository keeps, by the libraries that are installed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OUT."""
    parser.add_argument(
        "out",
        type=path_argument,
        metavar="OUT",
        help="the file that is written: suites/quant/goldens/goldens.json in the repository",
    )


def run(options: argparse.Namespace) -> int:
    """0; a library that is missing ends it."""
    text = text_of([golden.entry() for golden in goldens()])
    write_whole(options.out, text.encode())
    sys.stdout.write(f"{plain(f'{len(goldens())} goldens in {options.out}')}\n")
    return 0
