"""A test of one node: its attributes, inputs by ONNX's names, outputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof_bridge.bundle.bundle import Bundle
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params

_FLOATS = ("float64", "float32", "float16", "bfloat16")
_HELD = (*_FLOATS, "int32", "int8", "uint8", "int64", "bool")


class NotConvertibleError(Exception):
    """A node test that the vocabulary cannot express, and why."""


@dataclass(frozen=True)
class NodeTest:
    """`inputs` holds those that the node names, by ONNX's own names of the op's inputs; `outputs`
    in order.
    """

    name: str
    op_type: str
    attributes: Mapping[str, Any]
    inputs: Mapping[str, Array]
    outputs: Sequence[Array]

    def get(self, attribute: str, default: Any = None) -> Any:
        """An attribute, text decoded."""
        value = self.attributes.get(attribute, default)
        return value.decode() if isinstance(value, bytes) else value


@dataclass(frozen=True)
class Converted:
    """The parts of a bundle."""

    op: str
    params: Params
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]

    def bundle(self, producer: str) -> Bundle:
        """The bundle; raises NotConvertibleError for elements or shapes that bundles do not hold."""
        inputs = {name: _held(f"in.{name}", x) for name, x in self.inputs.items()}
        outputs = {name: _held(f"out.{name}", x) for name, x in self.outputs.items()}
        return Bundle(self.op, self.params, producer, "cpu", inputs, outputs, given=self.params)


def _held(name: str, x: Array) -> Array:
    array = np.asarray(x)
    if array.dtype.name not in _HELD:
        raise NotConvertibleError(
            f"{name} has elements of type {array.dtype.name}, which bundles do not hold"
        )
    if array.size == 0:
        raise NotConvertibleError(f"{name} has no elements, and this set leaves such tests out")
    if array.ndim > 8:
        raise NotConvertibleError(f"{name} has {array.ndim} dimensions; bundles hold at most 8")
    if array.dtype == np.bool_:
        return array.astype(np.uint8)
    return array.astype(np.int32) if array.dtype == np.int64 else array


def node_tests(op_types: Sequence[str]) -> Iterator[NodeTest]:
    """The tests of one node of these types, in the order of the package. Needs `onnx`."""
    import onnx
    from onnx.backend.test.case.node import collect_testcases

    wanted = set(op_types)
    with warnings.catch_warnings():
        # The package's own data overflows and divides by zero on purpose.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = collect_testcases(None)
    for case in found:
        nodes = case.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in wanted or case.name.endswith("_expanded"):
            continue
        node = nodes[0]
        formal = _formal_inputs(onnx, case.model, node)
        given, outputs = case.data_sets[0]
        arrays = dict(
            zip(
                (value.name for value in case.model.graph.input),
                (_array(x) for x in given),
                strict=True,
            )
        )
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = {
            name: arrays[actual] for name, actual in zip(formal, node.input, strict=True) if actual
        }
        yield NodeTest(case.name, node.op_type, attributes, inputs, [_array(y) for y in outputs])


def _formal_inputs(onnx: Any, model: Any, node: Any) -> list[str]:
    """ONNX's names of the node's inputs; the variadic last one is counted."""
    version = next(entry.version for entry in model.opset_import if entry.domain == node.domain)
    declared = onnx.defs.get_schema(node.op_type, version, node.domain).inputs
    names = [entry.name for entry in declared[: len(node.input)]]
    return (
        names[: len(declared) - 1]
        + [f"{declared[-1].name}{i}" for i in range(len(node.input) - len(declared) + 1)]
        if (
            len(node.input) > len(declared)
            or declared[-1].option == onnx.defs.OpSchema.FormalParameterOption.Variadic
        )
        else names
    )


def _array(value: Any) -> Array:
    """Data is kept as an array, or as ONNX's own message where numpy lacks the element type."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    from onnx import numpy_helper

    return np.asarray(numpy_helper.to_array(value))
