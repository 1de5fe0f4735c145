"""Records with another version of a library, in an environment that uv makes for it and forgets."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from gradproof_bridge.backends.base import Backend
from gradproof_bridge.backends.registry import backends, distributions
from gradproof_bridge.cases.case import Case
from gradproof_bridge.comparison.side import Key, Side, covered_by, side_of_folder, side_of_here
from gradproof_bridge.errors import UsageError

_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(==|>=|<=|~=|<|>|@).+")
_PROJECT = Path(__file__).parents[3]


def is_requirement(text: str) -> bool:
    """`bitsandbytes==0.51.0` is one, a folder is not."""
    return not Path(text).exists() and _REQUIREMENT.fullmatch(text) is not None


def side_of_version(requirement: str, cases: Iterable[Case]) -> Side:
    """What the version says of those cases that are of its library. Raises UsageError with what to
    do.
    """
    backend = _backend(requirement)
    mine = [case for case in cases if case.library == backend.name]
    if not mine:
        raise UsageError(f"{requirement}: none of the cases that were chosen is of {backend.name}")
    here = (
        backend.problem is None
        and requirement == f"{backend.distributions[0]}=={backend.version()}"
    )
    side = side_of_here(mine, ()) if here else _recorded_apart(requirement, backend, mine)
    side.covers = covered_by(mine, distributions())
    return side


def _recorded_apart(requirement: str, backend: Backend, cases: list[Case]) -> Side:
    if not (_PROJECT / "pyproject.toml").exists():
        raise UsageError(
            "another version can be recorded from a checkout of the project alone, not from an installed package"
        )
    packages = [
        str(_PROJECT),
        requirement,
        *(_as_installed(name) for name in (*backend.distributions[1:], *backend.companions)),
    ]
    with tempfile.TemporaryDirectory(prefix="gradproof-") as made:
        out = Path(made) / "recording"
        command = [
            _uv(),
            "run",
            "--isolated",
            "--no-project",
            *(part for package in packages for part in ("--with", package)),
        ]
        command += [
            "python",
            "-m",
            "gradproof_bridge",
            "record",
            "--json",
            "--ops",
            ",".join(case.name for case in cases),
            str(out),
        ]
        # uv with our own arguments; `requirement` is one of them and never a shell's.
        found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if found.returncode != 0:
            last = (found.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise UsageError(f"{requirement} cannot be recorded: {last[:300]}")
        side = side_of_folder(out)
    for item in json.loads(found.stdout)["left_out"]:
        side.missing[Key(backend.distributions[0], item["name"], item["device"])] = item["reason"]
    return side


def _as_installed(distribution: str) -> str:
    """The version that is installed here, so that nothing but the library in question differs."""
    try:
        return f"{distribution}=={metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return distribution


def _backend(requirement: str) -> Backend:
    matched = _REQUIREMENT.fullmatch(requirement)
    distribution = matched[1].lower().replace("_", "-") if matched else requirement
    for backend in backends():
        if backend.distributions[0] == distribution:
            return backend
    raise UsageError(
        f"no backend is of {distribution}; known are {', '.join(distributions().values())}"
    )


def _uv() -> str:
    """The uv of this machine, else the one that `npm run bridge:setup` keeps."""
    own = _PROJECT.parent / ".cache/uv" / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    found = os.environ.get("UV") or shutil.which("uv") or (str(own) if own.exists() else None)
    if found is None:
        raise UsageError(
            "uv makes the environment of another version and is not here; install it with: pip install uv"
        )
    return found
