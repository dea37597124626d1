"""Public question sets to a corpus and cases; the files here are made up in the sets' forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import QuestionError
from rag.evaluate.cases import read_cases
from rag.evaluate.importers import Imported, Kind, import_set
from rag.evaluate.record import Case
from rag.ingest.readers import corpus_files, read_issue
from rag.types import Article
from tests.support.paths import ROOT

DATA = ROOT / "tests" / "data" / "importers"


def imported(
    kind: Kind, names: list[str], out: Path
) -> tuple[Imported, dict[str, Case], dict[str, Article]]:
    counts = import_set(kind, [DATA / name for name in names], out)
    articles = {
        article.id: article
        for path in corpus_files(out / "corpus")
        for article in read_issue(path, out / "corpus").articles
    }
    cases = {case.id: case for case in read_cases([out / "cases.jsonl"])}
    assert (len(articles), len(cases)) == counts[:2]
    return counts, cases, articles


class TestSquad:
    def test_traditional_chinese(self, tmp_path: Path):
        counts, cases, articles = imported("squad", ["squad.json"], tmp_path / "set")
        assert counts == Imported(articles=1, cases=3, refuse=1, unchecked=0)
        (article,) = articles.values()
        assert article.headline == "雲麓科學園區"
        assert article.text.split("\n")[1] == "園區的供水來自赤松水庫。"
        case = cases["2001-1-1"]
        assert (case.any_of, case.articles) == (("1999年", "1999"), (article.id,))
        assert case.quotes == ("雲麓科學園區於1997年動工，1999年啟用。",)

    def test_answer_at_another_place_than_said(self, tmp_path: Path):
        case = imported("squad", ["squad.json"], tmp_path / "set")[1]["2001-1-2"]
        assert case.any_of == ("青禾光電",)
        assert case.quotes == ("園區佔地320公頃，第一家進駐的廠商是青禾光電。",)

    def test_impossible_is_to_refuse(self, tmp_path: Path):
        case = imported("squad", ["squad.json"], tmp_path / "set")[1]["2001-2-1"]
        assert case.refuse
        assert case.tags == ("squad", "unanswerable")

    def test_own_form_of_cmrc(self, tmp_path: Path):
        counts, cases, articles = imported("squad", ["cmrc.json"], tmp_path / "set")
        assert counts == Imported(articles=1, cases=2, refuse=0, unchecked=0)
        case = cases["DEV_7_QUERY_0"]
        assert case.any_of == ("2.4平方公里", "一期占地2.4平方公里")
        assert case.quotes[0].startswith("科技城分三期建设")
        assert articles[case.articles[0]].headline == "银杉科技城"

    def test_answers_that_a_spreadsheet_made_numbers(self, tmp_path: Path):
        cases = imported("squad", ["cmrc.json"], tmp_path / "set")[1]
        assert cases["DEV_7_QUERY_1"].any_of == ("2031", "2031年")

    def test_several_files(self, tmp_path: Path):
        counts = imported("squad", ["squad.json", "cmrc.json"], tmp_path / "set")[0]
        assert counts == Imported(articles=2, cases=5, refuse=1, unchecked=0)


class TestRgb:
    def test_ways_to_tell_it(self, tmp_path: Path):
        counts, cases, articles = imported("rgb", ["rgb_zh.json"], tmp_path / "set")
        assert counts == Imported(articles=3, cases=2, refuse=1, unchecked=0)
        case = cases["rgb_zh-0"]
        assert (case.any_of, case.all_of) == (("3月6日", "三月六号"), ())
        assert [articles[i].text for i in case.articles] == [
            "鹿鸣科技园3月6日开园，首批进驻的企业有41家。"
        ]

    def test_without_positive_passages(self, tmp_path: Path):
        assert imported("rgb", ["rgb_zh.json"], tmp_path / "set")[1]["rgb_zh-1"].refuse

    def test_integration(self, tmp_path: Path):
        _counts, cases, articles = imported("rgb", ["rgb_zh_int.json"], tmp_path / "set")
        case = cases["rgb_zh_int-0"]
        assert (case.all_of, case.any_of) == (("12公顷",), ("30公顷", "三十公顷"))
        assert len(case.articles) == 3
        assert not any("青阳" in articles[i].text for i in case.articles)

    def test_second_item_of_several_ways(self, tmp_path: Path):
        case = imported("rgb", ["rgb_zh_int.json"], tmp_path / "set")[1]["rgb_zh_int-1"]
        assert (case.any_of, case.all_of) == (("岑设计院", "岑院"), ("丰和", "沅州"))

    def test_fact(self, tmp_path: Path):
        _counts, cases, articles = imported("rgb", ["rgb_zh_fact.json"], tmp_path / "set")
        assert cases["rgb_zh_fact-0"].any_of == ("260家",)
        assert [a.text for a in articles.values()] == ["青阳科技园有260家企业。"]

    def test_a_passage_of_two_files_is_one_article(self, tmp_path: Path):
        twice = tmp_path / "again.json"
        twice.write_bytes((DATA / "rgb_zh.json").read_bytes())
        counts = import_set("rgb", [DATA / "rgb_zh.json", twice], tmp_path / "set")
        assert (counts.articles, counts.cases) == (3, 4)


class TestCrud:
    def test_figures_and_names_of_the_answer(self, tmp_path: Path):
        counts, cases, articles = imported("crud", ["crud.json"], tmp_path / "set")
        assert counts == Imported(articles=3, cases=3, refuse=0, unchecked=1)
        case = cases["1doc-a1"]
        # 2031年 stands in the question, 7个 not in the news
        assert case.all_of == ("18公里", "6.5亿元", "飞梭一号")
        (article,) = (articles[i] for i in case.articles)
        assert article.text.startswith("枫桥园区的试验线5日启用")
        assert article.date is not None
        assert article.date.isoformat() == "2031-05-06"

    def test_short_answer(self, tmp_path: Path):
        assert imported("crud", ["crud.json"], tmp_path / "set")[1]["1doc-a1-2"].any_of == (
            "6.5亿元",
        )

    def test_reworded_answer_of_two_articles(self, tmp_path: Path):
        case = imported("crud", ["crud.json"], tmp_path / "set")[1]["2docs-b1"]
        assert (case.all_of, case.any_of, len(case.articles)) == ((), (), 2)


SQUAD = {"data": [{"title": "题", "paragraphs": [{"context": "文。", "qas": [{"id": "1"}]}]}]}


class TestBadFiles:
    @pytest.mark.parametrize(
        ("kind", "text", "message"),
        [
            ("squad", "{", "not JSON"),
            ("squad", "{}", "data is missing"),
            ("squad", '{"data": 1}', "data is of another kind"),
            ("squad", "[1]", r"question list\[0\].*context_text is missing"),
            ("squad", json.dumps(SQUAD), r"data\[0\] qas\[0\]: question is missing"),
            ("squad", "[]", "no question in it"),
            (
                "squad",
                '[{"context_text": "文。", "qas": [{"query_id": "1", "query_text": "问", "answers": [7.0]}]}]',
                "no answer is a text of the article",
            ),
            ("rgb", '{"query": "问"}', "line 1: id is missing"),
            (
                "rgb",
                '\n{"id": 0, "query": "问", "positive": [1], "negative": []}',
                "line 2: a passage",
            ),
            (
                "rgb",
                '{"id": 0, "query": "问", "positive": ["文"], "negative": [], "answer": [1]}',
                "line 1: an answer is not text",
            ),
            ("crud", '{"event_summary": []}', "no question in it"),
            ("crud", '{"questanswer_1doc": [{"ID": "1"}]}', r"questanswer_1doc\[0\]: questions is"),
            (
                "crud",
                '{"questanswer_1doc": [{"ID": "1", "questions": "问", "answers": "答"}]}',
                r"questanswer_1doc\[0\]: news1 is missing",
            ),
        ],
    )
    def test_place_is_named(self, kind: Kind, text: str, message: str, tmp_path: Path):
        path = tmp_path / "bad.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(QuestionError, match=message) as caught:
            import_set(kind, [path], tmp_path / "set")
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "set").exists()

    def test_no_such_file(self, tmp_path: Path):
        with pytest.raises(QuestionError, match="cannot be read"):
            import_set("squad", [tmp_path / "none.json"], tmp_path / "set")

    def test_no_such_kind(self, tmp_path: Path):
        with pytest.raises(QuestionError, match="squad, rgb, crud"):
            import_set("other", [DATA / "cmrc.json"], tmp_path / "set")  # type: ignore[arg-type]

    def test_folder_that_holds_something(self, tmp_path: Path):
        (tmp_path / "mine.txt").write_text("x")
        with pytest.raises(QuestionError, match="not an empty folder"):
            import_set("squad", [DATA / "cmrc.json"], tmp_path)

    def test_half_a_character(self, tmp_path: Path):
        path = tmp_path / "half.json"
        row = {"id": 0, "query": "问\ud83d", "answer": "答\ude00", "negative": []}
        path.write_text(json.dumps({**row, "positive": ["答\ud83d。"]}))
        import_set("rgb", [path], tmp_path / "set")
        assert read_cases([tmp_path / "set" / "cases.jsonl"])[0].question == "问?"
