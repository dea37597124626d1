"""Sentences and passages are exact ranges, whatever the text."""

from __future__ import annotations

import itertools
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag.ingest.chunk import passages, sentence_ranges, sentences
from rag.ingest.page import parse_page
from rag.ingest.readers import read_issue
from rag.types import Article

words = st.sampled_from(
    ["园区", "引进企业", "1.5万家", "“好。”", "《谁？》", "，", "。", "！", "\n", "； ", "a. B"]
)
texts = st.one_of(st.text(max_size=400), st.lists(words, max_size=300).map("".join))


def article(text: str) -> Article:
    return Article("id", "issue", "题", text)


@given(texts)
def test_sentences_cover_all_but_space(text: str):
    covered = set()
    position = 0
    for start, end in sentence_ranges(text):
        assert position <= start < end
        assert text[start:end] == text[start:end].strip()
        covered.update(range(start, end))
        position = end
    assert all(c.isspace() for i, c in enumerate(text) if i not in covered)


@given(texts, st.integers(50, 400))
def test_passages_are_slices_within_bounds(text: str, size: int):
    found = passages(article(text), size)
    for passage in found:
        assert passage.text == text[passage.start : passage.end]
        assert 0 < len(passage.text) <= size
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    inside = {i for p in found for i in range(p.start, p.end)}
    assert all(c.isspace() for i, c in enumerate(text) if i not in inside)


@given(texts)
def test_ids_differ(text: str):
    found = passages(article(text), 60)
    assert len({p.id for p in found}) == len(found)


def test_ends_of_sentences():
    text = "他说：“好。”园区有1.5万家企业！真的吗？（据《谁来买单？》一书）完"
    assert [text[a:b] for a, b in sentence_ranges(text)] == [
        "他说：“好。”",
        "园区有1.5万家企业！",
        "真的吗？",
        "（据《谁来买单？》一书）完",
    ]


def test_passages_stay_within_their_section():
    page = (
        "# 题\n\n◎本报记者 甲乙\n\n" + "开头一句话。" * 10 + "\n\n## 一节\n\n" + "节中一句话。" * 10
    )
    (read,) = parse_page(page, issue_id="x").articles
    found = passages(read, 300)
    assert [p.text[:2] for p in found] == ["开头", "节中"]
    assert found[1].context == "题\n一节"
    assert found[1].searchable.startswith("题\n一节\n节中")


def test_no_stump_at_the_end():
    lengths = [len(p.text) for p in passages(article("这是一个十二字的句子呀。" * 27), 300)]
    assert lengths == [168, 156]


def test_sentence_cut_only_where_too_long():
    text = "很长的一句，" * 100
    found = passages(article(text), 100)
    assert all(p.text.endswith("，") for p in found)


def test_real_page(seed_page: Path):
    for read in read_issue(seed_page).articles:
        for sentence in sentences(read):
            assert read.text[sentence.start : sentence.end] == sentence.text
        ends = {s.end for s in sentences(read)}
        assert all(p.end in ends for p in passages(read, 300))
