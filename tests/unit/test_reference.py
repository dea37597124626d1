"""References in the form of GB/T 7714-2015."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rag.answer.reference import page_number, reference
from rag.types import Article

WHOLE = Article(
    id="a",
    issue_id="i",
    headline="云岭科技园迎来首批企业",
    text="云岭科技园4月启用。",
    reporters=("甘棠", "桑榆"),
    paper="云岭日报",
    date=date(2024, 9, 8),
    page="第3版",
)


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ({}, "甘棠, 桑榆. 云岭科技园迎来首批企业[N]. 云岭日报, 2024-09-08(3)."),
        ({"reporters": ()}, "云岭科技园迎来首批企业[N]. 云岭日报, 2024-09-08(3)."),
        ({"paper": ""}, "甘棠, 桑榆. 云岭科技园迎来首批企业[N]. 2024-09-08(3)."),
        ({"date": None}, "甘棠, 桑榆. 云岭科技园迎来首批企业[N]. 云岭日报(3)."),
        ({"page": ""}, "甘棠, 桑榆. 云岭科技园迎来首批企业[N]. 云岭日报, 2024-09-08."),
        ({"paper": "", "date": None, "page": ""}, "甘棠, 桑榆. 云岭科技园迎来首批企业[N]."),
        ({"headline": ""}, "甘棠, 桑榆. 云岭科技园4月启用。…[N]. 云岭日报, 2024-09-08(3)."),
    ],
)
def test_what_is_missing_is_left_out(without: dict[str, object], expected: str):
    assert reference(replace(WHOLE, **without)) == expected  # type: ignore[arg-type]


def test_correspondents_come_after_reporters_and_more_than_three_are_cut():
    signed = replace(WHOLE, correspondents=("苏木", "桑榆"))
    assert reference(signed).startswith("甘棠, 桑榆, 苏木. ")
    many = replace(WHOLE, correspondents=("苏木", "白芷"))
    assert reference(many).startswith("甘棠, 桑榆, 苏木, 等. ")


def test_one_line_whatever_is_printed():
    broken = replace(WHOLE, headline="上\n下", paper=" 云岭\n日报 ", page="\n")
    assert reference(broken) == "甘棠, 桑榆. 上 下[N]. 云岭 日报, 2024-09-08."


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("第3版", "3"),
        ("03版", "3"),
        ("3", "3"),
        ("a04", "A04"),
        ("第A12版", "A12"),
        ("头版", "头版"),
    ],
)
def test_page(printed: str, number: str):
    assert page_number(printed) == number
