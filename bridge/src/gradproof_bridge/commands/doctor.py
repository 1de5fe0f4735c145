"""What is here: libraries, versions, devices, and who would compute each op."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING, Any

from gradproof_bridge.backends.registry import backends, devices, resolve
from gradproof_bridge.bundle.vocabulary import vocabulary
from gradproof_bridge.errors import BridgeError

if TYPE_CHECKING:
    import argparse

NAME = "doctor"
SUMMARY = "libraries, versions, devices, what each op would use, and the command that installs what is missing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Always 0: a library that is missing is a fact, not a failure."""
    found = examine()
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if options.json else _text(found))
    return 0


def examine() -> dict[str, Any]:
    """Everything that the command prints, as data."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "devices": list(devices()),
        "backends": [_backend(backend) for backend in backends()],
        "ops": {op: {device: _who(op, device) for device in devices()} for op in vocabulary()},
    }


def _backend(backend: Any) -> dict[str, Any]:
    if backend.problem is not None:
        return {"name": backend.name, "missing": backend.problem, "install": backend.install}
    return {
        "name": backend.name,
        "version": backend.version(),
        "devices": list(backend.devices()),
        "ops": len(backend.ops()),
    }


def _who(op: str, device: str) -> str | None:
    try:
        return resolve(op, device)[0].name
    except BridgeError:
        return None


def _text(found: dict[str, Any]) -> str:
    lines = [
        f"Python {found['python']} on {found['platform']}; devices: {', '.join(found['devices'])}",
        "",
    ]
    for backend in found["backends"]:
        if "missing" in backend:
            lines.append(
                f"  {backend['name']:<14} missing: {backend['missing']}; install it with: {backend['install']}"
            )
        else:
            lines.append(
                f"  {backend['name']:<14} {backend['version']:<14} {', '.join(backend['devices'])}; ops: {backend['ops']}"
            )
    lines += ["", f"  {'op':<30} " + " ".join(f"{device:<14}" for device in found["devices"])]
    for op, who in found["ops"].items():
        lines.append(
            f"  {op:<30} " + " ".join(f"{who[device] or '-':<14}" for device in found["devices"])
        )
    return "\n".join(line.rstrip() for line in lines) + "\n"
