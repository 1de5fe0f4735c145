"""The ops that a bundle may hold, their parameters and tensors, as `vocabulary.json` lists them.

Parameters are JSON Schemas, element types are in `dtypes.json`. A name that ends in `?` may be absent; `x#` stands for x0, x1, ...;
`base.*` for any name that begins so. Both are generated from the page's own vocabulary
(src/formats/parity-bundle), and a test there says when it is stale.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from gradproof_bridge.bundle.params import Schema, conform, without_accumulate
from gradproof_bridge.bundle.stored import stored_dtype
from gradproof_bridge.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gradproof_bridge.bundle.stored import Array

Params = dict[str, Any]


@dataclass(frozen=True)
class OpSpec:
    """What the vocabulary says of an op."""

    name: str
    params: Schema
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    gradients: tuple[str, ...]
    dtypes: Mapping[str, Mapping[str, str]]
    """Element types of `inputs` and `outputs`, by their names."""

    def fill(self, given: Mapping[str, Any]) -> Params:
        """The parameters with their defaults, without what says how a producer adds up. Raises
        FormatError for one that is unknown, missing, or of another type or range.
        """
        name = f"{self.name}: params"
        return Params(conform(without_accumulate(given, name), self.params, name))

    def fit(self, given: Mapping[str, Any], outputs: Mapping[str, Array]) -> Params:
        """As `fill`, with what the recorded outputs alone tell: how many steps of a schedule there
        are.
        """
        filled = self.fill(given)
        return (
            {**filled, "steps": outputs["lr"].size}
            if self.name == "lr_schedule" and "lr" in outputs
            else filled
        )

    def check_names(self, inputs: Iterable[str], outputs: Iterable[str]) -> None:
        """Raises FormatError for a tensor that the op does not have, or one that it needs and that
        is missing.
        """
        given = list(inputs)
        forward = [name for name in given if not name.startswith("grad.")]
        self._refuse_unknown_names("in.", forward, self.inputs)
        self._refuse_unknown_names(
            "in.grad.", _grads(given), self.outputs if self.gradients else ()
        )
        found = list(outputs)
        self._refuse_unknown_names(
            "out.", [name for name in found if not name.startswith("grad.")], self.outputs
        )
        self._refuse_unknown_names("out.grad.", _grads(found), self.gradients)
        for rule in self.inputs:
            needed = rule.replace("#", "0")
            if not rule.endswith(("?", "*")) and needed not in forward:
                raise FormatError(f"{self.name}: in.{needed} is missing")

    def check_dtypes(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array]) -> None:
        """Raises FormatError for a tensor of elements that the op does not take or give."""
        for prefix, tensors in (("in.", inputs), ("out.", outputs)):
            rules = self.dtypes[f"{prefix[:-1]}puts"]
            for name, array in tensors.items():
                if name.startswith("grad."):
                    continue
                known = next(types for rule, types in rules.items() if _matches(rule, name)).split()
                if stored_dtype(array) not in known:
                    raise FormatError(
                        f"{self.name}: {prefix}{name} is {stored_dtype(array)}; {' or '.join(known)} is needed"
                    )

    def _refuse_unknown_names(
        self, prefix: str, names: Iterable[str], rules: Iterable[str]
    ) -> None:
        for name in names:
            if not any(_matches(rule, name) for rule in rules):
                known = ", ".join(prefix + rule.rstrip("?") for rule in rules) or "none"
                raise FormatError(f"{self.name} has no tensor {prefix + name!r}; known are {known}")

    def differentiable(self, name: str) -> bool:
        """Whether the input has a gradient."""
        return any(_matches(rule, name) for rule in self.gradients)


def _grads(names: Iterable[str]) -> list[str]:
    return [name[len("grad.") :] for name in names if name.startswith("grad.")]


def _matches(rule: str, name: str) -> bool:
    if rule.endswith("*"):
        return name.startswith(rule[:-1])
    if rule.endswith("#"):
        rest = name.removeprefix(rule[:-1])
        return name.startswith(rule[:-1]) and rest.isascii() and rest.isdigit()
    return name == rule.removesuffix("?")


@cache
def vocabulary() -> Mapping[str, OpSpec]:
    """All ops by name."""
    table, dtypes = (
        json.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))
        for name in ("vocabulary.json", "dtypes.json")
    )
    return {
        name: OpSpec(
            name,
            spec["params"],
            tuple(spec["inputs"]),
            tuple(spec["outputs"]),
            tuple(spec["gradients"]),
            dtypes[name],
        )
        for name, spec in table.items()
    }


def op_spec(name: str) -> OpSpec:
    """The op's entry. Raises FormatError for an op that is not in the vocabulary."""
    spec = vocabulary().get(name)
    if spec is None:
        raise FormatError(f"op {name[:60]!r} is not in the vocabulary of parity-bundle/1")
    return spec
