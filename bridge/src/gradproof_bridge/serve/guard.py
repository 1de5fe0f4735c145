"""Who is answered: a page of the one origin, under this machine's own name, with the token.

Three attacks are meant. A foreign page may send requests here, but not without its `Origin`. A
foreign page whose name was rebound to 127.0.0.1 shares our origin in the browser's eyes, but sends
its own name as `Host`. Any other program on this machine may send what it wants, but does not know
the token.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

from gradproof_bridge.serve.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send


class Door:
    """Refuses every request that names another host or comes from another page. It answers without
    CORS headers.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], page: str) -> None:
        self._app = app
        self._hosts = hosts
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request in, or refuses it."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        if refusal:
            await refusal.response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> RefusedError | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return RefusedError(
                403, "wrong-host", "this bridge answers under its own address alone"
            )
        # Programs that are no browser send no Origin; browsers do with whatever carries a token.
        if any(origin != self._page for origin in headers.getlist("origin")):
            return RefusedError(403, "wrong-origin", "this bridge was started for another page")
        return None


class Preflight(CORSMiddleware):
    """Answers what a browser asks before a request, and says in JSON too which method or header is
    not taken.
    """

    def preflight_response(self, request_headers: Headers) -> Response:
        """The permission, or its refusal. The page is told by the browser alone that there was one."""
        response = super().preflight_response(request_headers)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        reason = bytes(response.body).decode()
        return RefusedError(
            400,
            "bad-preflight",
            f"{reason}: the page sends GET and POST, with the headers of the protocol",
        ).response()


class Crowd:
    """Refuses requests while more connections are open than the server keeps."""

    def __init__(self, app: ASGIApp, *, crowded: Callable[[], bool]) -> None:
        self._app = app
        self._crowded = crowded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request in, or refuses it."""
        if scope["type"] == "http" and self._crowded():
            await RefusedError(
                503, "crowded", "too many connections are open: ask again in a moment"
            ).response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class TokenCheck:
    """Refuses every request without the token, in a time that does not depend on how much of it is
    right.
    """

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request in, or refuses it."""
        if scope["type"] == "http":
            given = Headers(scope=scope).get("authorization", "").encode()
            if not hmac.compare_digest(given, self._expected):
                refusal = RefusedError(
                    401,
                    "wrong-token",
                    "the token is missing or wrong: use the address that the bridge printed last",
                )
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)
