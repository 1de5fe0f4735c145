"""One side of a comparison: the bundles of a folder, of what is installed here, or of another
version.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from gradproof_bridge.bundle.bundle import Bundle, read_bundle
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cases.case import Case
from gradproof_bridge.errors import FormatError, UsageError
from gradproof_bridge.onnx_tests.convert import NodeBundle, convert_all
from gradproof_bridge.recording.recorder import Recorded, record

_ONNX = "onnx"


class Key(NamedTuple):
    """What recordings of one computation have in common, whatever the version: who was asked, for
    which case, on what kind of device.
    """

    library: str
    case: str
    device: str

    def __str__(self) -> str:
        return f"{self.library}/{self.case}" + (
            "" if self.device in ("cpu", self.library) else f" on {self.device}"
        )


@dataclass
class Side:
    """The bundles of one side, and why others are not there."""

    bundles: dict[Key, Bundle] = field(default_factory=dict)
    missing: dict[Key, str] = field(default_factory=dict)
    covers: Callable[[Key], bool] = lambda _: True
    """Whether the side would have the case: a recording of one library says nothing of the others.
    """

    def put(self, bundle: Bundle, name: str) -> None:
        """Adds a bundle. Raises UsageError where the side has one of the same computation."""
        key = _key(bundle, name)
        if key in self.bundles:
            one, other = self.bundles[key].producer, bundle.producer
            raise UsageError(
                f"{key} is there twice, by {one} and by {other}: name the folder of one version"
            )
        # A recording names the parameters that differ from the defaults, or all: what counts is
        # what was computed.
        self.bundles[key] = replace(
            bundle, params=op_spec(bundle.op).fit(bundle.given or bundle.params, bundle.outputs)
        )


def _key(bundle: Bundle, name: str) -> Key:
    """PyPI's name of the first library of the producer, `bitsandbytes` of
    `bitsandbytes 0.50.2 + torch 2.15.0`.
    """
    return Key(
        bundle.producer.partition(" ")[0], name, bundle.device.partition(":")[0].partition(" ")[0]
    )


def side_of_folder(folder: Path) -> Side:
    """Every bundle below a folder. Raises UsageError or FormatError."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    side = Side()
    for path in sorted(folder.rglob("*.safetensors")):
        try:
            side.put(read_bundle(path.read_bytes()), path.stem)
        except FormatError as error:
            raise FormatError(f"{path}: {error}") from error
    if not side.bundles:
        raise UsageError(f"{folder}: holds no recorded bundle (*.safetensors)")
    return side


def side_of_here(cases: Collection[Case], like: Iterable[Key]) -> Side:
    """What the libraries here say of the cases, on the kinds of devices that `like` has, and of
    ONNX's node tests if it has them.
    """
    wanted = set(like)
    side = Side()
    # Without a device named, MLX answers on its own.
    kinds = {
        "cpu" if key.device == "mlx" else key.device for key in wanted if key.library != _ONNX
    } or {"cpu"}
    for kind in sorted(kinds):
        for item in record(cases, 0, None if kind == "cpu" else kind):
            if isinstance(item, Recorded):
                side.put(item.bundle, item.path.rpartition("/")[2])
            else:
                side.missing[Key(item.distribution, item.name, item.device)] = item.reason
    if any(key.library == _ONNX for key in wanted):
        _add_node_tests(side, wanted)
    return side


def _add_node_tests(side: Side, wanted: Collection[Key]) -> None:
    if importlib.util.find_spec("onnx") is None:
        side.missing |= {
            key: "onnx is not installed; install it with: pip install onnx"
            for key in wanted
            if key.library == _ONNX
        }
        return
    for item in convert_all():
        if isinstance(item, NodeBundle):
            side.put(item.filed.bundle, item.filed.path.rpartition("/")[2])


def covered_by(cases: Iterable[Case], distributions: Mapping[str, str]) -> Callable[[Key], bool]:
    """Whether a key is of one of these cases; `distributions` has PyPI's name of each backend."""
    known = {(distributions[case.library], case.name) for case in cases}
    return lambda key: (key.library, key.case) in known
