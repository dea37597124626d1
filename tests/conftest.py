"""Fixtures that every test may use, and what `--all` adds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.examples import FEW
from tests.support.paths import SHARED
from tests.support.tiny_corpus import write_tiny_corpus

MODELS = re.compile("tests/models/|real_models|RealModels")
"""In the names of tests that use the real models."""

pytest_plugins = ["tests.support.real_models"]

# No test fails because the machine is slow, and each run tries the same examples.
COMMON = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("few", max_examples=FEW, **COMMON)
settings.register_profile("all", max_examples=100, **COMMON)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all`: long tests too, and property tests and faults in full number."""
    parser.addoption("--all", action="store_true", help="long tests too, all examples and faults")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples a property test tries."""
    config.addinivalue_line("markers", "long: runs with --all only; a shorter test stays")
    settings.load_profile("all" if config.getoption("--all") else "few")


class Scheduling(LoadScopeScheduling):
    """Tests with real models run in one process, where they are opened once; others anywhere.

    xdist's own groups (`loadgroup`) are not seen under pytest 9.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "models" if MODELS.search(nodeid) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """The order in which workers get tests."""
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out, unless all are asked for. Those with real models come first."""
    if not config.getoption("--all"):
        config.hook.pytest_deselected(items=[item for item in items if _is_long(item)])
        items[:] = [item for item in items if not _is_long(item)]
    items.sort(key=lambda item: MODELS.search(item.nodeid) is None)


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


@pytest.fixture(scope="session")
def every_fault(request: pytest.FixtureRequest) -> bool:
    """Whether faults strike at every place where they can, or at some."""
    return bool(request.config.getoption("--all"))


@pytest.fixture
def seed_page() -> Path:
    """The real page, where it is at hand."""
    pages = sorted((SHARED / "seed").glob("*.txt"))
    if not pages:
        pytest.skip("the real page (../shared/seed) is not here")
    return pages[0]


@pytest.fixture
def bench() -> Path:
    """The public questions, where they are at hand."""
    folder = SHARED / "bench" / "news"
    if not folder.is_dir():
        pytest.skip("the public questions (../shared/bench/news) are not here")
    return folder


@pytest.fixture
def tiny_corpus(tmp_path: Path) -> Path:
    """Two small pages of invented parks."""
    return write_tiny_corpus(tmp_path / "corpus")
