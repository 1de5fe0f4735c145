"""A recording on disk: bundles in a folder for each producer and device, and INDEX.json."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from gradproof_bridge.bundle.bundle import Bundle, write_bundle
from gradproof_bridge.errors import FormatError, UsageError
from gradproof_bridge.recording.index import INDEX, Entry, Index, Origin, read_index
from gradproof_bridge.recording.machine import processor
from gradproof_bridge.whole_file import write_whole


@dataclass(frozen=True)
class Filed:
    """A bundle, where it belongs in a recording (a path without extension), and the versions of the
    libraries that computed it.
    """

    path: str
    bundle: Bundle
    versions: Mapping[str, str]


class RecordingFolder:
    """A folder that gets bundles, and at the end of the block its index, even when the recording
    was interrupted.

    What other recordings left in the folder stays, with the day and the machine that they say.
    """

    def __init__(self, folder: Path) -> None:
        """Looks at what is there, before hours of computing are spent. Raises UsageError or
        FormatError.
        """
        self._folder = folder
        self._day = _today()
        self._index = _read(folder)

    def __enter__(self) -> RecordingFolder:
        return self

    def write(self, recorded: Filed) -> int:
        """Writes a bundle and returns its size in bytes."""
        file = write_bundle(recorded.bundle)
        path = self._folder / f"{recorded.path}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, file)
        entry = Entry(
            recorded.path, recorded.bundle.op, len(file), hashlib.sha256(file).hexdigest()
        )
        self._index.put(
            entry,
            Origin(
                self._day,
                recorded.bundle.device,
                processor(),
                dict(sorted(recorded.versions.items())),
            ),
        )
        return len(file)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        there = [
            name for name in self._index.entries if (self._folder / f"{name}.safetensors").exists()
        ]
        self._index.keep(there)
        if there:
            write_whole(self._folder / INDEX, self._index.text().encode())


def _read(folder: Path) -> Index:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; recordings go into a folder")
    path = folder / INDEX
    if not path.exists():
        return Index()
    try:
        return read_index(path.read_text("utf-8"))
    except (FormatError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{path}: {error}: move it away, or record into another folder"
        ) from error


def _today() -> str:
    """The day in UTC, or that of SOURCE_DATE_EPOCH, so that a recording can be repeated to the
    byte.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.timezone.utc
    if not epoch:
        return datetime.datetime.now(utc).date().isoformat()
    try:
        return datetime.datetime.fromtimestamp(int(epoch), utc).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"SOURCE_DATE_EPOCH is {epoch[:40]!r}; seconds since 1970 are needed"
        ) from error
