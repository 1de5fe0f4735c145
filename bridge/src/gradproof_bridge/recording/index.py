"""INDEX.json of a folder of recordings: its bundles, and when, on what and with which libraries
each was recorded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gradproof_bridge.bundle.bundle import SCHEMA
from gradproof_bridge.errors import FormatError, message_of

INDEX = "INDEX.json"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Origin:
    """When, on what and with which libraries bundles were recorded."""

    date: str
    device: str
    """With its model where it has one: `cpu`, `cuda:0 (NVIDIA H200)`."""
    processor: str
    versions: Mapping[str, str]
    """Of the libraries, by their names on PyPI."""

    def _order(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Entry:
    """What the index says of a bundle; `name` is its path without extension."""

    name: str
    op: str
    bytes: int
    sha256: str


@dataclass
class Index:
    """The bundles of a folder by name, each with its origin, where one is known."""

    entries: dict[str, tuple[Entry, Origin | None]] = field(default_factory=dict)

    def put(self, entry: Entry, origin: Origin | None) -> None:
        """Adds a bundle, or says anew what is there; the origins of all others stay as they are."""
        self.entries[entry.name] = (entry, origin)

    def keep(self, names: Iterable[str]) -> None:
        """Forgets the bundles of other names."""
        kept = set(names)
        self.entries = {name: found for name, found in self.entries.items() if name in kept}

    def text(self) -> str:
        """As it is stored: equal content is equal text, and a bundle is a line, so that changes are
        read easily.
        """
        origins = sorted(
            {origin._order(): origin for _, origin in self.entries.values() if origin}.items()
        )
        place = {order: i for i, (order, _) in enumerate(origins)}
        head = {
            "schema": SCHEMA,
            "versions": _joined(origin.versions for _, origin in origins),
            "recordings": [asdict(origin) for _, origin in origins],
        }
        lines = (
            json.dumps(
                {**asdict(entry), **({"recording": place[origin._order()]} if origin else {})}
            )
            for _, (entry, origin) in sorted(self.entries.items())
        )
        return (
            json.dumps(head, indent=1)[:-2]
            + ',\n "cases": [\n  '
            + ",\n  ".join(lines)
            + "\n ]\n}\n"
        )


def _joined(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Every version of each library: one, but where recordings of several are kept together."""
    found: dict[str, set[str]] = {}
    for versions in parts:
        for name, version in versions.items():
            found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(found[name])) for name in sorted(found)}


def read_index(text: str) -> Index:
    """The index that a text is. Raises FormatError with one line about the first thing that is
    wrong.
    """
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"it is no JSON: {message_of(error, 120)}") from error
    if (
        not isinstance(stored, dict)
        or stored.get("schema") != SCHEMA
        or not isinstance(stored.get("cases"), list)
    ):
        raise FormatError(
            f"it is no index of recordings: schema {SCHEMA!r} and a list of cases are needed"
        )
    index = Index()
    try:
        origins = [_origin(given, stored) for given in stored.get("recordings", [])]
        # Before there were several recordings in a set, its one date and processor held for all
        # bundles.
        whole = (
            _origin({"device": "cpu", **stored["recorded"]}, stored)
            if "recorded" in stored
            else None
        )
        for case in stored["cases"]:
            place = case.get("recording")
            entry = Entry(
                str(case["name"]), str(case["op"]), int(case["bytes"]), str(case["sha256"])
            )
            index.put(entry, whole if place is None else _at(origins, place))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"it is no index of recordings: {type(error).__name__}: {message_of(error, 120)}"
        ) from error
    return index


def _origin(given: Mapping[str, Any], stored: Mapping[str, Any]) -> Origin:
    if not _DAY.fullmatch(given["date"]):
        raise ValueError(f"the date {given['date']!r} is no day such as 2026-11-20")
    versions = {
        str(name): str(version)
        for name, version in given.get("versions", stored["versions"]).items()
    }
    return Origin(
        given["date"],
        str(given["device"]),
        str(given.get("processor", "unknown processor")),
        versions,
    )


def _at(origins: list[Origin], place: object) -> Origin:
    if type(place) is not int or not 0 <= place < len(origins):
        raise ValueError(f"recording {place!r} of {len(origins)} does not exist")
    return origins[place]
