"""Messages between the server and the process that computes: a kind, a length, the content."""

from __future__ import annotations

import struct
from typing import BinaryIO, Literal

HEADER = struct.Struct(">cQ")

Kind = Literal[b"R", b"L", b"Q", b"A", b"E"]
"""`R`eady, at first with the devices as JSON; `L`oad a backend; a `Q`uestion; its `A`nswer; an
`E`rror as JSON with code and message.
"""


def frame(kind: Kind, content: bytes) -> bytes:
    """One message."""
    return HEADER.pack(kind, len(content)) + content


def read_frame(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """The next message of a stream that blocks; None at its end."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    content = stream.read(length)
    return (kind, content) if len(content) == length else None
