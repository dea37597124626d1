"""Metrics of an evaluation, with their arithmetic."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from math import log2

import pytest

from rag.evaluate.metrics import matches, score_case
from rag.evaluate.record import Case, Found, Report, Result
from rag.evaluate.summary import METRICS, STAGES, compare, refusal_curve, summarise, tag_rates
from rag.evaluate.text_metrics import (
    character_f1,
    figure_support,
    holds,
    references,
    rouge_l,
    word_f1,
)
from rag.types import Timings


def case(id="c1", **fields):
    return Case(id=id, question="问题？", **fields)


def passage(article, headline="", text=""):
    return Found(
        passage_id=f"{article}-{len(text)}",
        article_id=article,
        headline=headline or f"标题{article}",
        issue="1",
        text=text,
        score=0.5,
    )


def cited(quote, article="a1", headline="白沙港扩建", marker="[1]", date="2024-05-06"):
    return {
        "marker": marker,
        "article_id": article,
        "headline": headline,
        "date": date,
        "quote": quote,
    }


def answer(text="", *citations, refused=False, confidence=0.9, timings=(0.1, 0.2, 0.3)):
    return {
        "answer": text or "资料中没有找到相关内容。",
        "refused": refused,
        "citations": list(citations),
        "confidence": confidence,
        "timings": dict(
            zip(("retrieve", "first_token", "total", "read", "check"), timings, strict=False)
        ),
    }


def refusal(confidence=0.1):
    return answer(refused=True, confidence=confidence)


def result(a_case, an_answer=None, found=()):
    scores, why = score_case(a_case, an_answer, found)
    taken = an_answer["timings"] if an_answer else {}
    return Result(
        case=a_case,
        answer=an_answer,
        found=tuple(found),
        why=why,
        scores=scores,
        seconds={stage: s for stage, s in taken.items() if s is not None},
    )


class TestHolds:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("共有15 个泊位", "15个"),
            ("共有十五个泊位", "15个"),
            ("共有１５个泊位", "15个"),
            ("共有15[1]。", "15"),
            ("共有15个[1]。", "15个"),
            ("共有15个", "15"),
            ("占百分之十九", "19%"),
            ("投资1.44万元", "14400元"),
            ("投资14,400元", "1.44万元"),
            ("千余家企业", "1000多家"),
            ("二〇二一年三月五日开工", "2021年3月"),
            ("2021年3月开工", "3月"),
            ("第七批名单", "第7批"),
            ("由OpenAI 开发", "openai"),
            ("由 Open AI 开发", "Open AI"),
            ("15个月里建了15个", "15个"),
            ("115和15", "15"),
            ("气温2-5℃", "5℃"),
            ("气温零下5℃", "-5℃"),
            ("3月-5月施工", "5月"),
            ("内存2GB-5GB", "5GB"),
        ],
    )
    def test_same_in_normal_form(self, text, expected):
        assert holds(text, expected)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("共有15个泊位", "5个"),
            ("占119%", "19%"),
            ("占1.5%", "5%"),
            ("占1.5%", "1"),
            ("历时15个月", "15个"),
            ("上升15个百分点", "15个"),
            ("排在第5个", "5个"),
            ("投资1300万元", "300万元"),
            ("2021年13日", "3日"),
            ("12月开工", "2月"),
            ("2017年开工", "17年"),
            ("气温零下5℃", "5℃"),
            ("气温零下二十五度", "5℃"),
            ("型号DFM-25", "25"),
            ("型号DFM-25", "2"),
            ("由OpenAI开发", "AI"),
            ("1000家企业", "1000多家"),
            ("什么也没有", " "),
            ("", "15个"),
        ],
    )
    def test_not_within_longer_figures_or_words(self, text, expected):
        assert not holds(text, expected)


class TestLikeness:
    def test_characters(self):
        # 白沙港 and 白沙大港: 3 in common of 3 and 4: 2 · 3 / (3 + 4). Marks don't count.
        assert character_f1("白沙港。", ["白沙大港"]) == pytest.approx(6 / 7)

    def test_a_character_counts_as_often_as_it_stands(self):
        assert character_f1("港港港", ["港口"]) == pytest.approx(2 * 1 / (3 + 2))

    def test_words(self):
        # 苏州/算法 and 苏州/的/算法: 2 · 2 / (2 + 3).
        assert word_f1("苏州，算法", ["苏州的算法"]) == pytest.approx(4 / 5)

    def test_longest_common_subsequence(self):
        # 港沙白 in 白沙港: the longest is one character, though all three are shared.
        assert rouge_l("港沙白", ["白沙港"]) == pytest.approx(2 * 1 / (3 + 3))
        assert character_f1("港沙白", ["白沙港"]) == 1

    @pytest.mark.parametrize("score", [character_f1, word_f1, rouge_l])
    def test_the_best_of_the_expected(self, score):
        assert score("白沙港", ["云岭", "白沙港"]) == 1
        assert score("", ["白沙港"]) == score("。", ["。"]) == score("白沙港", []) == 0

    def test_references(self):
        assert references(case(any_of=["甲", "乙"])) == ("甲", "乙")
        assert references(case(all_of=["甲", "乙"])) == ("甲，乙",)
        assert references(case(all_of=["甲"], any_of=["乙", "丙"])) == ("甲，乙", "甲，丙")
        assert references(case(quotes=["原句"])) == ("原句",)


class TestRetrieval:
    def test_articles_in_order_each_once(self):
        # Articles in order: x, a1, y, b1. The two expected ones stand second and fourth.
        found = [passage(i) for i in ("x", "x", "a1", "x", "y", "b1", "a1")]
        scores, why = score_case(case(articles=["a1", "b1"]), None, found)
        assert scores["recall_at_1"] == 0
        assert scores["recall_at_3"] == 1 / 2
        assert scores["recall_at_10"] == 1
        assert scores["mrr_at_10"] == 1 / 2
        best = 1 / log2(2) + 1 / log2(3)
        assert scores["ndcg_at_10"] == pytest.approx((1 / log2(3) + 1 / log2(5)) / best)
        assert why == ()

    def test_another_print_of_a_found_article_earns_nothing(self):
        found = [passage("a1", "白沙港扩建"), passage("x"), passage("a2", "白沙港扩建")]
        scores, _why = score_case(case(articles=["白沙港"]), None, found)
        assert scores["recall_at_1"] == scores["ndcg_at_10"] == 1

    @pytest.mark.parametrize("found", [[], [passage("x"), passage("y")]])
    def test_nothing_right_found(self, found):
        scores, why = score_case(case(articles=["白沙港", "a1"]), None, found)
        assert set(scores.values()) == {0.0}
        assert why == ("前十条中未找到：白沙港、a1",)

    def test_answer_among_the_passages(self):
        found = [passage("x", text="别的"), passage("a1", text="建有十五个泊位"), passage("y")]
        scores, why = score_case(case(any_of=["15个", "15座"]), None, found)
        assert [scores[f"answer_in_top_{k}"] for k in (1, 3, 10)] == [0, 1, 1]
        assert why == ()

    def test_all_words_stand_in_one_passage(self):
        both = case(all_of=["算力", "算法"])
        apart = [passage("x", text="算力"), passage("y", text="算法")]
        assert score_case(both, None, apart)[0]["answer_in_top_10"] == 0
        assert score_case(both, None, apart)[1] == ("前十条中未找到：算力、算法",)
        assert score_case(both, None, [passage("x", text="算力与算法")])[0]["answer_in_top_1"] == 1

    def test_one_of_the_quotes(self):
        quoted = case(any_of=["没有"], quotes=["首句", "次句"])
        assert score_case(quoted, None, [passage("x", text="次句。")])[0]["answer_in_top_1"] == 1

    def test_a_question_to_refuse_has_no_retrieval(self):
        assert score_case(case(refuse=True), None, [passage("x")]) == ({}, ())

    def test_patterns(self):
        assert matches("0f", "0f", "标题")
        assert matches("白沙港 扩建", "0f", "云岭：白沙港扩建")
        assert not matches("0", "0f", "标题")
        assert not matches(" ", "0f", "标题")


class TestAnswers:
    right = answer("白沙港有15个泊位[1]。", cited("白沙港有15个泊位。"))

    def test_right(self):
        asked = case(any_of=["十五个"], none_of=["16个"], articles=["白沙港", "云岭"])
        scores, why = score_case(asked, self.right, [])
        assert why == ()
        assert scores["answer_match"] == scores["figures_supported"] == 1
        assert scores["citation_precision_article"] == 1
        assert scores["citation_recall_article"] == 1 / 2

    @pytest.mark.parametrize(
        ("fields", "line"),
        [
            ({"all_of": ["5个", "白沙", "16\n个"]}, "缺少：5个、16 个"),
            ({"any_of": ["5个"]}, "缺少：5个"),
            ({"any_of": ["5个", "6个"]}, "缺少其一：5个、6个"),
            ({"none_of": ["白沙港", "云岭"]}, "不应出现：白沙港"),
        ],
    )
    def test_wrong_words(self, fields, line):
        scores, why = score_case(case(**fields), self.right, [])
        assert why == (line,)
        assert scores["answer_match"] == 0

    def test_wrong_article(self):
        assert score_case(case(articles=["云岭"]), self.right, [])[1] == ("未引用：云岭",)

    def test_unsupported_figure(self):
        told = answer("有15个泊位，占19%[1]。", cited("有15个泊位。"))
        scores, why = score_case(case(), told, [])
        assert why == ("有数字不在引文中：19%",)
        assert scores == {"figures_supported": 1 / 2}

    def test_refused_by_mistake(self):
        asked = case(any_of=["15个"], articles=["白沙港"])
        scores, why = score_case(asked, refusal(), [passage("a1", "白沙港", "15个")])
        assert why == ("误拒",)
        assert scores["recall_at_1"] == 1
        names = ("answer_match", "character_f1", "word_f1", "rouge_l")
        assert [scores[name] for name in names] == [0] * 4
        assert scores["citation_recall_article"] == scores["citation_recall_sentence"] == 0
        assert not [name for name in scores if name.startswith("citation_precision")]

    def test_questions_to_refuse(self):
        nowhere = case(refuse=True, none_of=["15个"])
        assert score_case(nowhere, refusal(), []) == ({}, ())
        scores, why = score_case(nowhere, self.right, [])
        assert why == ("应拒答，却作答", "不应出现：15个")
        assert scores == {"figures_supported": 1}

    def test_cited_articles(self):
        # Three articles are cited, one of them twice; two are expected ones, of four patterns.
        told = answer(
            "甲[1]。乙[2]。丙[3]。丁[4]。",
            cited("甲", "a1", "白沙港"),
            cited("乙", "a1", "白沙港", "[2]"),
            cited("丙", "a2", "云岭", "[3]"),
            cited("丁", "a3", "其他", "[4]"),
        )
        scores, _why = score_case(case(articles=["a1", "云岭", "b", "c"]), told, [])
        assert scores["citation_precision_article"] == pytest.approx(2 / 3)
        assert scores["citation_recall_article"] == 2 / 4

    def test_cited_sentences(self):
        told = answer(
            "甲[1][2][3]。",
            cited("白沙港"),
            cited("别的", marker="[2]"),
            cited("无关", marker="[3]"),
        )
        # One of three quotations holds an expected word; of three demands (甲, 乙, one of
        # 白沙港 and 云岭) one is met.
        asked = case(all_of=["甲", "乙"], any_of=["云岭", "白沙港"])
        scores, _why = score_case(asked, told, [])
        assert scores["citation_precision_sentence"] == pytest.approx(1 / 3)
        assert scores["citation_recall_sentence"] == pytest.approx(1 / 3)

    def test_quotes_come_before_words(self):
        scores, _why = score_case(case(any_of=["甲"], quotes=["泊位"]), self.right, [])
        assert scores["citation_recall_sentence"] == 1

    def test_figures_of_each_sentence(self):
        told = answer(
            "有[注]3个[1]。又有4个和5个[2][9]。末尾6个。", cited("3个"), cited("四个", marker="[2]")
        )
        assert figure_support(told) == (3, ("5个",))

    def test_a_sentence_without_a_marker_has_no_cited_figures(self):
        # 第七批 and 5个 are asked for and not found; 15个 alone is cited.
        told = answer(
            "关于“第七批有5个算法吗”，资料中没有找到相关内容。园区先后有15个算法拿到备案[1]。",
            cited("园区先后有15个算法拿到备案"),
        )
        assert figure_support(told) == (1, ())

    @pytest.mark.parametrize("text", ["建成3个[1]；又有5个[2]。", "建成3个。[1]又有“5个。”[2]"])
    def test_figures_before_each_marker(self, text):
        told = answer(text, cited("3个"), cited("四个", marker="[2]"))
        assert figure_support(told) == (2, ("5个",))

    def test_date_and_headline_are_cited_too(self):
        told = answer("2024年5月6日，7个[1]。", cited("无", headline="建成7个"))
        assert figure_support(told) == (2, ())

    def test_records_are_no_quotations(self):
        told = answer("共有15篇[1]。", cited("无"), confidence=None)
        assert figure_support(told) == (0, ())
        assert score_case(case(), told, [])[1] == ()


def answered(id, confidence=0.9, **fields):
    return result(
        case(id, any_of=["15个"], **fields),
        answer("15个[1]。", cited("15个"), confidence=confidence),
    )


def unanswerable(id, an_answer):
    return result(case(id, refuse=True), an_answer)


class TestSummary:
    def test_every_metric_in_order(self):
        for results in ([], [answered("1")], [result(case("1", articles=["a"]))]):
            assert list(summarise(results)) == list(METRICS)

    def test_nothing_counts(self):
        assert all(m.value is m.low is m.high is None and m.n == 0 for m in summarise([]).values())

    def test_refusals(self):
        # Refused: 3 of 5 unanswerable ones and 1 of 4 answerable ones.
        results = [unanswerable(f"u{i}", refusal()) for i in range(3)]
        results += [unanswerable(f"v{i}", answer("有。")) for i in range(2)]
        results += [answered(f"a{i}") for i in range(3)]
        results += [result(case("f", any_of=["15个"]), refusal())]
        metrics = summarise(results)
        precision, recall = 3 / 4, 3 / 5
        assert metrics["refusal_precision"].value == precision
        assert metrics["refusal_recall"].value == recall
        f1 = 2 * precision * recall / (precision + recall)
        assert metrics["refusal_f1"].value == pytest.approx(f1)
        assert metrics["false_refusals"].value == 1 / 4
        assert metrics["answer_match"].value == 3 / 4
        assert metrics["passed"].value == pytest.approx(6 / 9)
        counts = {name: metrics[name].n for name in ("refusal_precision", "refusal_recall")}
        assert counts == {"refusal_precision": 4, "refusal_recall": 5}
        assert metrics["refusal_f1"].n == 6  # three answered rightly say nothing of refusing

    def test_figures_are_counted_over_all_answers(self):
        # 1 of 1 and 0 of 3: a quarter of the figures, not half of the answers.
        few = result(case("1"), answer("1个[1]。", cited("1个")))
        many = result(case("2"), answer("2个、3个、4个[1]。", cited("无")))
        none = result(case("3"), answer("无[1]。", cited("无")))
        metric = summarise([few, many, none])["figures_supported"]
        assert (metric.value, metric.n) == (1 / 4, 2)

    def test_latencies(self):
        timed = [
            result(case(str(i)), answer("无。", timings=(i / 10, None, i, i / 2, i / 4)))
            for i in range(1, 6)
        ]
        records = result(case("6"), answer("无。", confidence=None, timings=(None, None, 6)))
        metrics = summarise([*timed, records])
        assert metrics["retrieve_p50"].value == pytest.approx(0.3)
        assert metrics["retrieve_p50"].n == 5
        assert metrics["first_token_p50"].n == 0
        assert metrics["read_p50"].value == pytest.approx(1.5)
        # Between the 4th and the 5th of 5: position 0.95 · 4 = 3.8, so (4 + 0.8) / 4.
        assert metrics["check_p95"].value == pytest.approx(1.2)
        # Between the 5th and the 6th of 6: position 0.95 · 5 = 4.75, so 5 + 0.75.
        assert metrics["total_p95"].value == pytest.approx(5.75)
        assert METRICS["total_p95"].higher_is_better is False

    def test_every_time_that_is_taken_is_a_stage(self):
        assert {field.name for field in fields(Timings)} <= set(STAGES)

    def test_retrieval_alone(self):
        metrics = summarise([result(case("1", articles=["a"]), found=[passage("a")])])
        assert metrics["recall_at_1"].value == metrics["passed"].value == 1
        assert {metrics[n].n for n in ("answer_match", "false_refusals", "total_p50")} == {0}

    def test_interval(self):
        results = [answered(str(i)) for i in range(60)]
        results += [result(case(f"w{i}", any_of=["无此"]), answer("15个。")) for i in range(40)]
        metric = summarise(results)["answer_match"]
        # The standard error of 0.6 over 100 cases is √(0.6 · 0.4 / 100) ≈ 0.049.
        assert metric.value == 0.6
        assert metric.low == pytest.approx(0.6 - 1.96 * 0.049, abs=0.015)
        assert metric.high == pytest.approx(0.6 + 1.96 * 0.049, abs=0.015)
        assert summarise(results)["answer_match"] == metric

    def test_one_case_has_no_interval_and_equal_ones_a_point(self):
        one = summarise([answered("1")])["answer_match"]
        assert (one.value, one.low, one.high, one.n) == (1, None, None, 1)
        two = summarise([answered("1"), answered("2")])["answer_match"]
        assert (two.low, two.high, two.n) == (1, 1, 2)

    def test_tags(self):
        wrong = result(case("2", any_of=["无此"], tags=["数字"]), answer("15个。"))
        rates = tag_rates([answered("1", tags=["数字", "港口"]), wrong])
        assert {tag: (m.value, m.n) for tag, m in rates.items()} == {
            "数字": (0.5, 2),
            "港口": (1, 1),
        }

    def test_curve(self):
        results = [
            unanswerable("1", refusal(0.1)),
            answered("2", confidence=0.3),
            unanswerable("3", answer("有。", confidence=0.5)),
            unanswerable("4", answer("有。", confidence=None)),
            answered("5", confidence=0.8),
        ]
        points = [(p.threshold, p.precision, p.recall) for p in refusal_curve(results)]
        # Below 0.3: the first; below 0.5: the second too; the one without is never refused.
        assert points == [
            (0.3, 1, 1 / 3),
            (0.5, 1 / 2, 1 / 3),
            (0.8, 2 / 3, 2 / 3),
            (1.0, 2 / 4, 2 / 3),
        ]

    def test_no_curve_without_unanswerable_questions(self):
        assert refusal_curve([answered("1")]) == refusal_curve([]) == ()
        assert refusal_curve([result(case("1", refuse=True))]) == ()


class TestCompare:
    def report(self, results):
        return Report(
            made="2024-05-06T00:00:00Z", files={}, versions={}, machine={}, settings={},
            index={"version": "v1"}, generator="g", retrieval_only=False,
            metrics=summarise(results), tags={}, refusal_curve=(), results=tuple(results),
        )  # fmt: skip

    def wrong(self, id):
        return result(case(id, any_of=["15个"]), answer("无。"))

    def test_over_the_cases_of_both(self):
        before = self.report([answered("1"), self.wrong("2"), answered("gone"), self.wrong("4")])
        after = [self.wrong("1"), answered("2"), answered("new"), self.wrong("4")]
        made = compare(before, after, summarise(after))
        assert (made.made, made.index, made.cases) == ("2024-05-06T00:00:00Z", "v1", 3)
        assert made.newly_failed == ("1",)
        assert made.newly_passed == ("2",)
        assert (made.metrics["passed"].before, made.metrics["passed"].after) == (1 / 3, 1 / 3)

    def test_the_same_cases(self):
        before = self.report([answered("1"), self.wrong("2")])
        after = [answered("1"), answered("2")]
        made = compare(before, after, summarise(after))
        assert (made.metrics["passed"].before, made.metrics["passed"].after) == (1 / 2, 1)
        assert list(made.metrics) == list(METRICS)


def test_heavy_libraries_are_loaded_when_used():
    code = "import rag.evaluate.summary, rag.evaluate.metrics, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"scipy", "ir_measures", "rapidfuzz", "jieba", "torch", "numpy"}
    assert not heavy & set(loaded.stdout.split())
