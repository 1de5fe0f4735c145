import os
import socket
import time

import pytest
from serve.running import ANSWERS, SCRIPT, question, running, wait_until

from gradproof_bridge.serve.limits import Limits

TELLS_ITS_PID = (
    SCRIPT
    + """
kind, content = asked()
with open(os.environ["PID_FILE"], "w") as file: file.write(str(os.getpid()))
"""
)
KILLS_ITSELF_ONCE = (
    TELLS_ITS_PID
    + """
mark = os.environ["PID_FILE"] + ".killed"
if not os.path.exists(mark):
    open(mark, "w").close()
    os.kill(os.getpid(), 9)
send(b"A", content)
asked()
"""
)


def test_a_question_that_says_it_is_too_large_is_refused_before_it_is_sent():
    with running(Limits(body_bytes=1000)) as bridge, bridge.socket() as raw:
        raw.sendall(bridge.start_of_run(1001))
        assert raw.recv(20).split()[1] == b"413"


def test_a_question_that_grows_too_large_is_refused():
    with running(Limits(body_bytes=1000)) as bridge, bridge.socket() as raw:
        start = bridge.start_of_run(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        raw.sendall(start + b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert raw.recv(20).split()[1] == b"413"


def test_a_question_that_is_cut_off_is_forgotten():
    with running(child=ANSWERS) as bridge:
        body = question()
        with bridge.socket() as raw:
            raw.sendall(bridge.start_of_run(len(body)) + body[:50])
        assert bridge.run(body).status == 200
        assert bridge.health()["jobs"] == 0


def test_a_header_that_trickles_in_is_cut_off():
    with running(Limits(header_seconds=0.5)) as bridge, bridge.socket() as raw:
        started = time.monotonic()
        assert _is_cut_off(raw, bridge.start_of_run(10))
        assert time.monotonic() - started < 3


def test_a_second_request_on_a_connection_may_not_trickle_either():
    with running(Limits(header_seconds=0.5)) as bridge, bridge.socket() as raw:
        head = "\r\n".join(
            [
                "GET /health HTTP/1.1",
                *(f"{name}: {value}" for name, value in bridge.headers().items()),
                "",
                "",
            ]
        )
        raw.sendall(head.encode())
        assert raw.recv(4000).startswith(b"HTTP/1.1 200")
        assert _is_cut_off(raw, head.encode())


def test_a_body_that_trickles_in_is_refused_while_others_are_answered():
    with running(Limits(body_seconds=1), ANSWERS) as bridge, bridge.socket() as raw:
        raw.sendall(bridge.start_of_run(1000) + b"x")
        assert bridge.run(question()).status == 200
        assert raw.recv(20).split()[1] == b"408"


def test_many_idle_connections_do_not_keep_others_out_for_ever():
    with running(Limits(header_seconds=0.5, connections=8)) as bridge:
        idle = [bridge.socket() for _ in range(20)]
        wait_until(lambda: bridge.ask("GET", "/health").status == 200, 10)
        for connection in idle:
            connection.close()


def test_a_job_that_takes_too_long_is_stopped(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    monkeypatch.setenv("PID_FILE", str(pid))
    with running(Limits(job_seconds=1), TELLS_ITS_PID + "time.sleep(100)") as bridge:
        answer = bridge.run(question())
        assert (answer.status, answer.json["code"]) == (504, "job-timeout")
        wait_until(lambda: not _lives(int(pid.read_text())))


TAKES_MEMORY_ONCE = KILLS_ITSELF_ONCE.replace(
    "os.kill(os.getpid(), 9)", "held = bytes(2**28); held = [bytes([7]) * 2**28]; time.sleep(100)"
)


def test_a_job_that_takes_too_much_memory_is_stopped_and_the_next_one_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("PID_FILE", str(tmp_path / "pid"))
    with running(Limits(memory_bytes=2**28), TAKES_MEMORY_ONCE) as bridge:
        answer = bridge.run(question())
        assert (answer.status, answer.json["code"]) == (500, "out-of-memory")
        assert "0.25 GiB" in answer.json["message"]
        assert bridge.run(question()).status == 200


def test_a_page_that_goes_away_stops_its_job(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    monkeypatch.setenv("PID_FILE", str(pid))
    with running(child=TELLS_ITS_PID + "time.sleep(100)") as bridge:
        body = question()
        with bridge.socket() as raw:
            raw.sendall(bridge.start_of_run(len(body)) + body)
            wait_until(lambda: pid.exists() and pid.read_text())
            assert bridge.health()["jobs"] == 1
        wait_until(lambda: not _lives(int(pid.read_text())))
        wait_until(lambda: bridge.health()["jobs"] == 0)


def test_a_process_that_is_killed_in_a_job_costs_that_job(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    monkeypatch.setenv("PID_FILE", str(pid))
    with running(child=KILLS_ITSELF_ONCE) as bridge:
        answer = bridge.run(question())
        assert (answer.status, answer.json["code"]) == (500, "worker-died")
        assert bridge.run(question()).status == 200


@pytest.mark.parametrize(
    ("child", "code"),
    [
        (
            SCRIPT
            + "asked(); sys.stdout.buffer.write(frame(b'A', b'x' * 100)[:-1]); sys.stdout.flush()",
            "worker-died",
        ),
        (SCRIPT + "asked(); send(b'A', b'x' * 2001); time.sleep(100)", "too-large"),
        ("raise SystemExit('it does not start')", "worker-failed"),
        ("import time; time.sleep(100)", "worker-failed"),
    ],
)
def test_a_process_that_breaks_is_told_apart(child: str, code: str):
    with running(Limits(body_bytes=2000, start_seconds=2), child) as bridge:
        answer = bridge.run(question())
        assert (answer.status, answer.json["code"]) == (500, code)
        assert bridge.health()["jobs"] == 0


LOADS_WHEN_IT_MAY = (
    SCRIPT
    + """
while message := read_frame(sys.stdin.buffer):
    if message[0] == b"L":
        with open(os.environ["PID_FILE"], "a") as file: print(os.getpid(), file=file)
        while not os.path.exists(os.environ["PID_FILE"] + ".go"): time.sleep(0.01)
    send(b"R" if message[0] == b"L" else b"A", message[1])
"""
)


def test_a_page_that_goes_away_while_a_library_loads_does_not_cost_the_next_one_the_same_wait(
    tmp_path, monkeypatch
):
    pids = tmp_path / "pid"
    monkeypatch.setenv("PID_FILE", str(pids))
    with running(child=LOADS_WHEN_IT_MAY) as bridge:
        body = question()
        with bridge.socket() as raw:
            raw.sendall(bridge.start_of_run(len(body)) + body)
            wait_until(pids.exists)
        (tmp_path / "pid.go").touch()
        assert bridge.run(body).status == 200
        assert len(set(pids.read_text().split())) == 1


def test_a_library_that_does_not_load_is_missing_when_it_is_asked(tmp_path):
    (tmp_path / "mlx").mkdir()
    (tmp_path / "mlx/__init__.py").write_text(
        "raise ImportError('it was built for another machine')"
    )
    child = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from gradproof_bridge.serve.child import main; main()"
    with running(child=child) as bridge:
        answer = bridge.run(question(), "mlx")
        assert (answer.status, answer.json["code"]) == (422, "missing-library")
        assert "built for another machine" in answer.json["message"]
        assert bridge.run(question()).status == 200


def test_the_process_ends_with_the_server(tmp_path, monkeypatch):
    pid = tmp_path / "pid"
    monkeypatch.setenv("PID_FILE", str(pid))
    with running(child=TELLS_ITS_PID + "send(b'A', b'')\nasked()\ntime.sleep(100)") as bridge:
        assert bridge.run(question()).status == 200
        number = int(pid.read_text())
        assert _lives(number)
    wait_until(lambda: not _lives(number))


def _is_cut_off(connection: socket.socket, sent: bytes) -> bool:
    """Whether the server closes the connection while bytes trickle in, twenty a second."""
    try:
        for byte in sent:
            connection.send(bytes([byte]))
            time.sleep(0.05)
    except OSError:
        return True
    return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
