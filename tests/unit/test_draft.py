"""Proposed cases: what is asked of a clause, what is left out, and that all of it can be run."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from rag.answer.names import pos_tagger
from rag.config import Settings
from rag.errors import CorpusError, QuestionError
from rag.evaluate.cases import read_cases
from rag.evaluate.command import choose, draft_cases
from rag.evaluate.draft import MOST, drafts
from rag.evaluate.metrics import matches
from rag.evaluate.record import Case
from rag.evaluate.text_metrics import holds
from rag.ingest.readers import corpus_files, read_issue
from rag.types import Article, Issue
from tests.support.paths import ROOT

CORPUS = ROOT / "corpus"


def proposed(text: str, headline: str = "云岭科技园扩建", day: date | None = None) -> list[Case]:
    article = Article("a", "i", headline, text, date=day)
    return drafts(Issue("i", "i.md", (article,)), None)


def asked(text: str, **article: object) -> list[tuple[str, str]]:
    return [(c.question, c.any_of[0]) for c in proposed(text, **article)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("云岭科技园引进企业320家。", "云岭科技园引进企业多少家？", "320家"),
        ("目前，云岭科技园已引进超320家企业。", "云岭科技园已引进多少家企业？", "320家"),
        ("云岭科技园企业已超320家。", "云岭科技园企业已有多少家？", "320家"),
        ("云岭科技园总投资约18亿元。", "云岭科技园总投资多少亿元？", "18亿元"),
        ("云岭科技园装机4万千瓦以上。", "云岭科技园装机多少万千瓦？", "4万千瓦"),
        ("云岭科技园产值占全市的63%。", "云岭科技园产值占全市的百分之多少？", "63%"),
        ("云岭科技园持股70%并负责运营。", "云岭科技园持股百分之多少？", "70%"),
        ("云岭科技园2019年动工。", "云岭科技园哪一年动工？", "2019年"),
        ("2019年3月，云岭科技园动工。", "云岭科技园是什么时候动工的？", "2019年3月"),
        ("云岭科技园主任苏木说，二期在建。", "云岭科技园主任是谁？", "苏木"),
        ("云岭科技园由白沙大学运营。", "云岭科技园由谁运营？", "白沙大学"),
    ],
)
def test_a_clause_becomes_a_question(text: str, question: str, answer: str):
    assert asked(text) == [(question, answer)]


def test_a_part_of_the_name_is_written_out():
    assert asked("科技园引进企业320家。") == [("云岭科技园引进企业多少家？", "320家")]


def test_a_part_that_two_names_end_in_is_left():
    assert asked("科技园引进企业320家。", headline="云岭科技园与白沙科技园结盟") == []


def test_a_clause_takes_the_subject_before_it():
    text = "云岭科技园4月启用，总投资18亿元。"
    assert ("云岭科技园总投资多少亿元？", "18亿元") in asked(text)


def test_relative_years_are_written_out():
    text = "今年上半年，云岭科技园引进企业320家。"
    assert asked(text, day=date(2024, 9, 1)) == [
        ("2024年上半年，云岭科技园引进企业多少家？", "320家")
    ]
    assert asked(text) == []  # of an undated page nobody knows which year it was


@pytest.mark.parametrize(
    "text",
    [
        "该园引进企业320家。",
        "这里引进企业320家。",
        "云岭科技园引进企业320家和院所12家。",  # two figures
        "云岭科技园的主管部门，总投资18亿元。",  # the part's, not the park's
        "云岭科技园、白沙大学联手，总投资18亿元。",
        "云岭科技园产值超千亿元。",  # no figure
        "云岭科技园形成“9个一”机制。",
        "园中引进企业320家。",
        "云岭科技园主任苏木的办公室在三楼。",  # unknown where the name ends
    ],
)
def test_left_out(text: str):
    assert asked(text) == []


def test_no_question_twice_and_few_an_article():
    again = "云岭科技园引进企业320家。" * 2
    assert len(proposed(again)) == 1
    many = "".join(
        f"云岭科技园引进{c}型企业{n}家。" for n, c in enumerate("甲乙丙丁戊己庚辛壬癸", 11)
    )
    assert len(proposed(many)) == MOST


def test_a_case_says_where_its_answer_stands():
    (case,) = proposed("天晴。云岭科技园引进企业320家，都在一期。")
    assert case == Case(
        id="i-01",
        question="云岭科技园引进企业多少家？",
        any_of=("320家",),
        articles=("云岭科技园扩建",),
        quotes=("云岭科技园引进企业320家，都在一期。",),
        tags=("draft", "figure"),
    )


def test_an_article_without_headline_is_named_by_its_id():
    (case,) = proposed("白沙大学引进企业320家。", headline="")
    assert matches(case.articles[0], "a", "")


def test_drafts_on_the_sample_corpus_hold_their_answers(tmp_path: Path):
    tagger = pos_tagger(tmp_path)
    for path in corpus_files(CORPUS):
        issue = read_issue(path, CORPUS)
        cases = drafts(issue, tagger)
        assert len(cases) > 3
        assert len({case.question for case in cases}) == len(cases)
        for case in cases:
            texts = [a.text for a in issue.articles if matches(case.articles[0], a.id, a.headline)]
            assert any(case.quotes[0] in text for text in texts)
            assert holds(case.quotes[0], case.any_of[0])
            assert not holds(case.question, case.any_of[0])
            assert 8 <= len(case.question) <= 40
            assert not re.search("[该其这此它]", case.question)


def test_the_file_says_what_to_do_and_is_run_only_when_asked_for(tiny_corpus: Path, tmp_path: Path):
    settings = Settings(corpus=tiny_corpus, cache_dir=tmp_path / "cache")
    text = draft_cases("2024-06-01-b", settings)
    first, _, rest = text.partition("\n")
    assert first.startswith("# ")
    assert "remove the tag draft" in first
    assert rest.startswith("- id: 2024-06-01-b-01")
    (tmp_path / "d.yaml").write_text(text, encoding="utf-8")
    cases = read_cases([tmp_path / "d.yaml"])
    assert choose(cases, ["draft"], None) == cases
    with pytest.raises(QuestionError, match="tag draft"):
        choose(cases, [], None)


def test_refusals_of_draft(tiny_corpus: Path, tmp_path: Path):
    settings = Settings(corpus=tiny_corpus, cache_dir=tmp_path / "cache")
    with pytest.raises(CorpusError, match="no file and no issue"):
        draft_cases("1999-01-01", settings)
    (tiny_corpus / "c.md").write_text("# 天晴\n\n◎本报记者 甘棠\n\n今日无事。\n", encoding="utf-8")
    with pytest.raises(QuestionError, match="by hand"):
        draft_cases("c", settings)
