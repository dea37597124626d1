"""Fixtures that every test may use. Real models are opened once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No test fails because the machine is slow, and each run tries the same examples.
settings.register_profile(
    "project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")

pytest_plugins = ["tests.fixtures_models"]

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


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
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "2024-05-01-a.md").write_text(
        "# 云岭科技园迎来首批企业\n\n◎本报记者 甘棠\n\n"
        "云岭科技园4月启用，首批入驻企业32家，总投资18亿元。园区主任苏木说，二期明年开工。\n\n"
        "## 人才政策\n\n园区为博士提供每月3000元补贴，已有57人领取。\n",
        encoding="utf-8",
    )
    (folder / "2024-06-01-b.md").write_text(
        "# 白沙高新区建成中试基地\n\n◎本报记者 桑榆\n\n"
        "白沙高新区的中试基地占地120亩，可同时开展9条产线的试验。基地由白沙大学运营。\n",
        encoding="utf-8",
    )
    return folder
