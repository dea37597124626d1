"""Small corpora that change, and what an index over them must be equal to."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from rag.config import Settings
from rag.index.snapshot import Snapshot
from rag.index.store import Store
from rag.retrieve.search import Search
from tests.support.fakes import HashEncoder


def load(settings: Settings) -> Snapshot:
    return Store(settings.index).load(settings.cache_dir)


def page(headline: str, *paragraphs: str) -> str:
    return f"# {headline}\n\n◎本报记者 甘棠\n\n" + "\n\n".join(paragraphs) + "\n"


def write(settings: Settings, name: str, text: str) -> None:
    (settings.corpus / name).write_text(text, "utf-8")


# Sentences whose words meet: names in quotes teach the segmenter how to cut the others.
SENTENCES = (
    "云岭科技园引进“岭上一号”生产线。",
    "岭上一号今年下线三百台。",
    "白沙大学与白沙高新区共建中试基地。",
    "白沙大学城的租金下降一成。",
    "《白沙年鉴》记下了园区的二十年。",
    "园区企业获得贷款18亿元。",
    "“大学城”公寓开工。",
)
PARAGRAPH = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4).map("".join)
PAGE = st.builds(
    lambda h, body: page(h, *body),
    st.sampled_from(["园区要闻", "大学城近况"]),
    st.lists(PARAGRAPH, min_size=1, max_size=3),
)
NAMES = st.sampled_from(["a.md", "a.txt", "b.md", "2024-05-01-c.md", "d.md", "e.zip"])
STEP = st.one_of(
    st.tuples(st.just("write"), NAMES, PAGE),
    st.tuples(st.just("remove"), NAMES, st.just("")),
    st.tuples(st.just("rename"), NAMES, NAMES),
)
QUESTIONS = ("岭上一号下线多少台？", "白沙大学城租金", "园区企业贷款", "大学城")


def zipped(members: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def apply(corpus: Path, step: tuple[str, str, str]) -> None:
    kind, name, value = step
    path = corpus / name
    if kind == "write" and path.suffix == ".zip":
        path.write_bytes(zipped({"2024-07-01-f.md": value, "g.md": value, "h.exe": "x"}))
    elif kind == "write":
        path.write_text(value, "utf-8")
    elif path.exists():
        path.unlink() if kind == "remove" else path.rename(corpus / value)


def assert_equal(ours: Snapshot, fresh: Snapshot, settings: Settings) -> None:
    assert ours.articles == fresh.articles
    assert list(ours.passages) == list(fresh.passages)
    assert ours.segmenter.terms == fresh.segmenter.terms
    encoder = HashEncoder()
    for question in QUESTIONS:
        tokens = fresh.segmenter.tokens(question)
        assert ours.sparse.scores(tokens).tolist() == fresh.sparse.scores(tokens).tolist()
        ours_found, fresh_found = (
            Search(s, encoder, settings).search(question, 10) for s in (ours, fresh)
        )
        assert ours_found == fresh_found
