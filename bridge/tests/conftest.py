"""What tests that cover rows of the catalog tell, for the report of the tests, and which long
tests a run leaves out.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_CATALOG = _ROOT / "src" / "catalog"

# The property of a test's report that tells its outcome, by which it reaches the process that
# started the workers.
_OUTCOME = "outcome"

# Of the long tests a drawn run has one in so many.
_LONG_ONE_IN = 8

_held = 0
_outcomes: list[object] = []


def _known_ids() -> set[str]:
    rows: dict[str, dict[str, dict[str, str]]] = {}
    for file in _CATALOG.glob("*.json"):
        rows |= json.loads(file.read_text())
    clauses = {f"{row}/{name}" for row, each in rows.items() for name in each["clauses"]}
    return set(rows) | clauses


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--draw", metavar="SEED", help="leave out most tests that are marked long")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(*ids): rows of the catalog, or clauses of rows")
    config.addinivalue_line("markers", "control(name, file, from, to): what must turn it red")
    config.addinivalue_line("markers", "long: takes over ten seconds, and is not in every draw")
    config.addinivalue_line("markers", "longest: takes over forty seconds, and is in no draw")


def _left_out(seed: str, items: list[pytest.Item]) -> list[pytest.Item]:
    """All but one in so many of the long tests, others for each seed and as many; and the longest."""

    def place(item: pytest.Item) -> bytes:
        return hashlib.sha256(f"{seed} {item.nodeid}".encode()).digest()

    long = sorted((item for item in items if item.get_closest_marker("long")), key=place)
    longest = [item for item in items if item.get_closest_marker("longest")]
    return [*long[math.ceil(len(long) / _LONG_ONE_IN) :], *longest]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seed = config.getoption("--draw")
    if seed is not None:
        left_out = _left_out(seed, items)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    covering = [item for item in items if item.get_closest_marker("covers")]
    if not covering or not _CATALOG.is_dir():  # an installed package has no catalog beside it
        return
    known = _known_ids()
    for item in covering:
        unknown = set(item.get_closest_marker("covers").args) - known  # type: ignore[union-attr]
        if unknown:
            raise pytest.UsageError(
                f"{item.nodeid} covers {sorted(unknown)}: no such row or clause"
            )


def pytest_assertion_pass() -> None:
    global _held  # noqa: PLW0603
    _held += 1


def _asserted(call: pytest.CallInfo[None]) -> bool:
    kinds = (AssertionError, pytest.fail.Exception)
    return call.excinfo is not None and isinstance(call.excinfo.value, kinds)


def _reason(report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    if isinstance(report.longrepr, tuple):  # of what was skipped
        return str(report.longrepr[2])
    return call.excinfo.exconly() if call.excinfo else str(report.longrepr)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment,misc]
    global _held  # noqa: PLW0603
    if report.when == "setup":
        _held = 0
    decisive = report.when == "call" or (report.when == "setup" and not report.passed)
    if item.get_closest_marker("covers") and decisive:
        outcome = {
            "file": str(item.path.relative_to(_ROOT)),
            "title": item.name.split("[")[0].removeprefix("test_").replace("_", " "),
            "status": {"passed": "pass", "failed": "fail", "skipped": "skip"}[report.outcome],
            "durationMs": report.duration * 1000,
            "attempts": 1,
            "assertions": _held,
            **({} if report.passed else {"reason": _reason(report, call)}),
            **({"asserted": True} if _asserted(call) else {}),
        }
        report.user_properties.append((_OUTCOME, outcome))
    return report  # type: ignore[return-value]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _outcomes.extend(value for name, value in report.user_properties if name == _OUTCOME)


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = os.environ.get("GRADPROOF_TEST_OUTCOMES")
    if target and not hasattr(session.config, "workerinput"):
        Path(target).write_text(json.dumps(_outcomes))
