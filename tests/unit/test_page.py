"""Reading pages: the real one, made-up ones of other shapes, and any text at all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ingest.forms import byline_credits, ends_complete, is_byline, is_caption, is_lead
from rag.ingest.page import parse_page
from rag.ingest.readers import read_issue
from rag.types import Article, Issue
from tests.support.paths import ROOT

PAGES = ROOT / "tests" / "data" / "pages"
SHAPES = sorted(p.name.removesuffix(".expected.json") for p in PAGES.glob("*.expected.json"))


def page_file(name: str) -> Path:
    return next(p for p in PAGES.glob(f"{name}.*") if not p.name.endswith(".json"))


def summary(article: Article) -> dict[str, object]:
    """An article in the terms of an expected.json."""
    apart = [s.start for s in article.sections if s.kind != "section"]
    body = article.text[: min(apart, default=len(article.text))].rstrip("\n")
    return {
        "headline": article.headline,
        "kicker": article.kicker,
        "deck": article.deck,
        "column": article.column,
        "reporters": list(article.reporters),
        "correspondents": list(article.correspondents),
        "sections": [
            {"kind": s.kind, "heading": s.heading, "label": s.label}
            for s in article.sections
            if s.kind != "caption"
        ],
        "captions": list(article.captions),
        "first_words": article.text[:10],
        "last_words": body[-10:],
        "paragraphs": len(body.split("\n")),
    }


def test_there_are_pages_of_many_shapes():
    assert len(SHAPES) >= 10


@pytest.mark.parametrize("name", SHAPES)
def test_page_of_another_shape(name: str):
    issue = read_issue(page_file(name), PAGES)
    expected = json.loads((PAGES / f"{name}.expected.json").read_text("utf-8"))
    assert [summary(a) for a in issue.articles] == [
        {key: article[key] for key in summary(issue.articles[0])}
        for article in expected["articles"]
    ]
    if "furniture" in expected:
        assert list(issue.furniture) == expected["furniture"]


class TestRealPage:
    @pytest.fixture
    def issue(self, seed_page: Path) -> Issue:
        return read_issue(seed_page)

    def find(self, issue: Issue, words: str) -> Article:
        (article,) = [a for a in issue.articles if words in a.headline]
        return article

    def test_articles(self, issue: Issue):
        assert len(issue.articles) == 6
        assert all(a.headline and a.text for a in issue.articles)

    def test_suzhou_with_sections_and_sidebar(self, issue: Issue, seed_page: Path):
        article = self.find(issue, "苏州工业园区")
        assert [s.kind for s in article.sections] == ["section"] * 3 + ["sidebar", "caption"]
        printed = seed_page.read_text("utf-8").splitlines()
        assert all(f"## {s.heading}" in printed for s in article.sections[:3])
        sidebar = article.sections[3]
        assert sidebar.label == "延伸阅读"
        assert f"### {sidebar.heading}" in printed
        assert article.text[sidebar.end - 10 : sidebar.end].endswith("。")
        assert article.reporters == ("张晔",)
        assert article.correspondents == ("唐晓雯",)

    def test_kicker_and_byline_of_two_lines(self, issue: Issue):
        article = self.find(issue, "包头")
        assert article.kicker == "创新积分制助企业成长"
        assert (article.reporters, article.correspondents) == (("张景阳",), ("李宝乐",))

    def test_columns(self, issue: Issue):
        assert self.find(issue, "西北旺").column == "园镜头"
        assert self.find(issue, "西北旺").reporters == ("华凌",)
        assert self.find(issue, "福州").column == "园光影"
        assert self.find(issue, "大连").column == ""
        assert self.find(issue, "大连").reporters == ("张蕴",)

    def test_every_caption_with_its_article(self, issue: Issue):
        counts = {a.headline[:2]: len(a.captions) for a in issue.articles}
        assert counts == {"苏州": 1, "包头": 0, "上榜": 1, "中关": 0, "大连": 1, "福州": 1}
        assert "青岛高新区" in self.find(issue, "青岛").captions[0]
        assert self.find(issue, "福州").captions[0].endswith("魏培全摄")

    @pytest.mark.parametrize("mended", ["银行", "虞军", "在近日", "从零起步"])
    def test_no_paragraph_left_cut(self, issue: Issue, mended: str):
        assert any(mended in article.text for article in issue.articles)

    def test_every_paragraph_is_whole(self, issue: Issue):
        for article in issue.articles:
            body = [s for s in article.sections if s.kind == "caption"]
            end = min((s.start for s in body), default=len(article.text))
            for paragraph in article.text[:end].strip().split("\n"):
                assert ends_complete(paragraph), paragraph


page_text = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            ["", "# 标题", "## 小标题", "### 简讯", "◎本报记者 张三", "通讯员 李四", "延伸阅读"]
            + ["## 延伸阅读", "图为园区。王五摄", "受访者供图", "——副题", "本报讯(记者甲乙)今天"]
            + ["正文一句话。", "断开的半", "，接上的半句。", "　　缩进的一段。", "第6版", "---"]
        ),
    ),
    max_size=14,
).map("\n".join)


def printed(text: str) -> Counter[str]:
    return Counter(c for c in text if not c.isspace() and c != "#")


@given(page_text)
def test_any_text_is_read_and_nothing_is_lost(text: str):
    issue = parse_page(text, issue_id="x")
    kept = list(issue.furniture)
    for a in issue.articles:
        kept += [a.headline, a.kicker, a.deck, a.column, a.byline, a.text]
        kept += [s.heading + s.label for s in a.sections]
    assert not printed(text) - printed("".join(kept))


@given(page_text)
def test_sections_are_ranges_in_order(text: str):
    for article in parse_page(text, issue_id="x").articles:
        position = 0
        for section in article.sections:
            assert position <= section.start <= section.end <= len(article.text)
            position = section.end


@given(page_text)
def test_ids_are_of_the_content(text: str):
    first, second = (parse_page(text, issue_id="x") for _ in range(2))
    assert [a.id for a in first.articles] == [a.id for a in second.articles]
    assert len({a.id for a in first.articles}) == len(first.articles)


@pytest.mark.parametrize(
    ("line", "reporters", "correspondents"),
    [
        ("◎本报记者 张三 通讯员 李四", ("张三",), ("李四",)),
        ("□ 甲 乙 丙丁", ("甲乙", "丙丁"), ()),
        ("文/本报记者 张三 图/李四", ("张三",), ()),
        ("见习记者 张 晔", ("张晔",), ()),
        ("本报驻上海记者 张三、李四", ("张三", "李四"), ()),
    ],
)
def test_byline(line: str, reporters: tuple[str, ...], correspondents: tuple[str, ...]):
    assert is_byline(line)
    credits = byline_credits(line)
    assert (credits.reporters, credits.correspondents) == (reporters, correspondents)


@pytest.mark.parametrize(
    "line",
    ["记者走访园区企业", "近日，记者获悉", "记者从管委会了解到，一期已启用。", "新华社记者 王五摄"],
)
def test_not_a_byline(line: str):
    assert not is_byline(line)


def test_leads_and_captions():
    assert is_lead("新华社北京9月9日电（记者张三、李四）近日")
    assert is_lead("【本报讯】近日")
    assert not is_lead("本报记者近日走访园区")
    assert is_caption("上图：新厂房内景。")
    assert is_caption("受访者供图")
    assert not is_caption("图书馆昨日开放。")


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("一句话。", True),
        ("他说：“好。”", True),
        ("名为“小巨人”", False),
        ("全文完。（记者 张三）", True),
        ("某公司(以下简称“某某”)", False),
        ("半句，", False),
    ],
)
def test_ends_complete(text: str, complete: bool):
    assert ends_complete(text) is complete
