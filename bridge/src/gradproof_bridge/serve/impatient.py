"""The connections of the server: a time limit for the header, which uvicorn does not set, and JSON
for what is no HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from gradproof_bridge.serve.refused import RefusedError

if TYPE_CHECKING:
    import asyncio


def impatient(seconds: float) -> type[H11Protocol]:
    """A protocol that closes a connection on which no request has begun for so long, however many
    bytes of one trickle in.

    uvicorn's own limit for idle connections starts anew with every byte
    (https://github.com/Kludex/uvicorn/issues/157).
    """

    class Impatient(H11Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(cast("asyncio.Transport", transport))
            self._expect_request()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._expect_request()

        def send_400_response(self, msg: str) -> None:
            refusal = RefusedError(400, "bad-request", "this is no HTTP request").response()
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            for event in (
                h11.Response(status_code=400, headers=headers),
                h11.Data(data=bytes(refusal.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

        def _expect_request(self) -> None:
            self.loop.call_later(seconds, self._close_unless_begun, self.cycle)

        def _close_unless_begun(self, last: object) -> None:
            if self.cycle is last and not self.transport.is_closing():
                self.transport.close()

    return Impatient
