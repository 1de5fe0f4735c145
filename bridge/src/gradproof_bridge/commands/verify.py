"""Says what of the browser's exports agrees, and with whom."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gradproof_bridge.backends.registry import require_device
from gradproof_bridge.commands.arguments import path_argument
from gradproof_bridge.errors import UsageError
from gradproof_bridge.formulas.adapter_patterns import CONFIG
from gradproof_bridge.recording.index import INDEX
from gradproof_bridge.verification.adapter_logits import LOGITS
from gradproof_bridge.verification.adapters import WEIGHTS, verify_adapter
from gradproof_bridge.verification.bundles import is_bundle, verify_bundle
from gradproof_bridge.verification.check import VERDICTS, Check
from gradproof_bridge.verification.files import verify_gguf, verify_onnx, verify_safetensors
from gradproof_bridge.verification.json_files import verify_index, verify_report

NAME = "verify"
SUMMARY = "what of exported bundles, adapters, safetensors, GGUF files, ONNX models and reports agrees, and with which library"
_DEVIATES, _UNREADABLE = 1, 2
_NOTHING = "nothing there that can be verified (*.safetensors, *.gguf, *.onnx, *.json)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """PATH..."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=path_argument,
        metavar="PATH",
        help="files, or folders that are searched",
    )
    parser.add_argument(
        "--backend", default="cpu", help="device or library that recomputes bundles; default cpu"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """0 all that was checked agrees, if only by a loose bound, 1 something deviates or nothing could be checked, 2 something
    cannot be read.
    """
    require_device(options.backend)
    by_path = {path: list(verify(path, options.backend)) for path in options.paths}
    if not any(by_path.values()):
        raise UsageError(f"{options.paths[0]}: {_NOTHING}")
    # What agrees must not speak for a path where nothing was checked.
    checks = [check for path, found in by_path.items() for check in found or [_nothing_in(path)]]
    counts = Counter(check.verdict for check in checks)
    if options.json:
        sys.stdout.write(json.dumps([vars(check) for check in checks], indent=1) + "\n")
    else:
        sys.stdout.writelines(f"{check.line()}\n" for check in checks)
        sys.stdout.write(
            ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
            + "\n"
        )
    if counts["unreadable"]:
        return _UNREADABLE
    right = counts["agrees"] + counts["loose"]
    return 0 if right and not counts["deviates"] else _DEVIATES


def verify(path: Path, device: str) -> Iterator[Check]:
    """Everything in a folder, or one file. Raises UsageError for a path that is not there."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.is_file():
        yield from _file(str(path), path, device)
        return
    if (path / CONFIG).exists():
        yield from verify_adapter(str(path), path)
    for found in sorted(path.rglob("*")):
        if found.is_dir() and (found / CONFIG).exists():
            yield from verify_adapter(str(found.relative_to(path)), found)
        elif found.is_file() and not _is_of_adapter(found):
            yield from _file(str(found.relative_to(path)), found, device)


def _nothing_in(path: Path) -> Check:
    return Check(str(path), "folder" if path.is_dir() else "file", "not-checked", "", _NOTHING)


def _is_of_adapter(path: Path) -> bool:
    return path.name in (CONFIG, WEIGHTS, LOGITS) and (path.parent / CONFIG).exists()


def _file(name: str, path: Path, device: str) -> Iterator[Check]:
    """One file by its kind; a part of an adapter that is named alone stands for the adapter."""
    try:
        if _is_of_adapter(path):
            yield from verify_adapter(name, path.parent)
        elif path.suffix == ".safetensors":
            file = path.read_bytes()
            yield from (
                verify_bundle(name, file, device)
                if is_bundle(file)
                else verify_safetensors(name, file)
            )
        elif path.suffix == ".gguf":
            yield from verify_gguf(name, path)
        elif path.suffix == ".onnx":
            yield from verify_onnx(name, path)
        elif path.name == INDEX:
            yield verify_index(name, path)
        elif path.suffix == ".json":
            yield verify_report(name, path)
    except OSError as error:
        yield Check(name, "file", "unreadable", "", error.strerror or str(error))
