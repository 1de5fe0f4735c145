"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file temporary its place and moves it there: who is stopped, or has no room, leaves
    what was there before.

    Raises OSError that names `path`.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        # What is no file, such as /dev/null, takes bytes and cannot be replaced.
        place.write_bytes(content)
        return
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        try:
            temporary.write_bytes(content)
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
