"""Words, dense and sparse indexes, and the store that keeps them."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings
from rag.errors import CorpusError, IndexDamaged, IndexMismatch, IndexMissing
from rag.index.build import build, is_current
from rag.index.dense import DenseIndex
from rag.index.records import read_articles, to_json, write_lines
from rag.index.sparse import SparseIndex
from rag.index.store import Store
from rag.index.words import Segmenter, harvest
from rag.ingest.readers import read_issue
from rag.types import Article
from tests.fakes import HashEncoder


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

    def test_saved_and_loaded(self, tmp_path: Path):
        index = SparseIndex.build([*self.documents, []])
        index.save(tmp_path / "bm25")
        loaded = SparseIndex.load(tmp_path / "bm25")
        assert loaded.scores(["园区", "贷款"]).tolist() == index.scores(["园区", "贷款"]).tolist()
        assert len(loaded) == 4

    def test_nothing_on_disk_is_a_pickle(self, tmp_path: Path):
        SparseIndex.build(self.documents).save(tmp_path)
        for path in tmp_path.glob("*.npy"):
            np.load(path, allow_pickle=False)
        assert {p.suffix for p in tmp_path.iterdir()} == {".npy", ".json"}


class TestDense:
    def test_exact_inner_product(self, tmp_path: Path):
        vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        DenseIndex.build(vectors).save(tmp_path / "v")
        index = DenseIndex.load(tmp_path / "v")
        query = vectors[7:8]
        products = vectors @ query[0]
        rows = index.search(query, 5)
        assert rows.tolist() == np.argsort(-products)[:5].tolist()
        assert index.scores(query, rows) == pytest.approx(products[rows], abs=1e-6)
        assert len(index.search(query, 500)) == 50


def test_articles_survive_the_disk(tmp_path: Path, seed_page: Path):
    articles = list(read_issue(seed_page).articles)
    write_lines(tmp_path / "a.jsonl", articles)
    assert read_articles(tmp_path / "a.jsonl") == articles
    assert "\n" not in to_json(articles[0])


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

    def test_three_generations_are_kept(self, settings: Settings):
        versions = [build(settings, HashEncoder()).version for _ in range(4)]
        assert Store(settings.index).names() == versions[1:]
        assert Store(settings.index).current() == versions[-1]

    @pytest.mark.parametrize(
        "name",
        ["articles.jsonl", "passages.jsonl", "terms.txt", "vectors.faiss"]
        + ["bm25/data.csc.index.npy", "bm25/vocab.index.json", "manifest.json"],
    )
    @pytest.mark.parametrize("fault", ["cut", "flip", "remove"])
    def test_damaged_file_is_named(self, settings: Settings, name: str, fault: str):
        version = build(settings, HashEncoder()).version
        path = settings.index / "generations" / version / name
        data = path.read_bytes()
        if fault == "remove":
            path.unlink()
        else:
            half = len(data) // 2
            path.write_bytes(data[:half] if fault == "cut" else b"\xff" + data[1:])
        with pytest.raises(IndexDamaged, match="rag build") as caught:
            Store(settings.index).load(settings.cache_dir)
        assert path.name in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("pointer", ["", "nowhere", "../..", "\xff"])
    def test_damaged_pointer(self, settings: Settings, pointer: str):
        build(settings, HashEncoder())
        (settings.index / "CURRENT").write_bytes(pointer.encode("latin-1"))
        with pytest.raises(IndexDamaged, match="rag build"):
            Store(settings.index).current()
