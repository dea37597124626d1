"""Words, dense and sparse indexes, and the store that keeps them."""

from __future__ import annotations

import os
import time
from math import log
from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.errors import CorpusError, IndexMismatch, IndexMissing
from rag.index.build import build, is_current
from rag.index.dense import DenseIndex
from rag.index.files import Lines, settled_sha256, sha256, write_bytes_lines
from rag.index.postings import Postings
from rag.index.records import read_article, to_line
from rag.index.sparse import SparseIndex
from rag.index.store import Store
from rag.index.words import Segmenter, harvest
from rag.ingest.readers import read_issue
from rag.types import Article
from tests.support.fakes import HashEncoder

TOKENS = st.sampled_from("abcdefg")
DOCUMENTS = st.lists(st.lists(TOKENS, min_size=1, max_size=9), min_size=1, max_size=12)
QUERY = st.lists(st.one_of(TOKENS, st.just("unknown")), max_size=6)


@pytest.fixture
def settings(tmp_path: Path, tiny_corpus: Path) -> Settings:
    return Settings(corpus=tiny_corpus, index=tmp_path / "index")


def article(text: str) -> Article:
    return Article("id", "issue", "题", text, reporters=("甘棠棠",))


class TestWords:
    def test_harvest_takes_names(self):
        text = "由云岭精密制造有限公司与白沙大学共建。产品“岭上一号”载入《白沙年鉴》。"
        terms = harvest(article(text))
        assert {"云岭精密制造有限公司", "白沙大学", "岭上一号", "白沙年鉴", "甘棠棠"} <= terms

    def test_terms_are_cut_whole_and_in_parts(self, tmp_path: Path):
        plain = Segmenter([], tmp_path)
        taught = Segmenter(["岭上一号"], tmp_path)
        assert "岭上一号" not in plain.tokens("新产品岭上一号下线")
        assert "岭上一号" in taught.tokens("新产品岭上一号下线")

    def test_a_term_changes_no_text_that_lacks_it(self, tmp_path: Path, seed_page: Path):
        plain = Segmenter([], tmp_path)
        taught = Segmenter(["岭上一号", "白沙大学", "云岭精密制造有限公司"], tmp_path)
        for read in read_issue(seed_page).articles:
            assert plain.tokens(read.text) == taught.tokens(read.text)

    def test_forms_match(self, tmp_path: Path):
        segmenter = Segmenter([], tmp_path)
        assert segmenter.tokens("ＡＩ，１５％！") == segmenter.tokens("ai 15%")


class TestSparse:
    documents = (["园区", "企业", "企业"], ["园区", "贷款"], ["天气"])

    def test_lucene_arithmetic(self):
        index = SparseIndex.build(self.documents)
        # idf = ln(1 + (N - n + 0.5) / (n + 0.5)); tf = f / (f + k1 (1 - b + b |d| / avg))
        idf = log(1 + (3 - 1 + 0.5) / (1 + 0.5))
        tf = 2 / (2 + 1.5 * (1 - 0.75 + 0.75 * 3 / 2))
        assert index.scores(["企业"]) == pytest.approx([idf * tf, 0, 0], rel=1e-5)
        assert index.weight("企业") == pytest.approx(idf)

    def test_frequencies_and_unknown_words(self):
        index = SparseIndex.build(self.documents)
        assert [index.document_frequency(w) for w in ("园区", "企业", "无")] == [2, 1, 0]
        assert index.scores(["无"]).tolist() == [0, 0, 0]
        assert index.scores([]).tolist() == [0, 0, 0]

    def test_a_repeated_token_counts_each_time(self):
        index = SparseIndex.build(self.documents)
        assert index.scores(["园区", "园区"]) == pytest.approx(2 * index.scores(["园区"]))

    @given(DOCUMENTS, QUERY)
    def test_scores_as_bm25s(self, documents: list[list[str]], query: list[str]):
        """An independent implementation of the same formula."""
        judge = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        judge.index(documents, show_progress=False)
        known = [judge.vocab_dict[t] for t in query if t in judge.vocab_dict]
        expected = judge.get_scores_from_ids(known) if known else np.zeros(len(documents))
        assert SparseIndex.build(documents).scores(query) == pytest.approx(expected, rel=1e-4)

    @given(DOCUMENTS, st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=12), QUERY)
    def test_segments_and_removed_rows_make_no_difference(
        self, documents: list[list[str]], fates: list[tuple[int, bool]], query: list[str]
    ):
        held = list(zip(documents, fates, strict=False))
        used = [document for document, (_segment, removed) in held if not removed]
        parts = []
        for segment in range(3):
            own = [(document, gone) for document, (at, gone) in held if at == segment]
            rows = np.full(len(own), -1, np.int32)
            kept = [i for i, (_document, gone) in enumerate(own) if not gone]
            rows[kept] = [
                sum(not g for _d, (_s, g) in held[:i])
                for i, (_d, (at, gone)) in enumerate(held)
                if at == segment and not gone
            ]
            parts.append((Postings.build(document for document, _gone in own), rows))
        divided, whole = SparseIndex(parts), SparseIndex.build(used)
        assert divided.scores(query).tolist() == whole.scores(query).tolist()
        assert divided.weight("a") == whole.weight("a")

    def test_empty_rows(self):
        assert SparseIndex.build([[], ["天气"], []]).scores(["天气"])[[0, 2]].tolist() == [0, 0]
        assert SparseIndex.build([[]]).scores(["天气"]).tolist() == [0]


class TestPostings:
    documents = (["园区", "企业", "企业"], [], ["园区", "贷款"], ["天气"])

    def same(self, a: Postings, b: Postings) -> bool:
        arrays = ("indptr", "rows", "counts", "lengths")
        return list(a.vocabulary) == list(b.vocabulary) and all(
            getattr(a, name).tolist() == getattr(b, name).tolist() for name in arrays
        )

    def test_saved_and_loaded_without_pickle(self, tmp_path: Path):
        postings = Postings.build([*self.documents, ["\ud800", "a\nb"]])
        postings.save(tmp_path)
        assert self.same(Postings.load(tmp_path), postings)
        for path in tmp_path.glob("*.npy"):
            np.load(path, allow_pickle=False)
        assert {p.suffix for p in tmp_path.iterdir()} == {".npy", ".json"}

    @given(DOCUMENTS, st.data())
    def test_rows_taken_joined_and_arranged(self, documents: list[list[str]], data: st.DataObject):
        postings = Postings.build(documents)
        wanted = data.draw(st.lists(st.integers(0, len(documents) - 1)))
        arranged = postings.arrange(wanted)
        assert self.same(arranged, Postings.build([documents[i] for i in wanted]))
        once = np.array(data.draw(st.permutations(sorted(set(wanted)))), np.int64)
        taken = postings.take(once)
        assert self.same(taken, Postings.build([documents[i] for i in once]))
        both = [*(documents[i] for i in once), *documents]
        assert self.same(Postings.join([taken, postings]), Postings.build(both))

    def test_more_than_the_counts_hold(self):
        assert Postings.build([["a"] * 70_000]).counts.tolist() == [65_535]


class TestDense:
    def test_exact_inner_product(self):
        vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        index = DenseIndex.build(vectors)
        query = vectors[7:8]
        products = vectors @ query[0]
        rows = index.search(query, 5)
        assert rows.tolist() == np.argsort(-products)[:5].tolist()
        assert index.scores(query, rows) == pytest.approx(products[rows], abs=1e-6)
        assert len(index.search(query, 500)) == 50


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path):
    path = tmp_path / "file"
    for age in (0, 3600):  # a file this young is read each time: its time may stay the same
        path.write_bytes(b"one")
        os.utime(path, (time.time() - age,) * 2)
        first = settled_sha256(path)
        assert settled_sha256(path) == first == sha256(path)
        path.write_bytes(b"two")
        assert settled_sha256(path) == sha256(path) != first


def test_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "lines"
    for limit in (1 << 20, 0):  # read, and memory-mapped
        monkeypatch.setattr("rag.index.files.MAP_FROM", limit)
        write_bytes_lines(path, [b"a", b"", "园区".encode()])
        assert list(Lines(path)) == [b"a", b"", "园区".encode()]
        assert Lines(path)[1:] == [b"", "园区".encode()]


def test_articles_survive_the_disk(seed_page: Path):
    for read in read_issue(seed_page).articles:
        assert read_article(to_line(read)) == read
        assert b"\n" not in to_line(read)


class TestStore:
    def test_build_and_load(self, settings: Settings):
        manifest = build(settings, HashEncoder())
        assert (manifest.issues, manifest.articles) == (2, 2)
        snapshot = Store(settings.index).load(settings.cache_dir, HashEncoder().name)
        assert snapshot.manifest == manifest
        assert [a.headline for a in snapshot.articles] == [
            "云岭科技园迎来首批企业",
            "白沙高新区建成中试基地",
        ]
        for passage in snapshot.passages:
            text = snapshot.article(passage.article_id).text
            assert text[passage.start : passage.end] == passage.text

    def test_is_current_until_something_changes(self, settings: Settings):
        encoder = HashEncoder()
        assert not is_current(settings, encoder.name)
        build(settings, encoder)
        assert is_current(settings, encoder.name)
        assert not is_current(settings, "another")
        assert not is_current(settings.model_copy(update={"passage_chars": 200}), encoder.name)
        (settings.corpus / "c.md").write_text("# 题\n\n正文一句。\n", "utf-8")
        assert not is_current(settings, encoder.name)

    def test_unreadable_file_is_skipped_and_told(self, settings: Settings):
        (settings.corpus / "bad.md").write_bytes(b"\x00\x01")
        manifest = build(settings, HashEncoder())
        assert manifest.articles == 2
        assert [(u.source, "binary" in u.reason) for u in manifest.unreadable] == [("bad.md", True)]

    def test_nothing_to_index(self, tmp_path: Path):
        (tmp_path / "empty").mkdir()
        settings = Settings(corpus=tmp_path / "empty", index=tmp_path / "index")
        with pytest.raises(CorpusError, match="nothing to index"):
            build(settings, HashEncoder())

    def test_missing(self, settings: Settings):
        with pytest.raises(IndexMissing, match="rag build"):
            Store(settings.index).load(settings.cache_dir)

    def test_another_encoder(self, settings: Settings):
        build(settings, HashEncoder())
        with pytest.raises(IndexMismatch, match="another.*rag build"):
            Store(settings.index).load(settings.cache_dir, "another")
