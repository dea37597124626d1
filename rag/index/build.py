"""The build flow: corpus -> issues -> articles -> passages -> vectors and tokens -> store."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from pathlib import Path

from rag.config import Settings
from rag.errors import CorpusError, StoreError
from rag.index.dense import DenseIndex
from rag.index.sparse import SparseIndex
from rag.index.store import Store, sha256
from rag.index.words import Segmenter, harvest
from rag.ingest.chunk import passages as cut_passages
from rag.ingest.readers import corpus_files, printable, read_issues
from rag.models.encoder import Encoder
from rag.progress import Progress, Silent
from rag.types import Article, Issue, Manifest, Passage, Unreadable

logger = logging.getLogger(__name__)


def build(settings: Settings, encoder: Encoder, progress: Progress | None = None) -> Manifest:
    """Read the corpus of `settings`, index it, and put the new generation in use.

    A file that cannot be read is left out and listed in the manifest. Raises CorpusError
    where there is no folder or nothing readable in it, StoreError where nothing can be written.
    """
    progress = progress or Silent()
    sources = corpus_hashes(settings.corpus)
    issues, unreadable = read_corpus(settings.corpus, progress)
    articles = _unique([article for issue in issues for article in issue.articles])
    passages = [p for a in articles for p in cut_passages(a, settings.passage_chars)]
    if not passages:
        reasons = "; ".join(f"{item.source}: {item.reason}" for item in unreadable[:3])
        raise CorpusError(f"nothing to index in {settings.corpus}; add issues ({reasons})")
    terms = sorted({term for article in articles for term in harvest(article)})
    tokens = _cut(passages, Segmenter(terms, settings.cache_dir), progress)
    with progress.task("编码段落", len(passages)) as advance:
        vectors = encoder.encode_passages([p.searchable for p in passages], advance)

    def describe(name: str, files: dict[str, str]) -> Manifest:
        return Manifest(
            version=name,
            built=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            encoder=encoder.name,
            dimensions=encoder.dimensions,
            issues=len(issues),
            articles=len(articles),
            passages=len(passages),
            passage_chars=settings.passage_chars,
            sources=sources,
            files=files,
            unreadable=tuple(unreadable),
        )

    store = Store(settings.index)
    dense, sparse = DenseIndex.build(vectors), SparseIndex.build(tokens)
    return store.write(articles, passages, terms, dense, sparse, describe)


def is_current(settings: Settings, encoder: str) -> bool:
    """Whether the index in use was built from this corpus as it is, with this encoder."""
    try:
        manifest = Store(settings.index).manifest()
    except StoreError:
        return False
    return (
        manifest.encoder == encoder
        and manifest.passage_chars == settings.passage_chars
        and manifest.sources == corpus_hashes(settings.corpus)
    )


def corpus_hashes(corpus: Path) -> dict[str, str]:
    """File of the corpus to the SHA-256 of its bytes; empty for one that cannot be opened."""
    hashes = {}
    for path in corpus_files(corpus):
        name = printable(path.relative_to(corpus))
        try:
            hashes[name] = sha256(path)
        except OSError as error:
            logger.debug("not hashed: %s", error)  # the reader reports it
            hashes[name] = ""
    return hashes


def read_corpus(corpus: Path, progress: Progress) -> tuple[list[Issue], list[Unreadable]]:
    """All issues of a folder in the order of their files, and what could not be read."""
    issues: list[Issue] = []
    unreadable: list[Unreadable] = []
    files = corpus_files(corpus)
    with progress.task("读取报纸", len(files)) as advance:
        for path in files:
            read, refused = read_issues(path, corpus)
            issues += read
            unreadable += refused
            for item in refused:
                logger.warning("skipped %s: %s", item.source, item.reason)
            advance(1)
    return issues, unreadable


def _unique(articles: list[Article]) -> list[Article]:
    """One article an id: two files such as a.md and a.txt may carry the same issue."""
    return list({article.id: article for article in articles}.values())


def _cut(passages: list[Passage], segmenter: Segmenter, progress: Progress) -> list[list[str]]:
    tokens = []
    with progress.task("切分词语", len(passages)) as advance:
        for passage in passages:
            tokens.append(segmenter.tokens(passage.searchable))
            advance(1)
    return tokens
