"""Approximate search of one large segment: trained and tried out when the segment is written.

An inverted file of 8-bit codes by FAISS (IVF, SQ8). How many of its lists are read for a query
is measured, not assumed: the fewest that find 0.95 of the ten best passages for queries that
are held out. These lie between passages, as questions do. A passage's own vector, shaken, is
too easy: measured on 250,000 vectors, 8 lists of 1,000 found 0.96 for such queries and 0.77 for
real questions; what is chosen here found 0.97 and 0.98 for them (100,000 and a million passages).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.models.encoder import Vectors

EXACT_UP_TO = 50_000
"""Passages, of an index or of a segment, that are searched exactly."""
INDEX, FACTS = "dense.faiss", "dense.json"
RECALL, AT = 0.95, 10
QUERIES = 200
SAMPLES = 40
"""Vectors that a list is trained on; FAISS asks for 39."""
MORE = 64
"""Rows found beyond those asked for: codes are coarse, so the exact product has the last word."""
_STEP = 1.4
_SEED = 0


@dataclass(frozen=True)
class Approximate:
    """A trained index over the rows of a segment.

    effort: lists that are read for a query. recall: of the ten best passages, measured at
    that effort.
    """

    index: Any
    effort: int
    recall: float

    @classmethod
    def train(cls, vectors: Vectors) -> Approximate:
        """Over float32 [n, d] with unit rows; some 15 seconds for 250,000."""
        import faiss

        chance = np.random.default_rng(_SEED)
        n, width = vectors.shape
        lists = max(1, min(2 * round(n**0.5), n // SAMPLES))
        # L2: on unit vectors it ranks as the inner product does, and fills lists more evenly.
        index: Any = faiss.index_factory(width, f"IVF{lists},SQ8", faiss.METRIC_L2)
        index.cp.seed = _SEED + 1
        index.train(vectors[np.sort(chance.choice(n, lists * SAMPLES, replace=False))])
        for at in range(0, n, 1 << 16):
            index.add(np.ascontiguousarray(vectors[at : at + (1 << 16)]))
        queries = _between(vectors, chance)
        return cls(index, *_tried_out(index, vectors, queries))

    def save(self, folder: Path) -> None:
        """Into two files of a folder that exists. Raises OSError."""
        import faiss

        try:
            faiss.write_index(self.index, str(folder / INDEX))
        except RuntimeError as error:  # FAISS knows no OSError
            raise OSError(f"{folder / INDEX} cannot be written") from error
        facts = {"effort": self.effort, "recall": round(self.recall, 4)}
        (folder / FACTS).write_text(json.dumps(facts), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Approximate | None:
        """Memory-mapped; None where the folder holds none. Raises OSError, ValueError, KeyError."""
        import faiss

        if not (folder / INDEX).exists():
            return None
        facts = json.loads((folder / FACTS).read_text("utf-8"))
        try:
            index: Any = faiss.read_index(str(folder / INDEX), faiss.IO_FLAG_MMAP)
        except RuntimeError as error:
            raise ValueError(f"{INDEX} is no FAISS index") from error
        # Threads of its own that fetch pages cost more than they bring for one query.
        lists: Any = faiss.downcast_InvertedLists(index.invlists)
        lists.prefetch_nthread = 0
        return cls(index, int(facts["effort"]), float(facts["recall"]))

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def search(
        self, query: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """About `k` + 64 rows that are the nearest to one query [1, d], in no certain order.

        allowed: bool [n]. The fewer are, the more lists are read: as many allowed rows are
        looked at as there would be without it.
        """
        import faiss

        effort, chosen = self.effort, None
        if allowed is not None:
            share = max(float(allowed.mean()), 1 / len(self))
            effort = min(int(self.effort / share) + 1, self.index.nlist)
            chosen = selector(allowed)
        params = faiss.SearchParametersIVF(nprobe=effort, sel=chosen)  # type: ignore[call-arg]
        _distances, rows = self.index.search(query, min(k + MORE, len(self)), params=params)
        found: NDArray[np.int64] = rows[0]
        return found[found >= 0]


def is_large(passages: int) -> bool:
    """Whether so many are searched approximately."""
    return passages > EXACT_UP_TO


def selector(allowed: NDArray[np.bool_]) -> Any:  # noqa: ANN401 (no types upstream)
    """FAISS's form of the rows that may be found, bool [n]."""
    import faiss

    bitmap: Any = faiss.IDSelectorBitmap
    return bitmap(np.packbits(allowed, bitorder="little"))


def _between(vectors: Vectors, chance: np.random.Generator) -> Vectors:
    """Queries that lie between two passages or three, float32 [q, d]."""
    chosen = vectors[chance.integers(0, len(vectors), QUERIES * 3)].reshape(QUERIES, 3, -1)
    chosen[::2, 2] = 0
    queries: Vectors = chosen.sum(axis=1)
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-9)
    return queries


def _tried_out(index: Any, vectors: Vectors, queries: Vectors) -> tuple[int, float]:  # noqa: ANN401
    """The least effort that finds enough of the best rows, and the recall at it."""
    import faiss

    exact = faiss.knn(queries, vectors, AT, metric=faiss.METRIC_INNER_PRODUCT)[0]
    # By their products, not by their rows: passages that say the same are as good as each other.
    worst = exact[:, -1] - 1e-5
    effort, recall = 0, 0.0
    while recall < RECALL and effort < index.nlist:
        effort = min(max(effort + 1, int(effort * _STEP)), index.nlist)
        params = faiss.SearchParametersIVF(nprobe=effort)  # type: ignore[call-arg]
        rows = index.search(queries, min(AT + MORE, len(vectors)), params=params)[1]
        hits = 0
        for query, found, least in zip(queries, rows, worst, strict=True):
            hits += min(AT, int((vectors[found[found >= 0]] @ query >= least).sum()))
        recall = hits / (AT * len(queries))
    return effort, recall
