"""The corpus that most tests read."""

from __future__ import annotations

from pathlib import Path


def write_tiny_corpus(folder: Path) -> Path:
    """Two small pages of invented parks, in a new folder."""
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
