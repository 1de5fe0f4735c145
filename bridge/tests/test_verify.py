import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from gradproof_bridge.backends.registry import backend_named
from gradproof_bridge.bundle.bundle import Bundle, write_bundle
from gradproof_bridge.bundle.safetensors_file import write_safetensors
from gradproof_bridge.cli import main
from gradproof_bridge.compute import compute
from gradproof_bridge.formulas.checkpoint import (
    Nested,
    QuantizedWeight,
    read_quantized,
    write_quantized,
)
from gradproof_bridge.formulas.registry import expect

X = np.linspace(-2, 2, 24, dtype=np.float32).reshape(4, 6)


def needs(library):
    return pytest.mark.skipif(
        backend_named(library).problem is not None,
        reason=f"needs {library}: {backend_named(library).problem}",
    )


def verified(capsys, *arguments):
    status = main(["verify", *map(str, arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


def softmax_bundle(y):
    return write_bundle(Bundle("softmax", {}, "gradproof", "webgpu", {"x": X}, {"y": y}))


def test_a_right_bundle_agrees_with_the_formula_and_with_a_library(tmp_path, capsys):
    path = tmp_path / "a.safetensors"
    path.write_bytes(softmax_bundle(compute({"x": X}, "softmax", {}, "numpy")["y"]))
    status, checks = verified(capsys, path, "--backend", "numpy")
    assert status == 0
    assert [(check["verdict"], check["by"].split()[0]) for check in checks] == [
        ("agrees", "the"),
        ("agrees", "numpy"),
    ]


def test_a_planted_wrong_value_is_named(tmp_path, capsys):
    y = compute({"x": X}, "softmax", {}, "numpy")["y"]
    y[2, 3] *= np.float32(1.0001)
    (tmp_path / "a.safetensors").write_bytes(softmax_bundle(y))
    status, checks = verified(capsys, tmp_path, "--backend", "numpy")
    assert status == 1
    assert [check["verdict"] for check in checks] == ["deviates", "deviates"]
    assert "[2, 3]" in checks[0]["detail"]


def test_shapes_that_do_not_fit_are_unreadable_in_one_line(tmp_path, capsys):
    (tmp_path / "a.safetensors").write_bytes(softmax_bundle(X[:3]))
    status, checks = verified(capsys, tmp_path, "--backend", "numpy")
    assert status == 2
    assert checks[0]["verdict"] == "unreadable"
    assert checks[0]["detail"] == "softmax: out.y has shape [3, 6]; [4, 6] is needed"


IMAGE = np.ones((1, 1, 2, 2), np.float32)
ROW = np.ones(3, np.float32)
ROW_OF_8 = np.ones((1, 8), np.float32)
LLAMA = {
    "config": dict.fromkeys(
        ("vocab", "hidden", "intermediate", "layers", "heads", "kv_heads", "rms_eps", "rope_theta"),
        2**40,
    )
}
IDS = {"input_ids": np.zeros((1, 1, 2), np.int32), "labels": np.zeros((1, 1, 2), np.int32)}


@pytest.mark.parametrize(
    ("op", "params", "inputs", "outputs", "verdict"),
    [
        (
            "conv2d",
            {"padding": [2**40, 0, 0, 0]},
            {"x": IMAGE, "weight": IMAGE},
            {"y": IMAGE},
            "unreadable",
        ),
        (
            "avg_pool2d",
            {"kernel": 2**40, "padding": [2**40] * 4},
            {"x": IMAGE},
            {"y": IMAGE},
            "unreadable",
        ),
        (
            # One window, as large as its padding.
            "avg_pool2d",
            {"kernel": 2**30, "padding": [2**29] * 4},
            {"x": IMAGE},
            {"y": np.ones((1, 1, 1, 1), np.float32)},
            "unreadable",
        ),
        (
            # Few along each direction, many in all.
            "max_pool2d",
            {"kernel": 2**20, "padding": [2**19] * 4},
            {"x": IMAGE},
            {"y": np.ones((1, 1, 1, 1), np.float32)},
            "unreadable",
        ),
        (
            "hqq_quantize",
            {"group_size": 8, "iters": 10**12},
            {"weight": ROW_OF_8},
            {"dequant": ROW_OF_8},
            "unreadable",
        ),
        (
            "rotary_embedding",
            {"head_dim": 2**40},
            {"q": IMAGE, "k": IMAGE, "position_ids": np.zeros((1, 2), np.int32)},
            {"q": IMAGE},
            "unreadable",
        ),
        (
            "train_llama",
            {"mode": "full", "steps": 1, "clip": 1, **LLAMA},
            {**IDS, "base.x": ROW},
            {"losses": ROW[:1]},
            "unreadable",
        ),
        (
            "train_llama",
            {"mode": "full", "steps": 1, "clip": 1, "optimizer": "lion", **LLAMA},
            IDS,
            {"losses": ROW[:1]},
            "not-checked",
        ),
        (
            "train_llama",
            {"mode": "lora", "steps": 1, "clip": 1, "lora_dropout": 0.1, **LLAMA},
            IDS,
            {"losses": ROW[:1]},
            "not-checked",
        ),
        (
            "lr_schedule",
            {"name": "linear", "base_lr": 1, "total": 2**40},
            {},
            {"lr": ROW},
            "agrees",
        ),
        (
            "quantize_blockwise",
            {"blocksize": 2**40, "rounding": "nearest"},
            {"x": ROW, "code": ROW},
            {"absmax": ROW[:1]},
            "agrees",
        ),
        (
            "dequantize_linear",
            {"axis": 0, "block_size": 2**40},
            {"q": np.ones(3, np.int8), "scale": ROW},
            {"y": ROW},
            "agrees",
        ),
        (
            "add",
            {},
            {"a": np.ones((2**22, 1), np.float32), "b": np.ones((1, 2**22), np.float32)},
            {"y": IMAGE},
            "unreadable",
        ),
    ],
)
def test_a_bundle_that_asks_for_the_immeasurable_costs_one_line(
    tmp_path, capsys, op, params, inputs, outputs, verdict
):
    (tmp_path / "a.safetensors").write_bytes(
        write_bundle(Bundle(op, params, "unknown", "cpu", inputs, outputs))
    )
    _, [check, *_] = verified(capsys, tmp_path, "--backend", "numpy")
    assert check["verdict"] == verdict, check["detail"]
    assert "\n" not in check["detail"]


@pytest.mark.parametrize("steps", [4, 9, 15])
def test_a_schedule_is_as_long_as_it_was_recorded(tmp_path, capsys, steps):
    params = {"name": "linear", "base_lr": 0.5, "warmup": 2, "total": 10}
    rates = np.array([0.5 * min(t / 2, max(0, (10 - t) / 8)) for t in range(steps)])
    (tmp_path / "a.safetensors").write_bytes(
        write_bundle(Bundle("lr_schedule", params, "unknown", "cpu", {}, {"lr": rates}))
    )
    status, checks = verified(capsys, tmp_path, "--backend", "numpy")
    assert (status, [check["verdict"] for check in checks]) == (0, ["agrees", "agrees"]), checks


def test_a_folder_without_anything_is_wrong_use(tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 2
    assert main(["verify", str(tmp_path / "gone")]) == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_a_path_without_anything_is_said_beside_others(tmp_path, capsys):
    right, other, empty = tmp_path / "a.safetensors", tmp_path / "notes.txt", tmp_path / "empty"
    right.write_bytes(softmax_bundle(compute({"x": X}, "softmax", {}, "numpy")["y"]))
    other.write_text("nothing")
    empty.mkdir()
    status, checks = verified(capsys, right, other, empty, "--backend", "numpy")
    assert status == 0
    said = [(check["path"], check["what"]) for check in checks if check["verdict"] == "not-checked"]
    assert said == [(str(other), "file"), (str(empty), "folder")]
    assert [check["verdict"] for check in checks if check["path"] == str(right)] == [
        "agrees",
        "agrees",
    ]


def test_a_file_without_a_tensor_agrees_with_nobody(tmp_path, capsys):
    (tmp_path / "a.safetensors").write_bytes(write_safetensors({}, {}))
    status, checks = verified(capsys, tmp_path)
    assert (status, [(check["verdict"], check["detail"]) for check in checks]) == (
        1,
        [("not-checked", "it holds no tensor")],
    )


def adapter(folder, *, r=2, rank=2, dora=False):
    folder.mkdir(parents=True, exist_ok=True)
    prefix = "base_model.model.model.layers.0.self_attn.q_proj"
    tensors = {f"{prefix}.lora_A.weight": X[:rank], f"{prefix}.lora_B.weight": X[:, :rank].copy()}
    if dora:
        tensors[f"{prefix}.lora_magnitude_vector"] = X[:, 0].copy()
    (folder / "adapter_model.safetensors").write_bytes(write_safetensors(tensors, {"format": "pt"}))
    config = {
        "peft_type": "LORA",
        "r": r,
        "lora_alpha": 4,
        "target_modules": ["q_proj"],
        "use_dora": dora,
        "task_type": None,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))


@needs("peft")
@pytest.mark.parametrize("dora", [False, True])
def test_peft_loads_an_adapter(tmp_path, capsys, dora):
    adapter(tmp_path, dora=dora)
    status, checks = verified(capsys, tmp_path)
    assert (status, [check["verdict"] for check in checks]) == (0, ["agrees", "agrees"]), checks
    assert checks[1]["by"].startswith("peft ")


def test_an_adapter_of_another_rank_is_refused(tmp_path, capsys):
    adapter(tmp_path / "inner", r=8)
    status, checks = verified(capsys, tmp_path)
    assert status == 2
    assert "rank 8 is configured" in checks[0]["detail"]


def quantized(*, double):
    weight = np.sin(np.arange(6 * 64, dtype=np.float32)).reshape(6, 64)
    params = {
        "quant_type": "nf4",
        "blocksize": 64,
        "compress_statistics": double,
        "nested_blocksize": 256,
        "nested_rounding": "lut16",
    }
    found = {
        name: y.stored(np.dtype(np.float32))
        for name, y in expect("quantize_4bit", {"weight": weight}, params).items()
    }
    scales = (
        Nested(found["absmax_q"], found["nested_absmax"], float(found["nested_offset"][0]))
        if double
        else found["absmax"]
    )
    return QuantizedWeight(found["packed"], scales, weight.shape, "nf4", 64), found["dequant"]


@pytest.mark.parametrize("double", [False, True])
def test_a_quantized_checkpoint_is_read_as_it_was_written(double):
    weight, dequant = quantized(double=double)
    found = read_quantized(write_quantized({"model.w.weight": weight}))["model.w.weight"]
    assert (found.shape, found.quant_type, found.blocksize) == ((6, 64), "nf4", 64)
    # The formula rounds once at the end, a float32 decoder after each step.
    assert np.all(
        np.abs(found.decoded().astype(np.float64) - dequant) <= 2.0**-22 * np.abs(dequant) + 1e-9
    )


@needs("bitsandbytes")
@pytest.mark.parametrize("double", [False, True])
def test_bitsandbytes_reads_the_checkpoint_too(tmp_path, capsys, double):
    weight, _ = quantized(double=double)
    tensors = write_quantized({"model.w.weight": weight})
    (tmp_path / "model.safetensors").write_bytes(write_safetensors(tensors, {}))
    status, checks = verified(capsys, tmp_path)
    assert (status, [check["verdict"] for check in checks]) == (0, ["agrees", "agrees"]), checks
    import torch
    from bitsandbytes.functional import QuantState, dequantize_4bit

    state = QuantState.from_dict(
        {k: torch.from_numpy(x.copy()) for k, x in tensors.items() if k != "model.w.weight"},
        torch.device("cpu"),
    )
    theirs = dequantize_4bit(torch.from_numpy(weight.packed.copy()), state)
    assert np.array_equal(theirs.numpy(), weight.decoded())


@pytest.mark.parametrize("broken", ["absmax", "quant_map", "quant_state.bitsandbytes__nf4"])
def test_a_checkpoint_that_lacks_a_part_is_unreadable(tmp_path, capsys, broken):
    weight, _ = quantized(double=False)
    tensors = write_quantized({"w": weight})
    tensors[f"w.{broken}"] = np.zeros(3, np.uint8)
    (tmp_path / "model.safetensors").write_bytes(write_safetensors(tensors, {}))
    status, checks = verified(capsys, tmp_path)
    assert status == 2
    assert checks[-1]["verdict"] == "unreadable"
    assert "KeyError" not in checks[-1]["detail"]


def test_a_report_whose_summary_lies_deviates(tmp_path, capsys):
    results = [{"status": "pass"}, {"status": "fail"}]
    summary = {
        "total": 2,
        "passed": 1,
        "failed": 1,
        "skipped": 0,
        "errored": 0,
        "timedOut": 0,
        "lost": 0,
    }
    path = tmp_path / "report.json"
    path.write_text(
        json.dumps({"schema": "gradproof-report/1", "results": results, "summary": summary})
    )
    assert verified(capsys, path)[0] == 0
    path.write_text(
        json.dumps(
            {
                "schema": "gradproof-report/1",
                "results": results,
                "summary": {**summary, "failed": 0},
            }
        )
    )
    status, checks = verified(capsys, path)
    assert status == 1
    assert checks[0]["detail"] == "summary.failed is 0, counted 1"


@pytest.mark.parametrize(
    ("text", "verdict", "said"),
    [
        ("{", "unreadable", "no JSON"),
        ("[" * 100_000, "unreadable", "no JSON"),
        ("[]", "not-checked", "names no schema"),
        ('{"schema": "gradproof-report/9"}', "not-checked", "'gradproof-report/9'"),
        ('{"schema": "gradproof-report/1"}', "unreadable", "no list of results"),
        (
            '{"schema": "gradproof-report/1", "results": [], "summary": []}',
            "unreadable",
            "no summary",
        ),
        (
            '{"schema": "gradproof-report/1", "results": [{"status": "fine"}], "summary": {}}',
            "unreadable",
            "results[0] has the status 'fine'",
        ),
        (
            '{"schema": "gradproof-report/1", "results": [7], "summary": {}}',
            "unreadable",
            "results[0]",
        ),
        (
            '{"schema": "gradproof-report/1", "results": [{"status": ["pass"]}], "summary": {}}',
            "unreadable",
            "results[0]",
        ),
    ],
)
def test_json_that_is_no_report_is_said_and_not_dropped(tmp_path, capsys, text, verdict, said):
    (tmp_path / "odd.json").write_text(text)
    status, [check] = verified(capsys, tmp_path)
    assert (status, check["verdict"]) == ({"unreadable": 2, "not-checked": 1}[verdict], verdict)
    assert said in check["detail"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{", "no JSON"),
        ("[]", "peft_type 'None'"),
        ('{"peft_type": "LORA"}', "r 'None'; the rank"),
        ('{"peft_type": "LORA", "r": "8"}', "r '8'"),
        ('{"peft_type": "LORA", "r": true}', "the rank"),
        ('{"peft_type": "IA3", "r": 8}', "LORA is known"),
    ],
)
def test_a_configuration_that_is_none_is_said(tmp_path, capsys, config, said):
    adapter(tmp_path)
    (tmp_path / "adapter_config.json").write_text(config)
    status, [check] = verified(capsys, tmp_path)
    assert (status, check["verdict"]) == (2, "unreadable")
    assert said in check["detail"]


def test_a_part_of_an_adapter_stands_for_the_adapter(tmp_path, capsys):
    adapter(tmp_path, r=8)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        assert verified(capsys, tmp_path / name)[0] == 2


def test_a_bundle_of_another_version_is_not_taken_for_any_safetensors_file(tmp_path, capsys):
    metadata = {"op": "softmax", "params": "{}", "producer": "gradproof"}
    for schema, said in (
        ({"schema": "parity-bundle/2"}, "schema is 'parity-bundle/2'"),
        ({}, "schema is None"),
    ):
        (tmp_path / "a.safetensors").write_bytes(
            write_safetensors({"in.x": X, "out.y": X}, {**metadata, **schema})
        )
        status, [check] = verified(capsys, tmp_path)
        assert (status, check["verdict"]) == (2, "unreadable")
        assert said in check["detail"]


@pytest.mark.parametrize("where", ["nonsense", "cuda:99", "numpy:mps", ""])
def test_a_backend_that_is_not_here_is_wrong_use(tmp_path, capsys, where):
    (tmp_path / "a.safetensors").write_bytes(softmax_bundle(X))
    assert main(["verify", str(tmp_path), "--backend", where]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"gradproof-bridge: --backend {where}: there is no such device or library here; there are cpu"
    )
    assert said.count("\n") == 1


def test_codes_that_differ_are_counted(tmp_path, capsys):
    weight = np.sin(np.arange(64, dtype=np.float32)).reshape(1, 64)
    params = {"quant_type": "nf4", "blocksize": 64}
    found = compute({"weight": weight}, "quantize_4bit", params, "numpy")
    (tmp_path / "a.safetensors").write_bytes(
        write_bundle(
            Bundle("quantize_4bit", params, "gradproof", "webgpu", {"weight": weight}, found)
        )
    )
    _, checks = verified(capsys, tmp_path, "--backend", "numpy")
    assert (
        checks[-1]["detail"] == "largest difference 0 of the largest value; 0 of 32 integers differ"
    )


def test_an_index_is_held_against_its_files(tmp_path, capsys):
    assert main(["record", str(tmp_path), "--ops", "bitnet_*"]) == 0
    capsys.readouterr()
    index = tmp_path / "INDEX.json"
    assert verified(capsys, index)[1][0]["verdict"] == "agrees"
    text = index.read_text()
    index.write_text(text.replace("/bitnet_one", "/../../etc/passwd"))
    assert "leads out of the folder" in verified(capsys, index)[1][0]["detail"]
    index.write_text(text)
    bundle = next(tmp_path.rglob("bitnet_one.safetensors"))
    bundle.write_bytes(bundle.read_bytes() + b"x")
    status, [check] = verified(capsys, index)
    assert status == 1
    assert check["detail"].endswith("bitnet_one is not the file that was recorded")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are not bytes everywhere")
def test_names_from_elsewhere_stay_on_their_line(tmp_path, capsys):
    for name in (b"red\x1b[31m\nagrees.safetensors", b"\xff.safetensors"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"")
    main(["verify", str(tmp_path), "--backend", "numpy"])
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert [line.split()[0] for line in said.splitlines()] == ["unreadable", "unreadable", "2"]


def test_an_adapter_without_weights_is_said_by_the_file_that_lacks(tmp_path, capsys):
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4}')
    assert main(["verify", str(tmp_path)]) == 2
    assert (
        "PEFT adapter: adapter_model.safetensors: No such file or directory\n"
        in capsys.readouterr().out
    )


def has(module):
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"needs {module}")


def onnx_model(op="Add"):
    from onnx import TensorProto, helper

    inputs, output = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in names]
        for names in (("a", "b"), ("c",))
    )
    graph = helper.make_graph([helper.make_node(op, ["a", "b"], ["c"])], "graph", inputs, output)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()


@has("onnx")
@pytest.mark.parametrize("end", [0, 1, 7, -1])
def test_a_model_that_is_cut_off_is_unreadable_and_says_what_to_do(tmp_path, capsys, end):
    (tmp_path / "model.onnx").write_bytes(onnx_model()[:end])
    status, [check] = verified(capsys, tmp_path)
    assert (status, check["path"], check["verdict"]) == (2, "model.onnx", "unreadable")
    assert check["detail"].endswith(": export it again")


@has("onnx")
@pytest.mark.parametrize("text", [b"this is no model\n" * 7, b"\x08\x08", b"{}", b"\xff" * 99])
def test_what_is_no_model_is_unreadable(tmp_path, capsys, text):
    (tmp_path / "model.onnx").write_bytes(text)
    status, [check] = verified(capsys, tmp_path)
    assert (status, check["verdict"]) == (2, "unreadable"), check


@has("onnx")
@has("onnxruntime")
def test_a_model_that_can_be_read_is_judged(tmp_path, capsys):
    for op, status, verdict in (("Add", 0, "agrees"), ("Nonsense", 1, "deviates")):
        (tmp_path / "model.onnx").write_bytes(onnx_model(op))
        found, checks = verified(capsys, tmp_path)
        assert (found, [check["verdict"] for check in checks]) == (status, [verdict, verdict]), (
            checks
        )


@has("onnxruntime")
@pytest.mark.long
def test_onnxruntime_alone_finds_a_model_unreadable_too(tmp_path):
    texts = [b"", b"this is no model\n" * 7, b"\x08"]
    folders = [tmp_path / str(i) for i in range(len(texts))]
    for folder, text in zip(folders, texts, strict=True):
        folder.mkdir()
        (folder / "model.onnx").write_bytes(text)
    # One process for all, since it takes seconds until the libraries are loaded.
    code = (
        "import sys; sys.modules['onnx'] = None; from gradproof_bridge.cli import main; "
        "sys.exit(str([main(['verify', folder]) for folder in sys.argv[1:]]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *folders], capture_output=True, text=True, check=False
    )
    assert ended.stderr.splitlines()[-1:] == ["[2, 2, 2]"], ended
    verdicts = ["not-checked", "unreadable", "1"]
    assert [line.split()[0] for line in ended.stdout.splitlines()] == verdicts * len(texts)


@pytest.mark.parametrize("end", [0, 5, 9, -200, -1])
def test_a_bundle_that_is_cut_off_is_unreadable(tmp_path, capsys, end):
    file = softmax_bundle(X)
    (tmp_path / "a.safetensors").write_bytes(file[:end])
    status, [check] = verified(capsys, tmp_path, "--backend", "numpy")
    assert (status, check["verdict"]) == (2, "unreadable"), check


def test_an_adapter_whose_weights_are_cut_off_is_unreadable(tmp_path, capsys):
    adapter(tmp_path)
    weights = tmp_path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3])
    status, [check] = verified(capsys, tmp_path)
    assert (status, check["verdict"]) == (2, "unreadable"), check


@needs("peft")
@pytest.mark.parametrize(("key", "value"), [("target_modules", 7), ("lora_alpha", "x")])
def test_an_adapter_that_peft_cannot_load_is_unreadable_by_peft(tmp_path, capsys, key, value):
    adapter(tmp_path)
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    status, [_, check] = verified(capsys, tmp_path)
    assert (status, check["verdict"]) == (2, "unreadable"), check
    assert check["by"].startswith("peft ")


def test_weights_of_an_adapter_without_its_configuration_are_not_dropped(tmp_path, capsys):
    adapter(tmp_path / "inner")
    (tmp_path / "inner" / "adapter_config.json").unlink()
    status, [check] = verified(capsys, tmp_path)
    assert (status, check["what"]) == (0, "safetensors of 2 tensors")


def test_who_no_longer_reads_ends_it_quietly():
    code = "import sys; from gradproof_bridge.cli import main; sys.stdout.reconfigure(write_through=True); sys.exit(main(['doctor']))"
    blocked = "import sys; sys.modules.update(dict.fromkeys(('torch', 'mlx', 'onnx'))); "
    process = subprocess.Popen(
        [sys.executable, "-c", blocked + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == b""
