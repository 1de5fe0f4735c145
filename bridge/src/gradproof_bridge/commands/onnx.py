"""ONNX backend node tests as parity bundles."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys

from gradproof_bridge.commands.arguments import path_argument
from gradproof_bridge.errors import MissingLibraryError
from gradproof_bridge.onnx_tests.convert import NotConverted, convert_all, producer_folder
from gradproof_bridge.recording.folder import RecordingFolder
from gradproof_bridge.whole_file import write_whole

NAME = "onnx"
EXCLUDED = "EXCLUDED.json"
SUMMARY = (
    "the backend node tests of the onnx package as parity bundles, for every op that both have"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OUT."""
    parser.add_argument(
        "out",
        type=path_argument,
        metavar="OUT",
        help="folder that gets the bundles, INDEX.json and EXCLUDED.json",
    )


def run(options: argparse.Namespace) -> int:
    """0; tests that are no bundle are listed with the reason."""
    if importlib.util.find_spec("onnx") is None:
        raise MissingLibraryError(
            "onnx is not installed; install it with: npm run bridge:setup, or pip install onnx"
        )
    converted = 0
    excluded: dict[str, str] = {}
    with RecordingFolder(options.out) as folder:
        for item in convert_all():
            if isinstance(item, NotConverted):
                excluded[item.name] = item.reason
                continue
            converted += 1
            folder.write(item.filed)
            if item.filed.bundle.note:
                sys.stderr.write(f"deviates  {item.name}: {item.filed.bundle.note}\n")
    reasons = options.out / producer_folder() / EXCLUDED
    write_whole(reasons, (json.dumps(excluded, indent=1) + "\n").encode())
    sys.stdout.write(
        f"{converted} node tests became bundles, {len(excluded)} did not and say why in {reasons}\n"
    )
    return 0
