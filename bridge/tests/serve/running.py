"""A real server on loopback, in this process, with limits that a test can wait for; and requests,
down to the bytes of a socket.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.bundle.safetensors_file import write_safetensors
from gradproof_bridge.serve.limits import Limits
from gradproof_bridge.serve.server import access_to, listen, make_server
from gradproof_bridge.serve.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradproof_bridge.serve.app import Access

PAGE = "http://localhost:7357"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Running:
    port: int
    access: Access

    def headers(self, **changes: str | None) -> dict[str, str]:
        """Those of the right page; a change of None leaves one out."""
        usual = {
            "Host": f"127.0.0.1:{self.port}",
            "Origin": PAGE,
            "Authorization": f"Bearer {self.access.token}",
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def ask(
        self, method: str, path: str, body: bytes | None = None, **changes: str | None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, self.headers(**changes))
        response = connection.getresponse()
        answer = Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            response.read(),
        )
        connection.close()
        return answer

    def run(self, question: bytes, backend: str = "numpy-cpu", **changes: str | None) -> Answer:
        return self.ask("POST", f"/run?backend={backend}", question, **changes)

    def health(self, job: str = "") -> Any:
        return self.ask("GET", f"/health?job={job}").json

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def start_of_run(self, length: int, backend: str = "numpy-cpu") -> bytes:
        """The header of a request for a job, whose body a test sends as it likes."""
        lines = [
            f"POST /run?backend={backend} HTTP/1.1",
            *(f"{name}: {value}" for name, value in self.headers().items()),
        ]
        return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


@contextmanager
def running(limits: Limits | None = None, child: str | None = None) -> Iterator[Running]:
    """A server; `child` is the source of a program that takes the place of the process that
    computes.
    """
    limits = limits or Limits()
    listener = listen(0)
    port = listener.getsockname()[1]
    access = access_to(port, PAGE)
    worker = Worker(limits, (sys.executable, "-c", child)) if child else Worker(limits)
    server = make_server(access, limits, worker)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield Running(port, access)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
    assert not thread.is_alive()


def wait_until(holds: Any, seconds: float = 20) -> None:
    """Waits for what must come true soon."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def question(op: str = "matmul", params: object = None, **inputs: Any) -> bytes:
    """A bundle without outputs; [1 2; 3 4] times [5 6; 7 8] unless something else is asked."""
    given = inputs or {"a": [[1, 2], [3, 4]], "b": [[5, 6], [7, 8]]}
    tensors = {f"in.{name}": np.asarray(values, np.float32) for name, values in given.items()}
    return write_safetensors(
        tensors,
        {
            "schema": "parity-bundle/1",
            "op": op,
            "params": json.dumps({} if params is None else params),
            "producer": "a test",
        },
    )


DEVICES = json.dumps(
    {
        "backends": [{"id": "numpy-cpu", "device": "cpu", "libraries": [], "ops": ["matmul"]}],
        "missing": [],
    }
)
SCRIPT = f"""
import os, sys, time
from gradproof_bridge.serve.frames import frame, read_frame
def send(kind, content):
    sys.stdout.buffer.write(frame(kind, content)); sys.stdout.buffer.flush()
def asked():
    while (message := read_frame(sys.stdin.buffer)) and message[0] == b"L": send(b"R", b"")
    return message
send(b"R", {DEVICES!r}.encode())
"""
"""The beginning of a program that says it is ready, has nothing to load, and then does what a test
wants.
"""

ANSWERS = SCRIPT + "while message := asked(): send(b'A', message[1])"
"""A program that gives every question back."""

NUMPY_ALONE = """
import sys
sys.modules.update(dict.fromkeys(("torch", "mlx", "onnx")))
from gradproof_bridge.serve.child import main
main()
"""
"""The process that computes, without the libraries that take seconds to load."""
