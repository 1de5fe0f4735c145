import json
import struct

import numpy as np
import pytest
from serve.running import NUMPY_ALONE, Running, question, running

from gradproof_bridge.bundle.safetensors_file import read_safetensors, write_safetensors


@pytest.fixture(scope="module")
def bridge():
    with running(child=NUMPY_ALONE) as server:
        yield server


def test_a_product_is_computed(bridge: Running):
    answer = bridge.run(question())
    assert answer.status == 200
    metadata, tensors = read_safetensors(answer.body)
    assert np.array_equal(tensors["out.y"], [[19, 22], [43, 50]])
    assert metadata["op"] == "matmul"
    assert metadata["device"] == "cpu"
    assert metadata["producer"].startswith("numpy ")
    assert float(metadata["took_ms"]) >= 0


def test_gradients_come_where_some_flow_in(bridge: Running):
    square = [[1, 2], [3, 4]]
    answer = bridge.run(question(a=square, b=[[5, 6], [7, 8]], **{"grad.y": [[1, 0], [0, 1]]}))
    _, tensors = read_safetensors(answer.body)
    assert set(tensors) == {"out.y", "out.grad.a", "out.grad.b"}
    assert np.array_equal(tensors["out.grad.b"], np.transpose(square))


def test_the_devices_are_told_with_their_libraries(bridge: Running):
    told = bridge.ask("GET", "/devices").json
    (numpy_cpu,) = [entry for entry in told["backends"] if entry["id"] == "numpy-cpu"]
    assert numpy_cpu["device"] == "cpu"
    assert numpy_cpu["libraries"] == [{"name": "numpy", "version": np.__version__}]
    assert "matmul" in numpy_cpu["ops"]
    assert all(set(entry) == {"name", "reason"} for entry in told["missing"])


WHOLE = question()
HUGE_HEADER = struct.pack("<Q", 2**62) + b"{}"
HEADER = json.loads(WHOLE[8 : 8 + struct.unpack("<Q", WHOLE[:8])[0]])


def with_header(header: object) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + WHOLE[-32:]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad-format"),
        (b"not a bundle at all", "bad-format"),
        (HUGE_HEADER, "bad-format"),
        (WHOLE[:40], "bad-format"),
        (WHOLE[:-1], "bad-format"),
        (WHOLE + b"x", "bad-format"),
        (with_header({**HEADER, "in.a": {**HEADER["in.a"], "shape": [2, 3]}}), "bad-format"),
        (
            with_header({**HEADER, "in.a": {**HEADER["in.a"], "data_offsets": [0, 2**52]}}),
            "bad-format",
        ),
        (with_header([]), "bad-format"),
        (write_safetensors({"in.a": np.ones(2, np.float32)}, {}), "bad-format"),
        (question("no_such_op", x=[1]), "bad-format"),
        (question(a=[[1]], c=[[1]]), "bad-format"),
        (question(a=[[1, 2]], b=[[1, 2]]), "library-failed"),
        (question("softmax", params={"axis": "last"}, x=[1]), "bad-format"),
        (question("softmax", params={"axis": 0.5}, x=[1]), "bad-format"),
        (question("softmax", params={"axis": [0]}, x=[1]), "bad-format"),
        (question("softmax", params=[], x=[1]), "bad-format"),
        (question("softmax", params={"axis": 7}, x=[1]), "bad-format"),
    ],
)
def test_what_is_no_question_costs_itself_alone(bridge: Running, body: bytes, code: str):
    answer = bridge.run(body)
    assert answer.status in (400, 500)
    assert answer.json["code"] == code
    assert "\n" not in answer.json["message"]
    assert bridge.run(question()).status == 200


def test_a_parameter_that_is_null_is_absent(bridge: Running):
    absent, null = (
        bridge.run(question("softmax", params=params, x=[[1, 2], [3, 5]]))
        for params in ({}, {"axis": None})
    )
    (_, told), (_, asked) = (read_safetensors(answer.body) for answer in (absent, null))
    assert np.array_equal(told["out.y"], asked["out.y"])
    assert np.allclose(asked["out.y"].sum(axis=-1), 1)


def test_a_backend_that_is_not_here_is_named(bridge: Running):
    for name in ("nonsense", "torch-cuda-9", "../numpy-cpu", ""):
        answer = bridge.run(question(), name)
        assert (answer.status, answer.json["code"]) == (404, "missing-backend")
        assert "numpy-cpu" in answer.json["message"]


@pytest.mark.parametrize("job", ["a b", "x" * 65, "../x", ""])
def test_a_name_of_a_job_that_is_none_is_refused(bridge: Running, job: str):
    answer = bridge.run(question(), **{"Gradproof-Job": job})
    assert (answer.status, answer.json["code"]) == (400, "bad-job")
