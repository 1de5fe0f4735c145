"""Writes the repository's tiny tokenizers, and what the libraries make of texts and chats."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from gradproof_bridge.commands.arguments import path_argument
from gradproof_bridge.errors import MissingLibraryError
from gradproof_bridge.plain import plain
from gradproof_bridge.text.recorded import recorded
from gradproof_bridge.text.tokenizers import TOKENIZERS
from gradproof_bridge.whole_file import write_whole

NAME = "tokenizers"
SUMMARY = "texts and chats as tokenizers and transformers encode them, for the repository's tests"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OUT and --train."""
    parser.add_argument(
        "out",
        type=path_argument,
        metavar="OUT",
        help="folder of the tokenizers: src/formats/hugging-face/fixtures/tokenizers in the repository",
    )
    parser.add_argument(
        "--train",
        type=path_argument,
        action="append",
        metavar="TEXT",
        help="make the tokenizers anew from this text; else those in OUT are recorded again",
    )


def run(options: argparse.Namespace) -> int:
    """0; a library that is missing ends it."""
    if importlib.util.find_spec("transformers") is None:
        raise MissingLibraryError(
            "transformers is not installed; install it with: npm run bridge:setup"
        )
    if options.train:
        lines = _lines(options.train)
        for name, train in TOKENIZERS.items():
            train(lines, options.out / name)
    files = recorded(options.out)
    for name, text in files.items():
        write_whole(options.out / name, text.encode())
    sys.stdout.write(f"{plain(f'{len(TOKENIZERS)} tokenizers recorded in {options.out}')}\n")
    return 0


def _lines(paths: list[Path]) -> list[str]:
    return [line for path in paths for line in path.read_text("utf-8").splitlines(keepends=True)]
