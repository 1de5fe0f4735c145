"""Reports of runs, and the index of a set of recordings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradproof_bridge.errors import FormatError, message_of
from gradproof_bridge.recording.index import Entry, read_index
from gradproof_bridge.verification.check import Check

REPORT_SCHEMA = "gradproof-report/1"
_STATUSES = {
    "pass": "passed",
    "fail": "failed",
    "skip": "skipped",
    "error": "errored",
    "timeout": "timedOut",
    "lost": "lost",
}


def verify_report(name: str, path: Path) -> Check:
    """A report of a run: its summary counts what its results say."""
    try:
        report = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        return Check(name, "JSON", "unreadable", "", f"it is no JSON: {message_of(error, 120)}")
    schema = report.get("schema") if isinstance(report, dict) else None
    if schema != REPORT_SCHEMA:
        said = f"its schema is {str(schema)[:60]!r}" if schema is not None else "it names no schema"
        return Check(
            name, "JSON", "not-checked", "", f"{said}; {REPORT_SCHEMA!r} is what can be checked"
        )
    try:
        found, claimed = _recounted(report), _summary(report)
    except FormatError as error:
        return Check(name, "gradproof report", "unreadable", "", str(error))
    what = f"gradproof report of {found['total']} results"
    wrong = [
        f"summary.{key} is {claimed.get(key)}, counted {n}"
        for key, n in found.items()
        if claimed.get(key) != n
    ]
    return Check(
        name, what, "deviates" if wrong else "agrees", "a recount", wrong[0] if wrong else ""
    )


def _summary(report: Mapping[str, Any]) -> Mapping[str, Any]:
    summary = report.get("summary")
    if not isinstance(summary, dict):
        raise FormatError("it has no summary")
    return summary


def _recounted(report: Mapping[str, Any]) -> dict[str, int]:
    results = report.get("results")
    if not isinstance(results, list):
        raise FormatError("it has no list of results")
    counts = dict.fromkeys(["total", *_STATUSES.values()], 0)
    for i, result in enumerate(results):
        status = result.get("status") if isinstance(result, dict) else None
        if not isinstance(status, str) or status not in _STATUSES:
            raise FormatError(
                f"results[{i}] has the status {str(status)[:60]!r}; one of {', '.join(_STATUSES)} is needed"
            )
        counts["total"] += 1
        counts[_STATUSES[status]] += 1
    return counts


def verify_index(name: str, path: Path) -> Check:
    """The index of a set: its bundles are there, and are the ones that were recorded."""
    try:
        index = read_index(path.read_text("utf-8"))
    except (FormatError, UnicodeDecodeError) as error:
        return Check(name, "index of recordings", "unreadable", "", str(error))
    what = f"index of {len(index.entries)} recordings"
    wrong = [
        reason for entry, _ in index.entries.values() if (reason := _difference(path.parent, entry))
    ]
    return Check(
        name,
        what,
        "deviates" if wrong else "agrees",
        "the hashes of its files",
        wrong[0] if wrong else "",
    )


def _difference(folder: Path, entry: Entry) -> str | None:
    path = folder / f"{entry.name}.safetensors"
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"{entry.name} leads out of the folder"
    if not path.is_file():
        return f"{entry.name} is not there"
    file = path.read_bytes()
    if len(file) != entry.bytes or hashlib.sha256(file).hexdigest() != entry.sha256:
        return f"{entry.name} is not the file that was recorded"
    return None
