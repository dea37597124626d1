"""Reprints take one place; other figures for the same thing are given with their dates."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.align import Source
from rag.answer.cite import cite
from rag.answer.conflicts import LEAD, conflicting, with_dates
from rag.answer.numbers import unsupported
from rag.config import Settings
from rag.index.build import build
from rag.index.store import Store
from rag.ingest.chunk import sentences
from rag.retrieve.duplicates import merge
from rag.retrieve.lexicon import Lexicon
from rag.types import Article, Hit, Passage
from tests.support.fakes import HashEncoder

FERRY = (
    "青石渡口的新码头昨天开门迎客，渡船每二十分钟一班，从清晨六点开到晚上十点。"
    "渡口管理处主任蓝田说，老码头将改成水上课堂，教附近学校的孩子认识江豚与候鸟。"
)
ORCHARD = "柳溪村的果农把梨树修剪成篱壁的样子，机器可以从行间开过，采摘省下一半人手。"
NOTE = "本栏目的文字与图片均由作者提供，转载请与编辑部联系并注明出处，来信请寄编辑部收。"
MAY, JUNE, JULY = date(2031, 5, 6), date(2031, 6, 3), date(2031, 7, 1)


def hit(text: str, name: str, day: date | None = None, score: float = 0.5, whole: str = "") -> Hit:
    whole = whole or text
    start = whole.index(text)
    article = Article(name, f"issue-{day}-{name}", "", whole, date=day)
    passage = Passage(f"{name}:{start}", name, start, start + len(text), text)
    return Hit(passage, article, score, 0.0, 0.0)


def names(hits) -> list[str]:
    return [h.article.id for h in hits]


def test_a_reprint_takes_one_place_the_newest_in_the_best():
    hits = [
        hit(FERRY, "may", MAY, 0.9),
        hit(ORCHARD, "other", JUNE, 0.8),
        hit(f"（重刊）{FERRY}", "july", JULY, 0.3),
        hit(FERRY.replace("，", ","), "june", JUNE, 0.2),
    ]
    merged = merge(hits, 5)
    assert names(merged.kept) == ["july", "other"]
    assert [h.score for h in merged.kept] == [0.9, 0.8]
    assert [names(pair) for pair in merged.older] == [["july", "june"], ["july", "may"]]
    assert merged.older[0][0] == merged.kept[0]


def test_undated_prints_come_last_and_one_days_prints_by_rank():
    hits = [hit(FERRY, "none"), hit(FERRY, "a", MAY), hit(FERRY, "b", MAY)]
    merged = merge(hits, 3)
    assert names(merged.kept) == ["a"]
    assert names(old for _new, old in merged.older) == ["b", "none"]


def test_a_newer_print_is_found_beyond_the_places():
    hits = [hit(FERRY, "may", MAY), hit(ORCHARD, "other", MAY), hit(FERRY, "june", JUNE)]
    merged = merge(hits, 1)
    assert names(merged.kept) == ["june"]
    assert names(old for _new, old in merged.older) == ["may"]
    assert merge(hits, 0).kept == merge([], 3).kept == ()


def test_a_closing_note_is_no_reprint():
    hits = [hit(NOTE + FERRY[:20], "a", MAY), hit(ORCHARD[:20] + NOTE, "b", JUNE)]
    assert names(merge(hits, 2).kept) == ["a", "b"]
    hits = [hit(NOTE, "a", MAY), hit(FERRY + ORCHARD + NOTE, "b", JUNE)]
    assert names(merge(hits, 2).kept) == ["a", "b"]


def test_a_reprint_cut_elsewhere_is_one_the_rest_stands_in_the_newer_article():
    whole = f"{ORCHARD}{FERRY}"
    older = hit(FERRY, "may", MAY)
    newer = hit(whole[-len(FERRY) + 25 :], "june", JUNE, whole=whole)
    assert names(merge([older, newer], 2).kept) == ["june"]


def test_other_figures_are_no_reprint():
    text = "江北社区的夜校今年开设了编织与木工课程，前来报名的居民有{}人，教室坐得满满当当。"
    hits = [hit(text.format(85), "a", MAY), hit(text.format(130), "b", JUNE)]
    assert names(merge(hits, 2).kept) == ["a", "b"]
    hits = [hit(text.format(85), "a", MAY), hit(text.format(85), "b", JUNE)]
    assert names(merge(hits, 2).kept) == ["b"]


def test_one_article_never_repeats_itself():
    whole = f"{FERRY}\n{FERRY}"
    first, second = (hit(FERRY, "a", MAY, whole=whole) for _ in range(2))
    assert len(merge([first, second], 2).kept) == 2
    assert len(merge([first, hit(FERRY, "b", JUNE), second], 3).kept) == 2


_hits = st.lists(
    st.tuples(
        st.sampled_from([FERRY, FERRY[5:], FERRY + ORCHARD, ORCHARD, NOTE, "……", "", "12"]),
        st.sampled_from("abcde"),
        st.sampled_from([None, MAY, JUNE, JULY]),
    ),
    max_size=9,
)


@given(_hits, st.integers(0, 10))
def test_nothing_is_lost_and_the_result_is_the_same_again(rows, k):
    hits = [
        hit(text, f"{name}{i if i % 2 else ''}", day, 1 - i / 10)
        for i, (text, name, day) in enumerate(rows)
    ]
    merged = merge(hits, len(hits))
    found = [h.passage for h in merged.kept] + [old.passage for _new, old in merged.older]
    assert sorted(map(repr, found)) == sorted(repr(h.passage) for h in hits)
    assert [h.score for h in merged.kept] == sorted((h.score for h in merged.kept), reverse=True)
    for new, old in merged.older:
        assert new in merged.kept and new.article.id != old.article.id
        assert (new.article.date or date.min) >= (old.article.date or date.min)
    fewer = merge(hits, k)
    assert fewer == merge(list(hits), k)
    assert fewer.kept == merged.kept[:k]


ISSUES = {
    "2031-05-06": [
        ("青石渡口客流上升", "青石渡口今年上半年共运送旅客48万人次。渡口有渡船12艘。"),
        ("柳溪梨园迎来丰收", "柳溪梨园今年收梨320吨，比去年多了两成。"),
        ("江北夜校开班", "江北夜校报名的居民有85人，教师有9人。"),
    ],
    "2031-07-01": [
        ("青石渡口客流再创新高", "青石渡口今年前8个月共运送旅客66.5万人次。渡口有渡船12艘。"),
        ("桃源梨园开园", "桃源梨园今年收梨150吨。柳溪梨园今年收晚熟梨90吨。"),
        ("江北夜校又添新课", "江北夜校报名的居民有130人。夜校所在的江北社区有居民6200人。"),
        ("青石渡口的货船", "青石渡口另有货运码头，去年运送货物30万吨。"),
    ],
    "2031-07-08": [("渡口旧闻", "青石渡口去年上半年共运送旅客41万人次。")],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> tuple[list[Source], Lexicon]:
    root = tmp_path_factory.mktemp("issues")
    corpus: Path = root / "corpus"
    corpus.mkdir()
    for day, articles in ISSUES.items():
        rows = [json.dumps({"title": h, "text": t}, ensure_ascii=False) for h, t in articles]
        (corpus / f"{day}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    settings = Settings(corpus=corpus, index=root / "index", cache_dir=root / "cache")
    build(settings, HashEncoder())
    snapshot = Store(settings.index).load(settings.cache_dir)
    return [(a, s) for a in snapshot.articles for s in sentences(a)], Lexicon(snapshot)


def told(world, words: str, question: str) -> list[str]:
    """The sentences that conflict with the one that holds `words`."""
    sources, lexicon = world
    chosen = next(source for source in sources if words in source[1].text)
    return [sentence.text for _article, sentence in conflicting(chosen, sources, question, lexicon)]


def test_other_figures_are_found_from_either_side(world):
    question = "江北夜校报名的居民有多少人？"
    assert told(world, "85人", question) == ["江北夜校报名的居民有130人。"]
    assert told(world, "130人", question) == ["江北夜校报名的居民有85人，教师有9人。"]


def test_periods_are_both_given_where_the_question_names_none(world):
    found = told(world, "48万", "青石渡口运送旅客多少人次？")
    assert [text[:10] for text in found] == ["青石渡口去年上半年共", "青石渡口今年前8个月"]


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("48万", "青石渡口2031年上半年运送旅客多少人次？"),
        ("66.5万", "青石渡口前8个月运送旅客多少人次？"),
        ("48万", "5月6日的报道里，青石渡口运送旅客多少人次？"),
    ],
)
def test_a_period_or_an_issue_that_the_question_names(world, words, question):
    assert told(world, words, question) == []


def test_the_newest_is_only_held_against_older_answers(world):
    question = "江北夜校报名的居民目前有多少人？"
    assert told(world, "130人", question) == []
    assert told(world, "85人", question) == ["江北夜校报名的居民有130人。"]


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("320吨", "柳溪梨园今年收梨多少吨？"),  # another orchard's, and a narrower kind
        ("30万吨", "青石渡口运送货物多少吨？"),  # nobody else's
        ("12艘", "青石渡口有渡船多少艘？"),  # the same figure
        ("6200人", "江北社区有居民多少人？"),  # people, but of another count
        ("48万", "青石渡口客流上升是谁说的？"),  # no figure is asked for
        ("85人", "多少人？"),  # too vague
    ],
)
def test_what_is_no_conflict(world, words, question):
    assert told(world, words, question) == []


@pytest.mark.parametrize(
    ("older", "newer", "differ"),
    [
        ("1.2万人", "12043人", False),
        ("约500人", "516人", False),
        ("五百人", "500名", False),
        ("1.2万人", "1.3万人", True),
        ("500人", "516人", True),
        ("500人", "500公斤", False),
        ("20P", "40P", True),
    ],
)
def test_figures_that_differ(world, older, newer, differ):
    sources = []
    for i, (figure, day) in enumerate([(older, MAY), (newer, JUNE)]):
        text = f"江北夜校登记在册的学员规模达{figure}。"
        article = Article(str(i), str(day), "江北夜校", text, date=day)
        sources += [(article, s) for s in sentences(article)]
    question = "江北夜校登记在册的学员规模是多少？"
    found = conflicting(sources[0], sources, question, world[1])
    assert found == (sources[1:] if differ else [])


@pytest.mark.parametrize(
    ("older", "newer", "question"),
    [
        # a narrower sort of the thing
        (
            "江北夜校报名的居民有85人。",
            "江北夜校报名的外来居民有30人。",
            "江北夜校报名的居民有多少人？",
        ),
        (
            "江北夜校报名的外来居民有30人。",
            "江北夜校报名的居民有85人。",
            "江北夜校报名的居民有多少人？",
        ),
        # somebody else's
        (
            "“云雀”合唱队昨天成立，报名的居民有85人。",
            "“山雀”合唱队昨天成立，报名的居民有30人。",
            "合唱队成立时报名的居民有多少人？",
        ),
        # no figure is asked for
        (
            "江北夜校报名的居民有85人。",
            "江北夜校报名的居民有30人。",
            "江北夜校报名的居民在哪里？",
        ),
    ],
)
def test_what_is_another_thing(world, older, newer, question):
    sources = []
    for i, (text, day) in enumerate([(older, MAY), (newer, JUNE)]):
        article = Article(str(i), str(day), "江北夜校报名", text, date=day)
        sources += [(article, s) for s in sentences(article)]
    assert conflicting(sources[0], sources, question, world[1]) == []


def test_the_same_article_and_issue_never(world):
    text = "江北夜校报名的居民有85人。江北夜校报名的居民有130人。"
    sources = [(a, s) for a in [Article("x", "i", "", text, date=MAY)] for s in sentences(a)]
    twin = [(Article("y", "i", "", text, date=MAY), s) for _a, s in sources]
    assert conflicting(sources[0], sources + twin, "江北夜校报名的居民有多少人？", world[1]) == []


def test_both_are_given_with_their_dates_newest_first():
    text = "渡口有渡船{}艘。"
    made = [(12, MAY), (14, JULY), (9, None)]
    sources = []
    for n, day in made:
        article = Article(str(n), str(day), "渡船", text.format(n), date=day)
        sources += [(article, s) for s in sentences(article)]
    supports = with_dates(sources[0], sources[1:])
    assert [s.text for s in supports] == [
        "2031年7月1日的报道：“渡口有渡船14艘。”",
        "2031年5月6日的报道：“渡口有渡船12艘。”",
        "《渡船》：“渡口有渡船9艘。”",
    ]
    text, citations = cite(supports)
    assert text.startswith("2031年7月1日的报道：“渡口有渡船14艘[1]。”2031年5月6日的报道：")
    assert [c.quote for c in citations] == [
        "渡口有渡船14艘。",
        "渡口有渡船12艘。",
        "渡口有渡船9艘。",
    ]
    for support in supports:
        ((article, sentence),) = support.quotes
        assert article.text[sentence.start : sentence.end] == sentence.text
        assert unsupported(LEAD.sub("", support.text), [sentence.text]) == []


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("渡口有多少艘渡船？", 2),
        ("渡口目前有多少艘渡船？", 2),
        ("最新的报道说渡口有多少艘渡船？", 1),
        ("渡口最近有多少艘渡船？", 1),
    ],
)
def test_of_the_newest_only_that_is_given(question, told):
    sources = []
    for n, day in [(12, MAY), (14, JULY)]:
        article = Article(str(n), str(day), "渡船", f"渡口有渡船{n}艘", date=day)
        sources += [(article, s) for s in sentences(article)]
    supports = with_dates(sources[0], sources[1:], question)
    assert [s.text for s in supports] == [
        "2031年7月1日的报道：“渡口有渡船14艘。”",
        "2031年5月6日的报道：“渡口有渡船12艘。”",
    ][:told]
