"""The conversation: questions, answers on their way, citations, sources and notices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rag.types import Answer, Citation, Manifest
from rag.web.article_view import printed_date
from rag.web.conversation import Turn
from rag.web.filters_view import limited, limits_line
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.tabs import tabs

TITLE = "报纸问答"
OUTCOMES = {"kept": "采用", "replaced": "换成原文", "dropped": "删去", "passed over": "未采用"}
STEPS = (("retrieve", "检索"), ("read", "阅读"), ("check", "核对"))


def masthead(manifest: Manifest | None) -> Html:
    """The page's name, its tabs and what its index holds."""
    held = ""
    if manifest is not None:
        held = f"馆藏 {manifest.issues} 期 {manifest.articles} 篇 · 索引 {manifest.version}"
    return tag(
        "div",
        tag("strong", TITLE, class_="name"),
        tabs(),
        tag("span", held, class_="held"),
        tag("button", "接口", type="button", class_="quiet api", data_panel="api"),
        tag("button", "目录", type="button", class_="quiet contents", data_panel="library"),
        class_="masthead",
    )


def welcome(manifest: Manifest, examples: Sequence[str]) -> Html:
    """What an empty conversation shows: what this is, and questions to begin with."""
    said = (
        f"从馆藏的 {manifest.issues} 期报纸、{manifest.articles} 篇报道中作答。"
        "每句话都标出来源，点编号就能读到原文那一句。"
    )
    asked = [
        tag("li", tag("button", question, type="button", data_question=question))
        for question in examples
    ]
    return tag(
        "section",
        tag("h1", "想从报上了解什么？"),
        tag("p", said),
        tag("ul", *asked, class_="examples", aria_label="可以这样问") if asked else NOTHING,
        class_="welcome",
    )


def notice(text: str) -> Html:
    """A line that tells the user what is wrong; nothing where all is well."""
    return tag("p", text, class_="notice", role="alert") if text else NOTHING


def turns_view(turns: Sequence[Turn]) -> Html:
    """Several turns, one after the other."""
    return join(turn_view(turn) for turn in turns)


def turn_view(turn: Turn) -> Html:
    """A question with its answer, as far as it has come."""
    question = tag("h2", turn.question, class_="question")
    return tag(
        "section",
        question,
        limits_line(turn.filters),
        read_as(turn.answer),
        *_outcome(turn),
        class_=f"turn {turn.status}",
        data_turn=turn.number,
    )


def read_as(answer: Answer | None) -> Html:
    """A follow-up as it was read, so that the user sees a misreading."""
    if answer is None or answer.standalone in ("", answer.question):
        return NOTHING
    return tag("p", f"读作：{answer.standalone}", class_="aside read-as")


def _outcome(turn: Turn) -> Iterator[Html]:
    if turn.answer is not None:
        answer = turn.answer
        refused = " refused" if answer.refused else ""
        yield tag("div", *_cited(answer.text, answer.citations), class_=f"answer{refused}")
        if answer.refused:
            yield limited(turn)
        yield sources(answer.citations)
        yield older(answer)
        yield timings(answer)
        yield checks(answer)
        return
    if turn.text or not turn.over:
        yield tag("div", *_cited(turn.text, ()), class_="answer draft", aria_busy=not turn.over)
    if turn.status == "failed":
        yield tag("p", turn.problem, class_="notice", role="alert")
    elif turn.status == "stopped":
        said = "已停止，以上是停止前核对过的文字。" if turn.text else "已停止。"
        yield tag("p", said, class_="aside", role="status")
    else:
        yield steps(turn)


def steps(turn: Turn) -> Html:
    """检索 → 阅读 → 核对, with the step under way set off."""
    names = [name for name, _ in STEPS]
    now = names.index(turn.step) if turn.status == "running" else -1
    items = [
        tag(
            "li",
            label,
            class_="done" if place < now else "now" if place == now else None,
            aria_current="step" if place == now else None,
        )
        for place, (_, label) in enumerate(STEPS)
    ]
    before = f"前面还有 {turn.ahead} 个问题，请稍候。"
    queued = tag("p", before, class_="queued") if now < 0 and turn.ahead else NOTHING
    return tag("div", tag("ol", *items, class_="steps"), queued, class_="progress", role="status")


def sources(citations: Sequence[Citation]) -> Html:
    """The articles cited, each once, with the numbers that cite it."""
    if not citations:
        return NOTHING
    articles: dict[str, list[Citation]] = {}
    for citation in citations:
        articles.setdefault(citation.article_id, []).append(citation)
    items = []
    for group in articles.values():
        first = group[0]
        day = printed_date(first.date) if first.date else ""
        items.append(
            tag(
                "li",
                tag("span", *map(_marker, group), class_="numbers"),
                tag(
                    "button",
                    tag("span", first.headline, class_="headline"),
                    tag("span", day, class_="date"),
                    type="button",
                    class_="title",
                    **_place(first),
                ),
            )
        )
    return tag("ul", *items, class_="sources", aria_label="来源")


def timings(answer: Answer) -> Html:
    """How long each step took, and which index was read."""
    spent = answer.timings
    parts = [f"检索 {_seconds(spent.retrieve)}"]
    if spent.first_token is not None:
        parts.append(f"首字 {_seconds(spent.first_token)}")
    parts += [f"共 {_seconds(spent.total)}", f"索引 {answer.index_version}"]
    return tag("p", *(tag("span", part) for part in parts), class_="timings")


def older(answer: Answer) -> Html:
    """Earlier prints of what was read; the newest stands for them."""
    prints = {hit.article.id: hit for hit in answer.evidence.older}
    if not prints or answer.refused:
        return NOTHING
    titles = [
        tag(
            "button",
            f"《{hit.article.title}》{printed_date(hit.article.date) if hit.article.date else ''}",
            type="button",
            class_="quiet",
            data_cite=hit.article.id,
            data_start=hit.passage.start,
            data_end=hit.passage.end,
        )
        for hit in prints.values()
    ]
    return tag("p", "同文早前也见于：", *titles, class_="aside older")


def checks(answer: Answer) -> Html:
    """检查记录: what became of each sentence that the model wrote, folded away."""
    if not answer.checks:
        return NOTHING
    items = [
        tag(
            "li",
            tag("strong", OUTCOMES[check.outcome]),
            tag("q", check.sentence),
            tag("span", check.reason, class_="reason") if check.reason else NOTHING,
        )
        for check in answer.checks
    ]
    sure = "" if answer.confidence is None else f" · 把握 {answer.confidence:.0%}"
    summary = tag("summary", f"检查记录{sure}")
    return tag("details", summary, tag("ul", *items), class_="checks")


def _seconds(value: float) -> str:
    return f"{value:.2f} 秒" if value < 0.1 else f"{value:.1f} 秒"


def _cited(text: str, citations: Sequence[Citation]) -> Iterator[Html]:
    """Paragraphs of an answer, with each marker that has a citation made a button."""
    known = {citation.marker: citation for citation in citations}
    if not known:
        yield from (tag("p", line) for line in text.split("\n"))
        return
    marker = "|".join(re.escape(one) for one in sorted(known, key=len, reverse=True))
    # markers stay on the line of the character that they follow, and keep what closes after
    kept = re.compile(f"(.?(?:{marker})+[。，、；：！？”’）》]*)")
    for line in text.split("\n"):
        parts = (
            tag("span", *_with_buttons(part, marker, known), class_="kept") if place % 2 else part
            for place, part in enumerate(kept.split(line))
        )
        yield tag("p", *parts)


def _with_buttons(text: str, marker: str, known: Mapping[str, Citation]) -> Iterator[str]:
    for piece in re.split(f"({marker})", text):
        yield _marker(known[piece]) if piece in known else piece


def _marker(citation: Citation) -> Html:
    number = citation.marker.strip("[]")
    return tag(
        "button",
        number,
        type="button",
        class_="cite",
        title=f"《{citation.headline}》{citation.quote}",
        aria_label=f"来源 {number}：{citation.headline}",
        **_place(citation),
    )


def _place(citation: Citation) -> dict[str, str | int]:
    return {
        "data_cite": citation.article_id,
        "data_start": citation.start,
        "data_end": citation.end,
    }
