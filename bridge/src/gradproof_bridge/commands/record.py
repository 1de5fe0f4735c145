"""Records parity bundles."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from fnmatch import fnmatchcase

from gradproof_bridge.backends.registry import require_device
from gradproof_bridge.cases.case import Case
from gradproof_bridge.cases.registry import cases
from gradproof_bridge.commands.arguments import path_argument, seed_argument
from gradproof_bridge.errors import UsageError
from gradproof_bridge.plain import plain
from gradproof_bridge.recording.folder import RecordingFolder
from gradproof_bridge.recording.recorder import LeftOut, record

NAME = "record"
SUMMARY = "parity bundles of what the installed libraries compute, each checked against its formula"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """OUT and what to record."""
    parser.add_argument(
        "out", type=path_argument, metavar="OUT", help="folder that gets the bundles and INDEX.json"
    )
    parser.add_argument(
        "--ops",
        action="append",
        metavar="GLOB",
        help="ops, libraries or case names, such as matmul, bitsandbytes, nf4_*",
    )
    parser.add_argument(
        "--backend", choices=("cpu", "cuda", "mps", "mlx"), help="the device; default the processor"
    )
    parser.add_argument(
        "--seed", type=seed_argument, default=0, metavar="N", help="of the inputs; default 0"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """0 when something was recorded, 2 when nothing was."""
    chosen = select(options.ops)
    if options.backend is not None:
        require_device(options.backend)
    recorded: list[str] = []
    deviating: list[str] = []
    left_out: list[LeftOut] = []
    size = 0
    with RecordingFolder(options.out) as folder:
        for item in record(chosen, options.seed, options.backend):
            if isinstance(item, LeftOut):
                left_out.append(item)
                sys.stderr.write(f"left out  {item.name}: {item.reason}\n")
                continue
            size += folder.write(item.filed)
            recorded.append(item.path)
            if item.findings:
                deviating.append(item.path)
            for finding in item.findings:
                sys.stderr.write(f"deviates  {item.path}: {item.bundle.producer}: {finding}\n")
    if not recorded:
        raise UsageError(
            f"no chosen case ({len(chosen)}) can be recorded here; `gradproof-bridge doctor` says what is missing"
        )
    if options.json:
        found = {
            "recorded": recorded,
            "deviating": deviating,
            "left_out": [asdict(item) for item in left_out],
        }
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        said = f"{len(recorded)} of {len(chosen)} cases recorded in {options.out} ({size / 1e6:.1f} MB)"
        sys.stdout.write(f"{plain(said)}; {len(deviating)} deviate from their formula and say so\n")
    return 0


def select(globs: list[str] | None) -> list[Case]:
    """Cases whose op, library or name one of the globs matches; all without a glob. Raises
    UsageError when none does.
    """
    if not globs:
        return list(cases())
    wanted = [part for glob in globs for part in glob.split(",")]
    found = [
        case
        for case in cases()
        if any(
            fnmatchcase(text, glob)
            for glob in wanted
            for text in (case.op, case.library, case.name)
        )
    ]
    if not found:
        raise UsageError(f"--ops {','.join(wanted)} matches no op, library or case")
    return found
