"""Times steps of fine-tuning by PyTorch, PEFT and bitsandbytes: those of `npm start -- bench`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
from typing import TYPE_CHECKING

from gradproof_bridge.commands.arguments import count_argument
from gradproof_bridge.errors import MissingLibraryError
from gradproof_bridge.timing.steps import STEPS, timed

if TYPE_CHECKING:
    import argparse

_LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes")

NAME = "steps"
SUMMARY = (
    "milliseconds of steps of LoRA and QLoRA by PyTorch, PEFT and bitsandbytes, by the ids of bench"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--device, --samples and --json."""
    parser.add_argument("--device", default="cpu", help="a device of PyTorch: cpu, cuda, mps")
    parser.add_argument(
        "--samples",
        type=count_argument,
        default=5,
        help="steps of each that are timed, after two that are not",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """0; a library that is missing ends it."""
    for library in _LIBRARIES:
        if importlib.util.find_spec(library) is None:
            raise MissingLibraryError(
                f"{library} is not installed; install it with: npm run bridge:setup"
            )
    found = {name: timed(step, options.device, options.samples) for name, step in STEPS.items()}
    if options.json:
        versions = {library: importlib.metadata.version(library) for library in _LIBRARIES}
        told = {"libraries": versions, "device": options.device, "steps": found}
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
        return 0
    for name, one in found.items():
        sys.stdout.write(f"{name:<72} {one['medianMs']:9.1f} ms\n")
    return 0
