"""An assistant that answers from a script, and a way to serve it: for the tests of the page."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.errors import QuestionError, StoreError
from rag.index.facets import Facets
from rag.library import Library
from rag.types import (
    EVERYTHING,
    USUAL,
    Answer,
    Article,
    Citation,
    Draft,
    Effort,
    Evidence,
    Filters,
    Hit,
    Manifest,
    Passage,
    Section,
    Timings,
)
from rag.web.backend import Backend, Keeper
from rag.web.server import PageServer, listen

REFUSAL = "资料中没有找到相关内容。"
NASTY = (
    '<script>window.pwned=1</script><img src=x onerror="window.pwned=2">'
    "[点](javascript:window.pwned=3) ![图](http://outside.example/a.png) "
    "$$\\href{javascript:window.pwned=4}{x}$$ ${window.pwned=5} "
    "{{constructor.constructor('window.pwned=6')()}} </textarea></style>'\"&amp;"
)


def lines(count: int, about: str) -> str:
    return "\n".join(f"{about}的第{place}段，写的是那里一天的工作。" for place in range(count))


def long_article() -> Article:
    opening = lines(12, "南湖园区")
    count = "南湖园区累计有27个算法通过备案，占全省的31%。"
    section = f"{lines(12, '算法')}\n{count}"
    sidebar, caption = "园区搭建了6个公共平台。", "图为南湖园区的展厅。受访者供图"
    text = "\n".join((opening, section, sidebar, caption))
    at = [text.index(part) for part in (section, sidebar, caption)]
    return Article(
        id="1" * 16,
        issue_id="2024-05-06",
        headline="南湖园区：算法备案走在前面",
        text=text,
        kicker="人工智能进车间",
        byline="◎本报记者 甲某\n通讯员 乙某",
        reporters=("甲某",),
        sections=(
            Section("section", "备案又添新数", at[0], at[1] - 1),
            Section("sidebar", "平台搭好了", at[1], at[2] - 1, label="延伸阅读"),
            Section("caption", "", at[2], len(text)),
        ),
        paper="测试日报",
        date=date(2024, 5, 6),
        page="第3版",
    )


def nasty_article() -> Article:
    text = f"正文{NASTY}结束。\n第二段也有{NASTY}"
    return Article(
        id="2" * 16,
        issue_id="2024-05-07",
        headline=f"标题{NASTY}",
        text=text,
        kicker=f"引题{NASTY}",
        column=f"栏{NASTY}",
        byline=f"◎本报记者 {NASTY}",
        sections=(Section("sidebar", f"小题{NASTY}", text.index("第二段"), len(text), NASTY),),
        paper=f"报{NASTY}",
        date=date(2024, 5, 7),
    )


def cite(marker: str, article: Article, quote: str) -> Citation:
    start = article.text.index(quote)
    return Citation(
        marker=marker,
        article_id=article.id,
        headline=article.headline,
        issue=article.issue_id,
        date=article.date,
        reporters=article.reporters,
        quote=quote,
        start=start,
        end=start + len(quote),
        paper=article.paper,
        page=article.page,
        byline=article.byline,
    )


class ScriptedBackend:
    """Answers by what stands in the question.

    天气: refused. 损坏: the index is damaged. 意外: a bug. 引号: cites the nasty article. 慢: holds
    after its first words until `go` is set. 不停: writes until it is closed or cancelled.
    Everything else: two citations of the long article; refused where the filters hold no
    article.
    """

    def __init__(self) -> None:
        feedback = Path(tempfile.mkdtemp(prefix="scripted-")) / "feedback.sqlite3"
        self.settings = Settings(question_chars=60, questions_a_minute=0, feedback=feedback)
        self.long, self.nasty = long_article(), nasty_article()
        self.held = threading.Event()
        self.go = threading.Event()
        self.cancelled = threading.Event()
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.asked_under: list[Filters] = []
        self.efforts: list[Effort] = []
        self.next_questions = ["平台有几个？", "园区在哪里？", f"谁写的{NASTY}", "哪一年动工？"]

    @property
    def now(self) -> ScriptedBackend:
        return self

    @property
    def generator(self) -> str:
        return "scripted"

    @property
    def manifest(self) -> Manifest:
        return Manifest("v-test", "2024-05-08T00:00:00", "e5", 4, 2, 2, 9, 300)

    def articles(self) -> Sequence[Article]:
        return [self.long, self.nasty]

    def facets(self) -> Facets:
        return Facets(self.articles())

    def article(self, article_id: str) -> Article:
        for one in self.articles():
            if one.id == article_id:
                return one
        raise StoreError(f"no article {article_id} in the index; ask again")

    def examples(self, n: int = 4) -> list[str]:
        return ["南湖园区有多少个算法通过备案？", f"举例{NASTY}"][:n]

    def search(
        self,
        question: str,
        k: int = 10,
        filters: Filters = EVERYTHING,
        history: Sequence[str] = (),
    ) -> list[Hit]:
        self._check(question)
        text = self.long.text[:300]
        passage = Passage("p1", self.long.id, 0, len(text), text)
        if not filters.holds(self.long):
            return []
        return [Hit(passage, self.long, 0.9, 0.8, 12.5)][:k]

    def ask(
        self,
        question: str,
        history: Sequence[str] = (),
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Answer:
        *_drafts, answer = self.stream(question, history, None, filters, effort)
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        question: str,
        history: Sequence[str] = (),
        cancel: threading.Event | None = None,
        filters: Filters = EVERYTHING,
        effort: Effort = USUAL,
    ) -> Iterator[Draft | Answer]:
        self._check(question)
        yield Draft("retrieve")
        yield from self.write(question, tuple(history), cancel, filters, effort)

    def write(
        self,
        question: str,
        history: tuple[str, ...],
        cancel: threading.Event | None,
        filters: Filters,
        effort: Effort,
    ) -> Iterator[Draft | Answer]:
        """What takes the models: whatever comes after the first draft."""
        self.asked.append((question, history))
        self.asked_under.append(filters)
        self.efforts.append(effort)
        if "损坏" in question:
            raise StoreError("index is damaged: <b>manifest.json</b> is missing; run `rag build`")
        yield Draft("read")
        if "不停" in question:
            yield from self._endless(cancel)
        answer = self._answer(question)
        if not any(map(filters.holds, self.articles())):
            answer = replace(answer, text=REFUSAL, refused=True, citations=())
        said = answer.text.replace("[1]", "").replace("[2]", "")
        for end in range(4, len(said) + 4, 4):
            yield Draft("read", said[:end])
            if "意外" in question:
                raise RuntimeError("a bug of the test")
            if "慢" in question and not self._wait(cancel):
                break
        yield Draft("check", said)
        yield answer

    def related(
        self,
        answer: Answer,
        asked: Sequence[str] = (),
        told: Sequence[Citation] = (),
        filters: Filters = EVERYTHING,
    ) -> list[str]:
        if "没有接着问的" in answer.question or not filters.holds(self.long):
            return []
        return [q for q in self.next_questions if q not in asked][:3]

    def _endless(self, cancel: threading.Event | None) -> Iterator[Draft]:
        try:
            while cancel is None or not cancel.is_set():
                self.held.set()
                yield Draft("read", "写个不停")
        finally:
            self.cancelled.set()

    def _wait(self, cancel: threading.Event | None) -> bool:
        """Hold until the test lets go; False once cancelled."""
        self.held.set()
        while not self.go.wait(0.01):
            if cancel is not None and cancel.is_set():
                self.cancelled.set()
                return False
        return True

    def _check(self, question: str) -> None:
        if not question.strip():
            raise QuestionError("the question is empty; type one")
        if len(question) > 1000:
            raise QuestionError(f"the question has {len(question)} characters; shorten it")

    def _answer(self, question: str) -> Answer:
        answer = Answer(
            question=question,
            text="南湖园区累计有27个算法通过备案，占全省的31%[1]。园区搭建了6个公共平台[2]。",
            refused=False,
            citations=(
                cite("[1]", self.long, "南湖园区累计有27个算法通过备案，占全省的31%。"),
                cite("[2]", self.long, "园区搭建了6个公共平台。"),
            ),
            evidence=Evidence(question, ()),
            timings=Timings(0.047, 1.18, 3.06),
            index_version="v-test",
            generator=self.generator,
            encoder="e5",
        )
        if "天气" in question:
            return replace(answer, text=REFUSAL, refused=True, citations=())
        if "引号" in question:
            quote = self.nasty.text.split("\n")[0]
            return replace(answer, text=f"{quote}[1]", citations=(cite("[1]", self.nasty, quote),))
        return answer


class Stage:
    """What a server for many tests answers with: the backend that the test put on it last."""

    def __init__(self) -> None:
        self.actor = ScriptedBackend()

    @property
    def settings(self) -> Settings:
        return self.actor.settings

    @property
    def now(self) -> ScriptedBackend:
        return self.actor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.actor, name)


@contextmanager
def serving(
    backend: Backend,
    keeper: Keeper | None = None,
    library: Library | None = None,
    port: int = 0,
) -> Iterator[str]:
    """Serve the page, on a free port where none is given; yields its address."""
    bound = listen("127.0.0.1", port)
    server = PageServer(backend, keeper, library)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        bound.close()
