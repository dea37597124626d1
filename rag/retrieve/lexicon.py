"""Words of one index generation with their weights: what lexical comparisons are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.index.snapshot import Snapshot
from rag.index.words import normalise

# Words that a question is made of and that no article needs to hold.
ASKING = frozenset(
    "什么 多少 哪些 哪个 哪里 哪儿 哪 谁 何时 何地 何 几 怎么 怎样 怎么样 "
    "如何 为什么 为何 是否 吗 呢 吧 的 了 是 在 有 和 与 及 或 被 把 对 "
    "为 从 向 由 于 将 会 能 可以 请 请问 告诉 我 你 它 他 她 这 那 中 "
    "上 下 个 家 项 种 位 年 月 日 进行 目前 多 大 请介绍 介绍 一下 主要 "
    "具体 分别 都 还 也 以 之 几个 几家 几项 哪家 哪位 哪年 多久 多大 何种 "
    "什么样 有没有 分别是 哪一年 是什么 最新 最近 数据 数字 "
    "".split()
)


class Lexicon:
    """Cuts text and weighs words by their rarity in the corpus."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._segmenter = snapshot.segmenter
        self._sparse = snapshot.sparse
        self.passages = len(snapshot.sparse)

    def words(self, text: str) -> list[str]:
        """The plain cut: each character in one word only."""
        return self._segmenter.words(text)

    def tokens(self, text: str) -> set[str]:
        """Search tokens: words and the shorter words within them."""
        return set(self._segmenter.tokens(text))

    def content(self, question: str) -> set[str]:
        """What a question is about: its words without the words of asking."""
        return {word for word in self.words(question) if word not in ASKING}

    def weight(self, word: str) -> float:
        """Inverse document frequency, 0 and up."""
        return self._sparse.weight(word)

    def share(self, wanted: Iterable[str], held: set[str]) -> float:
        """The share (0..1), by weight, of the wanted words that are held; 0 of nothing."""
        weights = {word: self.weight(word) for word in wanted}
        total = sum(weights.values())
        return sum(w for word, w in weights.items() if word in held) / total if total else 0.0


def bigrams(text: str) -> set[str]:
    """Pairs of neighbouring characters, marks and spaces left out."""
    flat = re.sub(r"\W", "", normalise(text))
    return {flat[i : i + 2] for i in range(len(flat) - 1)}
