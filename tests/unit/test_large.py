"""What differs in a large index: approximate search, bounded segments, texts left on the disk."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.errors import IndexDamaged
from rag.index import approximate
from rag.index.approximate import Approximate, _between
from rag.index.articles import StoredArticle, heads, read_heads
from rag.index.build import build
from rag.index.compact import MOST_SEGMENTS, to_merge
from rag.index.dense import Block, DenseIndex, best
from rag.index.files import Lines, write_bytes_lines
from rag.index.records import to_line
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.index.words import Segmenter
from rag.models.encoder import Vectors
from rag.retrieve.search import Search
from rag.types import Article, Filters, Section
from tests.support.examples import examples
from tests.support.fakes import HashEncoder

LIMIT = 60
SEEDS = st.integers(0, 2**32 - 1)


def clustered(n: int, seed: int = 0, width: int = 32) -> Vectors:
    """Unit vectors in clusters, the clusters in one half of the space, as those of texts are."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(40, width)) + 1
    rows = centres[chance.integers(0, 40, n)] + 0.5 * chance.normal(size=(n, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def recall(index: DenseIndex, queries: Vectors, allowed: np.ndarray | None = None) -> float:
    """Share of the ten best rows that are among the ten first."""
    hits = 0
    for query in queries:
        products = index.vectors(np.arange(len(index))) @ query
        if allowed is not None:
            products[~allowed] = -2
        wanted = set(best(products, 10).tolist())
        hits += len(wanted & set(index.search(query[None], 10, allowed).tolist()))
    return hits / (10 * len(queries))


def blocks_of(vectors: Vectors, removed: np.ndarray) -> list[Block]:
    """A large block, then a small one; the rows left, shuffled, are those of the index."""
    rows = np.full(len(vectors), -1, np.int32)
    used = np.flatnonzero(~removed)
    rows[used] = np.random.default_rng(0).permutation(len(used))
    cut = len(vectors) * 9 // 10
    return [
        Block(vectors[:cut], rows[:cut], Approximate.train(vectors[:cut])),
        Block(vectors[cut:], rows[cut:]),
    ]


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.approximate.EXACT_UP_TO", LIMIT)


class TestApproximate:
    @examples(3)
    @given(SEEDS)
    def test_recall_that_was_measured_holds_for_other_queries(self, seed: int):
        vectors = clustered(3000, seed)
        trained = Approximate.train(vectors)
        assert trained.recall >= 0.95 and 1 <= trained.effort <= trained.index.nlist
        index = DenseIndex([Block(vectors, np.arange(3000, dtype=np.int32), trained)], 32)
        chance = np.random.default_rng(seed)
        shaken = vectors[:60] + 0.1 * chance.normal(size=(60, 32))
        for queries in (_between(vectors, chance), shaken.astype(np.float32)):
            assert recall(index, queries) >= 0.9

    def test_effort_is_the_least_that_reaches_the_aim(self, monkeypatch: pytest.MonkeyPatch):
        vectors = clustered(4000)
        careful = Approximate.train(vectors)
        monkeypatch.setattr("rag.index.approximate.RECALL", 0.3)
        hasty = Approximate.train(vectors)
        assert hasty.effort < careful.effort < careful.index.nlist

    def test_vectors_that_are_all_the_same(self):
        vectors = np.repeat(clustered(1), 500, axis=0)
        assert Approximate.train(vectors).recall >= 0.95

    def test_read_from_the_disk_it_finds_the_same(self, tmp_path: Path):
        vectors = clustered(1000)
        trained = Approximate.train(vectors)
        trained.save(tmp_path)
        loaded = Approximate.load(tmp_path)
        assert loaded is not None and len(loaded) == 1000
        assert (loaded.effort, loaded.recall) == (trained.effort, pytest.approx(trained.recall))
        for query in clustered(20, 1):
            found = [sorted(a.search(query[None], 10).tolist()) for a in (trained, loaded)]
            assert found[0] == found[1]
        assert Approximate.load(tmp_path / "none") is None

    @pytest.mark.parametrize("data", [b"", b"no index", b"IwSq" + b"\xff" * 200])
    def test_a_file_that_is_no_index(self, tmp_path: Path, data: bytes):
        Approximate.train(clustered(200)).save(tmp_path)
        (tmp_path / approximate.INDEX).write_bytes(data)
        with pytest.raises(ValueError, match=approximate.INDEX):
            Approximate.load(tmp_path)


class TestDense:
    @examples(8)
    @given(SEEDS, st.floats(0, 0.5), st.one_of(st.none(), st.floats(0.0, 1)))
    def test_only_rows_in_use_that_are_allowed(self, seed: int, gone: float, share: float | None):
        chance = np.random.default_rng(seed)
        index = DenseIndex(blocks_of(clustered(800), chance.random(800) < gone), 32)
        allowed = None if share is None else chance.random(len(index)) < share
        possible = len(index) if allowed is None else int(allowed.sum())
        for query in clustered(5, seed):
            rows = index.search(query[None], 20, allowed)
            assert len(set(rows.tolist())) == len(rows) == min(20, possible)
            assert allowed is None or allowed[rows].all()
            scores = index.scores(query[None], rows)
            assert scores.tolist() == sorted(scores, reverse=True)

    def test_recall_among_few_allowed_rows(self):
        index = DenseIndex(blocks_of(clustered(4000), np.zeros(4000, np.bool_)), 32)
        chance = np.random.default_rng(0)
        for share in (0.5, 0.1):
            allowed = chance.random(4000) < share
            assert recall(index, clustered(40, 1), allowed) >= 0.9
        few = np.zeros(4000, np.bool_)
        few[:LIMIT] = True
        assert recall(index, clustered(40, 1), few) == 1

    def test_up_to_the_limit_as_one_flat_index(self, monkeypatch: pytest.MonkeyPatch):
        vectors = clustered(400)
        removed = np.arange(400) % 3 == 0
        blocks = blocks_of(vectors, removed)
        monkeypatch.setattr("rag.index.approximate.EXACT_UP_TO", 400)
        parts = DenseIndex(blocks, 32)
        flat = DenseIndex.build(parts.vectors(np.arange(len(parts))))
        allowed = np.arange(len(flat)) % 2 == 0
        for query in clustered(20, 1):
            for only in (None, allowed):
                rows = flat.search(query[None], 15, only)
                assert parts.search(query[None], 15, only).tolist() == rows.tolist()
            assert (parts.scores(query[None], rows) == flat.scores(query[None], rows)).all()

    @given(st.lists(st.integers(-3, 3)), st.integers(1, 40))
    def test_best(self, values: list[int], k: int):
        expected = sorted(range(len(values)), key=lambda i: (-values[i], i))[:k]
        assert best(np.array(values, np.float32), k).tolist() == expected


def write_pages(settings: Settings, numbers: range) -> None:
    for number in numbers:
        articles = (
            f"# 第{number}期第{part}篇\n\n园区{part}新增企业{number * part}家。\n"
            for part in range(5)
        )
        path = settings.corpus / f"2024-01-{number + 1:02}-p.md"
        path.write_text("\n".join(articles), "utf-8")


def load(settings: Settings) -> Snapshot:
    return Store(settings.index).load(settings.cache_dir)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    settings.corpus.mkdir()
    write_pages(settings, range(20))
    return settings


class TestStore:
    def test_one_more_page_trains_nothing(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ):
        build(settings, HashEncoder())
        (folder,) = Store(settings.index).segments.iterdir()
        assert {"dense.faiss", "dense.json"} <= {p.name for p in folder.iterdir()}
        monkeypatch.setattr(Approximate, "train", None)
        write_pages(settings, range(20, 22))
        assert build(settings, HashEncoder()).passages == 110
        assert len(load(settings).segments) == 2

    def test_a_small_index_has_no_such_files(self, settings: Settings):
        for path in sorted(settings.corpus.iterdir())[8:]:
            path.unlink()
        build(settings, HashEncoder())
        assert not list(settings.index.glob("segments/*/dense.*"))

    def test_search_over_both_kinds_of_segments(self, settings: Settings):
        build(settings, HashEncoder())
        write_pages(settings, range(20, 24))
        (settings.corpus / "2024-01-03-p.md").unlink()
        build(settings, HashEncoder())
        snapshot = load(settings)
        for row, passage in enumerate(snapshot.passages):
            vector = HashEncoder().encode_passages([passage.searchable])
            assert snapshot.dense.scores(vector, snapshot.dense.search(vector, 1)) >= 1 - 1e-5
            assert snapshot.vector(row) == pytest.approx(vector, abs=1e-6)
        issues = {h.article.issue_id for h in search(settings, "园区3新增企业6家", Filters())}
        assert "2024-01-03-p" not in issues
        day = Filters(since=date(2024, 1, 21), until=date(2024, 1, 22))
        hits = search(settings, "园区3新增企业6家", day)
        assert {hit.article.date for hit in hits} == {date(2024, 1, 21), date(2024, 1, 22)}

    @pytest.mark.parametrize("name", ["dense.faiss", "dense.json"])
    @pytest.mark.parametrize("fault", ["cut", "flip", "remove"])
    def test_damaged_file_is_named_and_mended(self, settings: Settings, name: str, fault: str):
        version = build(settings, HashEncoder()).version
        (path,) = settings.index.glob(f"segments/*/{name}")
        data = path.read_bytes()
        path.unlink()
        if fault != "remove":
            path.write_bytes(data[: len(data) // 2] if fault == "cut" else b"\xff" + data[1:])
        with pytest.raises(IndexDamaged, match=f"{name}.*rag build"):
            load(settings)
        assert build(settings, HashEncoder()).version != version
        assert len(load(settings).passages) == 100

    def test_segments_are_bounded(self, settings: Settings, monkeypatch: pytest.MonkeyPatch):
        whole = settings.model_copy(update={"index": settings.index.with_name("whole")})
        build(whole, HashEncoder())
        for module in ("build", "compact"):
            monkeypatch.setattr(f"rag.index.{module}.LARGEST", 30)
        monkeypatch.setattr("rag.index.approximate.EXACT_UP_TO", 1000)
        build(settings, HashEncoder())
        divided, joined = load(settings), load(whole)
        sizes = [len(s.part.passage_lines) for s in divided.segments.values()]
        assert max(sizes) <= 30 and sum(sizes) == 100
        assert list(divided.passages) == list(joined.passages)
        found = [search(s, "园区3新增企业6家", Filters()) for s in (settings, whole)]
        assert found[0] == found[1]


def search(settings: Settings, question: str, filters: Filters) -> list:
    return Search(load(settings), HashEncoder(), settings).search(question, 10, filters)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_what_has_grown_is_left_alone(arrivals: list[int]):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.index.compact.LARGEST", 200)
        segments: list[tuple[int, int]] = []
        for arriving in arrivals:
            merged = to_merge(segments, arriving)
            assert all(segments[i][0] <= 100 for i in merged)
            size = arriving + sum(segments[i][0] for i in merged)
            segments = [s for i, s in enumerate(segments) if i not in merged] + [(size, size)]
            assert size <= 200 + 40
            assert sum(size <= 100 for size, _held in segments) <= MOST_SEGMENTS


ARTICLE = Article(
    *("0123456789abcdef", "a", "题", "正文一句。\n图注。", "肩", "", "要闻", "◎本报记者 甘棠"),
    *(("甘棠",), ("桑榆",), (Section("caption", "", 6, 9),), "云岭日报", date(2024, 5, 1), "2"),
)


class TestArticles:
    @pytest.mark.parametrize("article", [ARTICLE, Article("b", "a", "\ud800", "")])
    def test_stored_is_the_article(self, article: Article):
        lines = [to_line(article)]
        (stored,) = read_heads(list(heads(lines)), lines)
        assert stored.whole() == article
        for name in Article.__dataclass_fields__:
            assert getattr(stored, name) == getattr(article, name)
        assert (stored.title, stored.captions) == (article.title, article.captions)

    def test_a_text_is_read_when_it_is_asked_for(self):
        lines = [to_line(ARTICLE)]
        (stored,) = read_heads(list(heads(lines)), lines)
        lines[0] = to_line(Article("b", "a", "题", "另一篇"))
        assert (stored.headline, stored.text) == ("题", "另一篇")

    def test_rows_of_filters(self, settings: Settings):
        row = '{"title": "%s", "text": "园区获得贷款。记者 甘棠", "date": "%s", "paper": "%s"}\n'
        facts = [("甲", "2023-01-01", "晨报"), ("乙", "", "晚报"), ("丙", "2024-01-09", "晚报")]
        (settings.corpus / "rows.jsonl").write_text("".join(row % f for f in facts), "utf-8")
        build(settings, HashEncoder())
        snapshot = load(settings)
        day, later = date(2024, 1, 4), date(2024, 1, 9)
        for filters in (
            Filters(),
            *(Filters(since=day), Filters(until=day), Filters(since=day, until=later)),
            *(Filters(paper="晚报"), Filters(since=later, paper="晚报"), Filters(issue="rows")),
            *(Filters(paper="无"), Filters(until=day, reporter="甘棠"), Filters(column="要闻")),
        ):
            expected = [filters.holds(snapshot.article(p.article_id)) for p in snapshot.passages]
            assert snapshot.rows_where(filters).tolist() == expected

    def test_article_is_whole(self, settings: Settings):
        build(settings, HashEncoder())
        snapshot = load(settings)
        first = snapshot.articles[0]
        assert isinstance(first, StoredArticle)
        assert type(snapshot.article(first.id)) is Article
        assert snapshot.article(first.id) == first.whole()
        with pytest.raises(KeyError):
            snapshot.article("nowhere")


def test_known_frequencies_are_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = Segmenter(["岭上一号", "白沙大学"], tmp_path)
    monkeypatch.setattr(Segmenter, "frequency", None)
    again = Segmenter(["白沙大学"], tmp_path, first.frequencies)
    assert again.frequencies == {"白沙大学": first.frequencies["白沙大学"]}
    assert again.tokens("白沙大学开学") == first.tokens("白沙大学开学")
    with pytest.raises(TypeError):
        Segmenter(["新词组"], tmp_path, first.frequencies)


def test_terms_in_a_text(tmp_path: Path):
    segmenter = Segmenter(["岭上一号", "一号", "白沙大学"], tmp_path)
    assert segmenter.terms_in("岭上一号下线了吗？") == {"岭上一号", "一号"}
    assert segmenter.terms_in("") == set()


def test_lines_of_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rag.index.files._BLOCK", 3)
    lines = [b"a", b"", b"bcdefgh", b"ij"]
    write_bytes_lines(tmp_path / "lines", lines)
    assert list(Lines(tmp_path / "lines")) == lines
