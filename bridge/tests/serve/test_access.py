import json
import socket

import pytest
from serve.running import PAGE, Running, question, running


@pytest.fixture(scope="module")
def bridge():
    with running() as server:
        yield server


def test_the_page_with_the_token_is_answered(bridge: Running):
    answer = bridge.ask("GET", "/health")
    assert answer.status == 200
    assert answer.json["protocol"] == "gradproof-bridge/1"
    assert answer.headers["access-control-allow-origin"] == PAGE


def test_a_program_that_is_no_browser_needs_the_token_alone(bridge: Running):
    assert bridge.ask("GET", "/health", Origin=None).status == 200


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic {}",
        "Bearer {}x",
        "bearer{}",
        "Bearer \xe9\xff",
        "{}",
    ],
)
def test_without_the_token_nothing_is_told(bridge: Running, token: str | None):
    given = token.format(bridge.access.token) if token is not None else None
    for method, path in (
        ("GET", "/health"),
        ("GET", "/devices"),
        ("POST", "/run?backend=numpy-cpu"),
        ("GET", "/nothing"),
    ):
        answer = bridge.ask(
            method, path, question() if method == "POST" else None, Authorization=given
        )
        assert (answer.status, answer.json["code"]) == (401, "wrong-token")
        # The page may read why: its address may be one of an earlier start.
        assert answer.headers["access-control-allow-origin"] == PAGE


def test_the_first_letters_of_the_token_are_not_enough(bridge: Running):
    for length in (1, 10, len(bridge.access.token) - 1):
        assert (
            bridge.ask(
                "GET", "/health", Authorization=f"Bearer {bridge.access.token[:length]}"
            ).status
            == 401
        )


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:7358",
        "https://localhost:7357",
        "http://127.0.0.1:7357",
        "null",
        "http://evil.example",
        "",
    ],
)
def test_another_page_is_refused_though_it_knows_the_token(bridge: Running, origin: str):
    answer = bridge.ask("GET", "/health", Origin=origin)
    assert (answer.status, answer.json["code"]) == (403, "wrong-origin")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{}",
        "127.0.0.1",
        "localhost:1",
        "127.0.0.1:{}.evil.example",
        "0.0.0.0:{}",
    ],
)
def test_a_name_that_was_rebound_to_loopback_is_refused(bridge: Running, host: str):
    answer = bridge.ask("GET", "/health", Host=host.format(bridge.port), Origin=None)
    assert (answer.status, answer.json["code"]) == (403, "wrong-host")


def test_its_own_name_is_taken(bridge: Running):
    assert bridge.ask("GET", "/health", Host=f"localhost:{bridge.port}").status == 200


def test_two_hosts_are_refused(bridge: Running):
    with bridge.socket() as raw:
        raw.sendall(
            f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{bridge.port}\r\nHost: evil.example\r\n\r\n".encode()
        )
        assert raw.recv(100).split()[1] in (b"400", b"403")


def test_a_preflight_of_the_page_is_answered_and_one_of_another_is_not(bridge: Running):
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
        "Authorization": None,
    }
    own = bridge.ask("OPTIONS", "/run", **asked)
    assert own.status == 200
    assert own.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in own.headers
    foreign = bridge.ask("OPTIONS", "/run", Origin="http://evil.example", **asked)
    assert foreign.status == 403
    assert not any(name.startswith("access-control") for name in foreign.headers)


@pytest.mark.parametrize(
    "asked",
    [
        {"Access-Control-Request-Method": "DELETE"},
        {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-forwarded-for",
        },
    ],
)
def test_a_preflight_for_more_than_the_protocol_has_is_refused_in_json(
    bridge: Running, asked: dict[str, str]
):
    answer = bridge.ask("OPTIONS", "/run", Authorization=None, **asked)
    assert (answer.status, answer.json["code"]) == (400, "bad-preflight")
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/run/",
        "/health/",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/run/../../health",
        "/health/..%2f..%2fetc%2fpasswd",
        "//evil.example/health",
    ],
)
def test_there_is_nothing_beside_the_three_addresses(bridge: Running, path: str):
    answer = bridge.ask("GET", path)
    assert (answer.status, answer.json["code"]) == (404, "no-such-address")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "TRACE"])
def test_a_job_is_posted(bridge: Running, method: str):
    answer = bridge.ask(method, "/run?backend=numpy-cpu")
    assert (answer.status, answer.json["code"]) == (405, "wrong-method")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /health HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_json_too(bridge: Running, sent: bytes):
    with bridge.socket() as raw:
        raw.sendall(sent)
        answer = b""
        while part := raw.recv(4096):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/json" in head
    assert json.loads(body)["code"] == "bad-request"


def test_no_other_interface_is_listened_on(bridge: Running):
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)} | {
        "::1",
        "127.0.0.2",
    }
    for address in addresses - {"127.0.0.1"}:
        with pytest.raises(OSError, match=r"."):
            socket.create_connection((address, bridge.port), timeout=2).close()
