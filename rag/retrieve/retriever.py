"""A question to hits, and hits to evidence."""

from __future__ import annotations

import numpy as np

from rag.config import Settings
from rag.index.snapshot import Snapshot
from rag.models.encoder import Encoder
from rag.retrieve.fuse import fuse
from rag.types import Evidence, Hit

DEPTH = 100
"""Candidates taken from each index: far more than are shown, so that the scaling is steady."""

# Words that a question is made of and that no article needs to hold.
_ASKING = frozenset(
    "什么 多少 哪些 哪个 哪里 哪儿 哪 谁 何时 何地 何 几 怎么 "
    "怎样 怎么样 如何 为什么 为何 是否 吗 呢 吧 "
    "的 了 是 在 有 和 与 及 或 被 把 对 "
    "为 从 向 由 于 将 会 能 可以 请 请问 告诉 我 你 它 他 她 这 那 "
    "中 上 下 个 家 项 种 位 年 月 日 进行 目前 多 大 请介绍 "
    "介绍 一下 主要 具体 分别 都 还 也 以 之"
    "".split()
)


class Retriever:
    """Searches one snapshot."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, settings: Settings) -> None:
        self._snapshot = snapshot
        self._encoder = encoder
        self._settings = settings

    def search(self, question: str, k: int) -> list[Hit]:
        """The `k` best passages, best first; fewer where the corpus has no more."""
        snapshot = self._snapshot
        query = self._encoder.encode_queries([question])
        found = snapshot.candidates(query, snapshot.segmenter.tokens(question), DEPTH)
        scores = fuse(found.sparse, found.dense, self._settings.sparse_weight)
        order = np.argsort(-scores, kind="stable")[:k]
        return [
            Hit(
                passage := snapshot.passage(int(found.rows[i])),
                snapshot.article(passage.article_id),
                round(float(scores[i]), 6),
                round(float(found.dense[i]), 6),
                round(float(found.sparse[i]), 6),
            )
            for i in order
        ]

    def evidence(self, question: str) -> Evidence:
        """The passages that the generator reads, and how much of the question they cover."""
        hits = tuple(self.search(question, self._settings.sources))
        return Evidence(question, hits, self.coverage(question, hits))

    def coverage(self, question: str, hits: tuple[Hit, ...]) -> float:
        """Share (0..1) of the question's content words, by weight, that the hits hold."""
        snapshot = self._snapshot
        words = {w for w in snapshot.segmenter.words(question) if w not in _ASKING}
        if not words:
            return 0.0
        held = {word for hit in hits for word in snapshot.segmenter.tokens(hit.passage.searchable)}
        weights = {word: snapshot.sparse.weight(word) for word in words}
        return sum(w for word, w in weights.items() if word in held) / sum(weights.values())
