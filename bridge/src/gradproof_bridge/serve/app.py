"""The three addresses of the bridge, and who may use them."""

from __future__ import annotations

import re
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gradproof_bridge import __version__
from gradproof_bridge.serve.body import receive_body
from gradproof_bridge.serve.guard import Crowd, Door, Preflight, TokenCheck
from gradproof_bridge.serve.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gradproof_bridge.serve.limits import Limits
    from gradproof_bridge.serve.queue import JobQueue
    from gradproof_bridge.serve.worker import Worker

PROTOCOL = "gradproof-bridge/1"
_JOB = re.compile(r"[A-Za-z0-9-]{1,64}")
_GONE = 499
"""The page went away: only a log holds this status."""


@dataclass(frozen=True)
class Access:
    """Who may ask."""

    token: str
    page: str
    """Origin of the one page, such as `http://localhost:7357`."""
    hosts: frozenset[str]
    """How a request may name this server, with its port."""


def create_app(
    worker: Worker, queue: JobQueue, access: Access, limits: Limits, crowded: Callable[[], bool]
) -> Starlette:
    """The application: `/health`, `/devices` and `/run`. `crowded` says whether too many
    connections are open.
    """

    async def health(request: Request) -> Response:
        ahead = queue.ahead_of(request.query_params.get("job", ""))
        return JSONResponse(
            {"protocol": PROTOCOL, "version": __version__, "jobs": len(queue), "ahead": ahead}
        )

    async def devices(request: Request) -> Response:
        return JSONResponse(
            {"protocol": PROTOCOL, "version": __version__, **await worker.devices()}
        )

    async def run(request: Request) -> Response:
        question = await receive_body(request, limits)
        job = request.headers.get("gradproof-job", str(uuid.uuid4()))
        if not _JOB.fullmatch(job):
            raise RefusedError(
                400, "bad-job", "Gradproof-Job must be 1 to 64 letters, digits and hyphens"
            )
        backend = request.query_params.get("backend", "")
        known = [entry["id"] for entry in (await worker.devices()).get("backends", [])]
        if backend not in known:
            raise RefusedError(
                404,
                "missing-backend",
                f"this bridge has no such backend; it has {', '.join(known) or 'none'}",
            )
        return await _unless_gone(request, queue, worker, (job, backend, question))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await worker.close()

    app = Starlette(
        routes=[
            Route("/health", health),
            Route("/devices", devices),
            Route("/run", run, methods=["POST"]),
        ],
        middleware=[
            Middleware(Door, hosts=access.hosts, page=access.page),
            Middleware(
                Preflight,
                allow_origins=[access.page],
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", "gradproof-job"],
                allow_private_network=True,
            ),
            Middleware(Crowd, crowded=crowded),
            Middleware(TokenCheck, token=access.token),
        ],
        exception_handlers={
            RefusedError: _refuse,
            ClientDisconnect: _gone,
            HTTPException: _no_such_address,
            Exception: _failed,
        },
        lifespan=lifespan,
    )
    # There is no other spelling of an address: nothing is redirected.
    app.router.redirect_slashes = False
    return app


async def _unless_gone(
    request: Request, queue: JobQueue, worker: Worker, job: tuple[str, str, bytes]
) -> Response:
    """Computes in the job's turn; when the page goes away, it leaves the queue, or its job is
    stopped.
    """
    name, backend, question = job
    response = Response(status_code=_GONE)
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        try:
            async with queue.turn(name):
                response = Response(
                    await worker.ask(backend, question), media_type="application/octet-stream"
                )
        except RefusedError as refusal:
            response = refusal.response()
        group.cancel_scope.cancel()
    return response


async def _refuse(_: Request, error: Exception) -> Response:
    return error.response() if isinstance(error, RefusedError) else Response(status_code=500)


async def _no_such_address(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return RefusedError(
            405,
            "wrong-method",
            "this address takes another method: GET /health, GET /devices, POST /run",
        ).response()
    return RefusedError(
        404, "no-such-address", "the bridge has /health, /devices and /run"
    ).response()


async def _failed(_: Request, error: Exception) -> Response:
    """Starlette raises the error again behind this answer, so that it is printed where the bridge
    runs.
    """
    return RefusedError(
        500,
        "bridge-failed",
        f"the bridge itself failed ({type(error).__name__}): see what it printed",
    ).response()


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=_GONE)
