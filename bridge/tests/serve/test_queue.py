import threading

from serve.running import SCRIPT, Running, question, running, wait_until

from gradproof_bridge.serve.limits import Limits

WAITS_FOR_A_FILE = (
    SCRIPT
    + """
while message := asked():
    while not os.path.exists(os.environ["GO_FILE"]): time.sleep(0.01)
    send(b"A", message[1])
"""
)


def test_jobs_of_two_pages_are_computed_one_after_the_other_and_see_their_place(
    tmp_path, monkeypatch
):
    go = tmp_path / "go"
    monkeypatch.setenv("GO_FILE", str(go))
    with running(child=WAITS_FOR_A_FILE) as bridge:
        order: list[str] = []
        pages = []
        for place, name in enumerate(("first", "page-a-1", "page-b-2")):
            pages.append(threading.Thread(target=_run, args=(bridge, name, order)))
            pages[-1].start()
            wait_until(lambda name=name: bridge.health(name)["ahead"] is not None)
            assert bridge.health(name)["ahead"] == place
        assert bridge.health()["jobs"] == 3
        assert [bridge.health(page)["ahead"] for page in ("page", "page-b", "page-b-2", "pag")] == [
            1,
            2,
            2,
            None,
        ]
        assert bridge.health("unknown")["ahead"] is None
        repeated = bridge.run(question(), **{"Gradproof-Job": "page-a-1"})
        assert (repeated.status, repeated.json["code"]) == (409, "repeated-job")
        go.touch()
        for page in pages:
            page.join(20)
        assert sorted(order) == ["first 200", "page-a-1 200", "page-b-2 200"]
        assert bridge.health()["jobs"] == 0


def test_a_page_that_goes_away_leaves_the_line(tmp_path, monkeypatch):
    go = tmp_path / "go"
    monkeypatch.setenv("GO_FILE", str(go))
    with running(child=WAITS_FOR_A_FILE) as bridge:
        order: list[str] = []
        first = threading.Thread(target=_run, args=(bridge, "first", order))
        first.start()
        wait_until(lambda: bridge.health("first")["ahead"] == 0)
        body = question()
        with bridge.socket() as raw:
            raw.sendall(bridge.start_of_run(len(body)) + body)
            wait_until(lambda: bridge.health()["jobs"] == 2)
        wait_until(lambda: bridge.health()["jobs"] == 1)
        go.touch()
        first.join(20)
        assert order == ["first 200"]


def test_the_line_is_no_longer_than_it_may_be(tmp_path, monkeypatch):
    go = tmp_path / "go"
    monkeypatch.setenv("GO_FILE", str(go))
    with running(Limits(waiting=1), WAITS_FOR_A_FILE) as bridge:
        order: list[str] = []
        pages = [
            threading.Thread(target=_run, args=(bridge, name, order))
            for name in ("first", "second")
        ]
        for page in pages:
            page.start()
        wait_until(lambda: bridge.health()["jobs"] == 2)
        answer = bridge.run(question())
        assert (answer.status, answer.json["code"]) == (503, "queue-full")
        go.touch()
        for page in pages:
            page.join(20)
        assert sorted(order) == ["first 200", "second 200"]


def _run(bridge: Running, job: str, order: list[str]) -> None:
    order.append(f"{job} {bridge.run(question(), **{'Gradproof-Job': job}).status}")
