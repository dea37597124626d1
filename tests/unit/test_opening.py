"""The page while there is nothing to ask yet."""

from __future__ import annotations

import pytest

from rag.types import Work
from rag.web.opening_view import opening
from tests.support.scripted_backend import NASTY


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (Work(), "正在准备"),
        (Work("编码段落", 20, 63), "编码段落 20 / 63"),
        (Work("装载模型"), "装载模型……"),
        (Work(problem="no corpus folder corpus; make it"), "还没有报纸"),
        (Work(problem="device cuda: torch finds no GPU; set it"), "没有可用的显卡"),
    ],
)
def test_each_state_is_said(work: Work, said: str):
    assert said in opening(work)


def test_a_problem_is_escaped():
    assert "<script" not in opening(Work(problem=NASTY))
