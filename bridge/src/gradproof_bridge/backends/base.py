"""What a backend is: a library, the devices that it reaches, and the ops that it computes."""

from __future__ import annotations

import importlib
import importlib.util
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import ClassVar

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import MissingLibraryError, NotImplementedOpError, named

Inputs = Mapping[str, Array]
Outputs = dict[str, Array]


@dataclass(frozen=True)
class Call:
    """One computation: inputs by the vocabulary's names (gradients that flow in as
    `grad.<output>`), parameters with defaults.
    """

    op: str
    inputs: Inputs
    params: Params
    device: str

    @property
    def wants_gradients(self) -> bool:
        """Whether gradients flow in, so that those of the inputs must come out."""
        return any(name.startswith("grad.") for name in self.inputs)


Compute = Callable[[Call], Outputs]


class Backend(ABC):
    """A library that computes ops of the vocabulary."""

    name: ClassVar[str]
    distributions: ClassVar[tuple[str, ...]]
    """What PyPI calls the library, and those that it is recorded together with."""
    modules: ClassVar[tuple[str, ...]]
    """What is imported to find out whether it works here."""
    companions: ClassVar[tuple[str, ...]] = ()
    """What else some of its ops need, by PyPI's names."""
    packages: ClassVar[tuple[str, ...]]
    """What `pip install` is told to bring it."""
    setup: ClassVar[str] = "npm run bridge:setup"
    """The project's own command that brings it."""

    @cached_property
    def absent(self) -> str | None:
        """What of it is not installed, or None. Nothing is loaded: what is installed may still fail
        to load.
        """
        missing = (
            module
            for module in self.modules
            if importlib.util.find_spec(module.partition(".")[0]) is None
        )
        return next(
            (
                f"{module} is not installed"
                for module in (*missing, *filter(_is_no_distribution, self.distributions))
            ),
            None,
        )

    @cached_property
    def problem(self) -> str | None:
        """Why the library cannot be used, or None. Loads it."""
        for module in self.modules:
            try:
                importlib.import_module(module)
            except ImportError as error:
                lacking = error.name is not None and f"{module}.".startswith(f"{error.name}.")
                return f"{module} is not installed" if lacking else f"{module}: {named(error)}"
            except Exception as error:  # noqa: BLE001 - a broken installation fails in any way and is a reason, not a crash
                return f"{module} does not load: {named(error)}"
        return None

    @property
    def install(self) -> str:
        """The commands that install what is missing: either will do."""
        return f"{self.setup}, or {shlex.join(('pip', 'install', *self.packages))}"

    @property
    def lacks(self) -> str:
        """Why it cannot be used and how to change that."""
        return f"{self.problem}; install it with: {self.install}"

    def demand(self) -> None:
        """Raises MissingLibraryError, with the command that installs it, when the library cannot be
        used.
        """
        if self.problem is not None:
            raise MissingLibraryError(f"{self.name}: {self.lacks}")

    def version(self) -> str:
        """Version of the library itself."""
        return metadata.version(self.distributions[0])

    def libraries_of(self, call: Call) -> tuple[str, ...]:
        """PyPI's names of what computes the call, the library itself first."""
        return self.distributions

    def versions(self, call: Call | None = None) -> dict[str, str]:
        """Versions of what computes the call, by PyPI's names; without a call, of the library and
        what it always comes with.
        """
        return {
            name: metadata.version(name)
            for name in (self.distributions if call is None else self.libraries_of(call))
        }

    def producer(self, call: Call | None = None) -> str:
        """Who computes the call, as a bundle says it: `bitsandbytes 0.50.2 + torch 2.15.0`."""
        return " + ".join(f"{name} {version}" for name, version in self.versions(call).items())

    def computes(self, call: Call) -> bool:
        """Whether the call is one of the library's: of some ops it has only a part."""
        return call.op in self.ops()

    def note(self, call: Call) -> str | None:
        """What a reader of the recording must know, such as a known defect of the library."""
        return None

    @abstractmethod
    def devices(self) -> tuple[str, ...]:
        """Devices that the library reaches on this machine: cpu, cuda:0, mps, mlx. Only asked when
        nothing is absent.
        """

    @abstractmethod
    def ops(self) -> Mapping[str, Compute]:
        """The ops that it computes. Does not load the library."""

    def compute(self, call: Call) -> Outputs:
        """Outputs and gradients. Raises NotImplementedOpError for an op or parameters that the
        library does not have.
        """
        function = self.ops().get(call.op)
        if function is None:
            raise NotImplementedOpError(f"{self.name} does not compute {call.op}")
        return function(call)


def _is_no_distribution(name: str) -> bool:
    return not any(metadata.distributions(name=name))
