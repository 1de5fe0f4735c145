"""Parameters of an op against their JSON Schema; the vocabulary uses the few keywords that are
known here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

from gradproof_bridge.errors import FormatError

Schema = Mapping[str, Any]

_BOUNDS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", ge),
    "exclusiveMinimum": ("more than", gt),
    "maximum": ("at most", le),
    "exclusiveMaximum": ("less than", lt),
    "multipleOf": ("a multiple of", lambda x, factor: x % factor == 0),
}
_NOUNS = {
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "boolean": "true or false",
    "null": "null",
}


NON_FINITE = ["-Infinity", "Infinity", "NaN"]
"""Names of what JSON has no number for, where a parameter may be that."""

ACCUMULATE = "accumulate"
"""How a producer adds up: of any op, and no parameter of what is computed. Said of all outputs, or by
the names of outputs and gradients.
"""


def without_accumulate(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The parameters of the op alone. Raises FormatError for a way of adding up that is not known."""
    said = given.get(ACCUMULATE)
    ways = said.values() if isinstance(said, dict) else (said,)
    if any(way not in (None, "float32") for way in ways):
        raise FormatError(f"{name} {ACCUMULATE!r}: the one way that is known is 'float32'")
    return {key: value for key, value in given.items() if key != ACCUMULATE}


def without_nulls(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is null is absent; but in `config` it is a value, as config.json has it."""
    return {
        name: _present(value) if isinstance(value, dict) and name != "config" else value
        for name, value in _present(given).items()
    }


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def conform(value: object, schema: Schema, name: str) -> Any:
    """The value with defaults filled in. Raises FormatError with one line about the first thing
    that does not fit.
    """
    kind = schema.get("type")
    if kind == "object":
        return _object(value, schema, name)
    if kind == "array" and isinstance(value, list):
        items = schema["items"]
        if isinstance(items, list) and len(items) != len(value):
            raise _misfit(value, schema, name)
        wanted = items if isinstance(items, list) else [items] * len(value)
        return [
            conform(x, rule, f"{name}[{i}]")
            for i, (x, rule) in enumerate(zip(value, wanted, strict=True))
        ]
    if schema.get("enum") == NON_FINITE:
        return _number(value, schema, name)
    for choice in schema.get("anyOf", ()):
        try:
            return conform(value, choice, name)
        except FormatError:
            continue
    if not _fits(value, schema):
        raise _misfit(value, schema, name)
    # JSON has one kind of number: 64.0 is the integer 64.
    return int(value) if kind == "integer" and isinstance(value, float) else value


def _number(value: object, schema: Schema, name: str) -> float:
    """What JSON has no number for: as its name, or as Python has it."""
    told = _named(value)
    if told not in NON_FINITE:
        raise _misfit(value, schema, name)
    return float(told)


def _named(value: object) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def storable(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as JSON holds them: what it has no number for by its name."""
    return {name: _named(value) for name, value in params.items()}


def _object(value: object, schema: Schema, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(f"{name} is no JSON object")
    known: Mapping[str, Schema] = schema["properties"]
    filled: dict[str, Any] = {}
    for key, given in value.items():
        if key in known:
            filled[key] = conform(given, known[key], f"{name} {key!r}")
        elif schema.get("additionalProperties", True) is False:
            raise FormatError(f"{name} has no {key!r}; known are {', '.join(known) or 'none'}")
        else:
            filled[key] = _finite(given, f"{name} {key!r}")
    for key in schema["required"]:
        if key not in value:
            raise FormatError(f"{name} lacks {key!r}")
    defaults = {key: rule["default"] for key, rule in known.items() if "default" in rule}
    return {**defaults, **filled}


def _finite(value: Any, name: str) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise FormatError(f"{name} is {value}; a finite number is needed")
    return value


def _fits(value: Any, schema: Schema) -> bool:
    if "enum" in schema:
        return not isinstance(value, bool) and value in schema["enum"]
    kind = schema.get("type")
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    if kind == "null":
        return value is None
    if (
        kind not in ("integer", "number")
        or isinstance(value, bool)
        or not isinstance(value, (int, float))
    ):
        return False
    if (
        not math.isfinite(value)
        or (abs(value) >= 2**53 and kind == "integer")
        or (kind == "integer" and value != int(value))
    ):
        return False
    return all(
        holds(value, schema[keyword])
        for keyword, (_, holds) in _BOUNDS.items()
        if keyword in schema
    )


def _misfit(value: object, schema: Schema, name: str) -> FormatError:
    return FormatError(f"{name} is {repr(value)[:60]}; {_needed(schema)} is needed")


def _needed(schema: Schema) -> str:
    """What a schema asks for, in words."""
    if "anyOf" in schema:
        return " or ".join(_needed(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema["type"] == "array":
        items = schema["items"]
        return f"a list of {len(items)} numbers" if isinstance(items, list) else "a list of numbers"
    bounds = [
        f"{words} {schema[keyword]}" for keyword, (words, _) in _BOUNDS.items() if keyword in schema
    ]
    return " ".join([_NOUNS[schema["type"]], " and ".join(bounds)]).strip()
