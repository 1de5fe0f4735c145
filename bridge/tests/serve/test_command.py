import http.client
import json
import subprocess
import sys

import pytest

from gradproof_bridge.cli import main
from gradproof_bridge.serve.server import origin_of, welcome

COMMAND = [sys.executable, "-m", "gradproof_bridge", "serve"]


def _start(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_it_announces_itself_to_who_started_it_and_ends_with_it():
    process = _start("--announce")
    told = json.loads(process.stdout.readline())
    connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=20)
    connection.request("GET", "/health", headers={"Authorization": f"Bearer {told['token']}"})
    assert connection.getresponse().status == 200
    listed = subprocess.run(
        ["ps", "-o", "args=", "-p", str(process.pid)], capture_output=True, check=True
    ).stdout
    assert b"--announce" in listed
    assert told["token"].encode() not in listed
    process.stdin.close()
    assert process.wait(20) == 0
    assert len(told["token"]) >= 40


def test_it_ends_in_the_middle_of_its_start_without_a_complaint():
    process = subprocess.Popen(
        [*COMMAND, "--announce"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told = json.loads(process.stdout.readline())
    *connections, last = [
        http.client.HTTPConnection("127.0.0.1", told["port"], timeout=20) for _ in range(3)
    ]
    for connection in connections:
        connection.request("GET", "/devices", headers={"Authorization": f"Bearer {told['token']}"})
    # Once this is answered, those before it have come.
    last.request("GET", "/health", headers={"Authorization": f"Bearer {told['token']}"})
    last.getresponse().read()
    _, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (0, b"")
    answers = [connection.getresponse() for connection in connections]
    assert [(answer.status, json.loads(answer.read())["code"]) for answer in answers] in (
        [(500, "worker-failed"), (500, "worker-died")],
        [(500, "worker-died"), (500, "worker-failed")],
        [(500, "worker-died"), (500, "worker-died")],
    )


def test_by_itself_it_prints_the_address_with_the_token_and_a_new_one_each_time():
    tokens = set()
    for _ in range(2):
        process = _start("--page", "https://gradproof.example/app/")
        lines = [process.stdout.readline().decode() for _ in range(3)]
        process.terminate()
        process.wait(20)
        assert "https://gradproof.example at http://127.0.0.1:" in lines[0]
        address, _, fragment = lines[2].strip().partition("#bridge=")
        assert address == "https://gradproof.example/app/bridge.html"
        tokens.add(fragment.partition(".")[2])
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("http://localhost:7357", "http://localhost:7357/bridge.html"),
        ("http://LOCALHOST:7357/", "http://localhost:7357/bridge.html"),
        ("https://gradproof.example/app", "https://gradproof.example/app/bridge.html"),
        ("https://gradproof.example/app/", "https://gradproof.example/app/bridge.html"),
        ("https://gradproof.example/app/index.html", "https://gradproof.example/app/bridge.html"),
        (
            "https://gradproof.example/app/bridge.html?tier=full#parity",
            "https://gradproof.example/app/bridge.html",
        ),
        ("https://gradproof.example:443/a b/", "https://gradproof.example/a%20b/bridge.html"),
        ("http://[::1]:80/", "http://[::1]/bridge.html"),
    ],
)
def test_the_address_leads_to_the_page_whatever_was_named(page: str, address: str):
    printed = welcome(page, 1234, "token").split()
    assert printed[-1] == f"{address}#bridge=1234.token"
    assert address.startswith(f"{origin_of(page)}/")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--page", "nonsense"],
        ["--page", "file:///etc/passwd"],
        ["--page", "http://user@localhost/"],
        ["--page", "http://localhost:no/"],
        ["--page", "http://:80/"],
        ["--port", "70000"],
        ["--port", "-1"],
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["serve", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"gradproof-bridge: {arguments[0]} {arguments[1]}: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_port_that_is_taken_is_said():
    process = _start("--announce")
    port = json.loads(process.stdout.readline())["port"]
    second = subprocess.run(
        [*COMMAND, "--port", str(port)], capture_output=True, check=False, timeout=60
    )
    process.stdin.close()
    process.wait(20)
    assert second.returncode == 2
    assert b"cannot be used" in second.stderr
