"""The process that computes: answers questions on its standard input until that ends, which it does
with the server.
"""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

from gradproof_bridge.errors import BridgeError, named
from gradproof_bridge.serve.frames import Kind, frame, read_frame


def main() -> None:
    """Says what the libraries can, loads them as they are asked, and answers."""
    with _private_output() as output:
        from gradproof_bridge.serve.answer import answer, describe, load

        _send(output, b"R", json.dumps(describe()).encode())
        while message := read_frame(sys.stdin.buffer):
            kind, content = message
            try:
                if kind == b"L":
                    load(content.decode())
                    _send(output, b"R", b"")
                else:
                    backend, _, question = content.partition(b"\0")
                    _send(output, b"A", answer(backend.decode(), question))
            except BridgeError as error:
                _send(
                    output, b"E", json.dumps({"code": error.code, "message": str(error)}).encode()
                )
            except Exception as error:  # noqa: BLE001 - a library may raise anything; it costs this job alone
                _send(
                    output,
                    b"E",
                    json.dumps({"code": "library-failed", "message": named(error)}).encode(),
                )


def _private_output() -> BinaryIO:
    """Standard output for messages alone: what libraries print goes to standard error."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _send(output: BinaryIO, kind: Kind, content: bytes) -> None:
    output.write(frame(kind, content))
    output.flush()


if __name__ == "__main__":
    main()
