"""Taggers that share one table of flags tag as jieba's own does."""

from __future__ import annotations

from pathlib import Path

import jieba.posseg

from rag.index.tagger import open_tagger
from rag.index.words import Segmenter

TERMS = ["云岭科技园", "白沙高新区", "灵犀芯片"]


def test_tags_are_those_of_a_tagger_with_its_own_table(tmp_path: Path, seed_page: Path):
    text = f"{seed_page.read_text('utf-8')}\n云岭科技园发布灵犀芯片X-1，由苏木在北京介绍。"
    with_terms, without = Segmenter(TERMS, tmp_path)._jieba, Segmenter([], tmp_path)._jieba
    for tokenizer in (with_terms, without):
        own = jieba.posseg.POSTokenizer(tokenizer)
        assert open_tagger(tokenizer)(text) == [(pair.word, pair.flag) for pair in own.lcut(text)]
    assert open_tagger(with_terms)(text) != open_tagger(without)(text)


def test_no_table_is_read_again(tmp_path: Path, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("the table of flags was read again")

    monkeypatch.setattr(jieba.posseg.POSTokenizer, "load_word_tag", refuse)
    assert ("北京", "ns") in open_tagger(Segmenter([], tmp_path)._jieba)("他到了北京。")
