"""Takes the body of a request, bounded in size and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from gradproof_bridge.serve.refused import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

    from gradproof_bridge.serve.limits import Limits


async def receive_body(request: Request, limits: Limits) -> bytes:
    """The whole body. Raises RefusedError when it is too large or too slow, starlette's
    ClientDisconnect when it is cut off.
    """
    largest = limits.body_bytes
    too_large = RefusedError(413, "too-large", f"a question may have {largest} bytes")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > largest:
        raise too_large
    body = bytearray()
    try:
        with anyio.fail_after(limits.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise too_large
    except TimeoutError:
        raise RefusedError(
            408, "too-slow", f"the question did not arrive within {limits.body_seconds:g} s"
        ) from None
    return bytes(body)
