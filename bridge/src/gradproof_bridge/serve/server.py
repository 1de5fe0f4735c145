"""The server: one socket on loopback, one token, one page."""

from __future__ import annotations

import json
import secrets
import socket
import sys
import threading
from urllib.parse import quote, urlsplit

import uvicorn

from gradproof_bridge.errors import UsageError
from gradproof_bridge.serve.app import Access, create_app
from gradproof_bridge.serve.impatient import impatient
from gradproof_bridge.serve.limits import Limits
from gradproof_bridge.serve.queue import JobQueue
from gradproof_bridge.serve.worker import Worker

_LOOPBACK = "127.0.0.1"


def serve(page: str, port: int, *, announce: bool) -> int:
    """Answers the page until Ctrl-C, or until standard input ends. Raises UsageError."""
    origin = origin_of(page)
    listener = listen(port)
    port = listener.getsockname()[1]
    access = access_to(port, origin)
    server = make_server(access, Limits())
    if announce:
        print(json.dumps({"port": port, "token": access.token}), flush=True)
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    else:
        print(welcome(page, port, access.token), flush=True)
    server.run(sockets=[listener])
    return 0


def origin_of(page: str) -> str:
    """The origin of an address as a browser writes it. Raises UsageError for what is no address of
    a page.
    """
    try:
        parts = urlsplit(page)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise UsageError(
            f"--page {page}: must be the address of a page, such as http://localhost:7357/"
        )
    # A browser leaves the scheme's own port out of an origin.
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _bridge_page(page: str) -> str:
    """The page under the policy that lets it ask a bridge: `bridge.html` in the folder of the page,
    whatever is behind its address.
    """
    folder, _, last = urlsplit(page).path.rpartition("/")
    # `app/index.html` is a file in `app`; `app`, which a server redirects to `app/`, is a folder.
    within = folder if "." in last else f"{folder}/{last}".rstrip("/")
    return f"{origin_of(page)}{quote(within, safe='/%')}/bridge.html"


def access_to(port: int, page: str) -> Access:
    """Who may ask at a port: a page's origin, with a token that is new every time."""
    hosts = frozenset({f"{_LOOPBACK}:{port}", f"localhost:{port}"})
    return Access(secrets.token_urlsafe(32), page, hosts)


def make_server(access: Access, limits: Limits, worker: Worker | None = None) -> uvicorn.Server:
    """The server, which does not listen yet."""

    def crowded() -> bool:
        return len(server.server_state.connections) > limits.connections

    worker = worker or Worker(limits)
    app = create_app(worker, JobQueue(limits.waiting), access, limits, crowded)
    config = uvicorn.Config(
        app,
        http=impatient(limits.header_seconds),
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, worker)
    return server


class _Server(uvicorn.Server):
    """Ends the process that computes before it waits for requests: requests that wait for that
    process are told, and nothing is broken off.
    """

    def __init__(self, config: uvicorn.Config, worker: Worker) -> None:
        super().__init__(config)
        self._worker = worker

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._worker.close()
        await super().shutdown(sockets)


def listen(port: int) -> socket.socket:
    """A socket on this machine's own interface, and on no other."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((_LOOPBACK, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(
            f"--port {port}: cannot be used ({error}): leave it out to take any that is free"
        ) from error
    return listener


def welcome(page: str, port: int, token: str) -> str:
    """What a person is told who starts the bridge by hand."""
    address = f"{_bridge_page(page)}#bridge={port}.{token}"
    return "\n".join(
        (
            f"The bridge answers {origin_of(page)} at http://{_LOOPBACK}:{port} until Ctrl-C.",
            "Open this address; it holds the token, so do not pass it on:",
            f"  {address}",
        )
    )


def _end_with_input(server: uvicorn.Server) -> None:
    """Ends the server when the process that started it is gone."""
    while sys.stdin.buffer.read(4096):
        pass
    server.should_exit = True
