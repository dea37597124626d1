"""Around an answer: its steps and their times, what to do with it, what to read or ask next."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.prompt import DOUBT
from rag.answer.reference import reference
from rag.types import Answer, Article, Citation, Hit
from rag.web.article_view import printed_date
from rag.web.conversation import Thumb, Turn
from rag.web.language import CHINESE, words
from rag.web.markup import NOTHING, Html, tag

STEPS = (("retrieve", "检索"), ("read", "阅读"), ("check", "核对"))
OPENING = (("retrieve", "检索"), ("load", "首次装入模型"))
"""The same while the generator that was chosen is not open yet."""
REASONS = ("答非所问", "数字不对", "引错了原文", "没有答全", "应当拒答", "其他")
COMMENT = 500
NEAREST = 3
"""Articles that are offered to be read under a refusal."""


def steps(turn: Turn) -> Html:
    """检索 → 阅读 → 核对 with the time of each, the step under way set off; one line.

    A question that waits says how many are before it instead.
    """
    if turn.status == "waiting" and turn.ahead:
        before = words("前面还有 {ahead} 个问题，请稍候。", ahead=turn.ahead)
        return tag("div", tag("p", before, class_="queued"), class_="progress", role="status")
    items = []
    for name, label in OPENING if turn.step == "load" else STEPS:
        now = turn.status == "running" and name == turn.step
        spent = turn.seconds(name)
        items.append(
            tag(
                "li",
                f"{words(label)} ",
                # it changes ten times a second: nothing to be read out
                tag(
                    "span",
                    words("{spent} 秒", spent=f"{spent:.1f}"),
                    class_="took",
                    data_spent=f"{spent:.2f}",
                    aria_hidden="true",
                )
                if now
                else tag("span", _seconds(spent) if spent else "", class_="took"),
                class_="now" if now else "done" if spent else None,
                aria_current="step" if now else None,
            )
        )
    return tag("div", tag("ol", *items, class_="steps"), class_="progress", role="status")


def reading(hits: Sequence[Hit]) -> Html:
    """The articles that are read for an answer, while nothing of it can be shown: to be opened."""
    found = {hit.article.id: hit for hit in hits}
    items = [opener(hit, hit.article.title) for hit in found.values()]
    return tag("p", words("正在读："), *items, class_="aside reading", aria_busy="true")


def opener(hit: Hit, label: str) -> Html:
    """A button that opens an article at what was found in it."""
    return tag(
        "button",
        label,
        type="button",
        class_="quiet",
        lang=CHINESE,
        data_cite=hit.article.id,
        data_start=hit.passage.start,
        data_end=hit.passage.end,
    )


def timings(answer: Answer, loading: float = 0.0) -> Html:
    """What stands in the line of the steps in the end: their times.

    loading: seconds in which the generator was opened, a part of the total.
    """
    spent = answer.timings
    items = [
        tag("li", f"{words(label)} ", tag("span", _seconds(seconds), class_="took"), class_="done")
        for name, label in STEPS
        if (seconds := getattr(spent, name))
    ]
    first = spent.first_token
    total = tag(
        "span",
        words("共 {seconds}", seconds=_seconds(spent.total)),
        class_="total",
        title=None if first is None else words("首字 {seconds}", seconds=_seconds(first)),
    )
    loaded = words("其中首次装入模型 {seconds}", seconds=_seconds(loading))
    return tag(
        "div",
        tag("ol", *items, class_="steps") if items else NOTHING,
        total,
        tag("span", loaded, class_="loaded") if loading else NOTHING,
        class_="progress timings",
    )


def read_from(answer: Answer) -> str:
    """Which index an answer was read from, and what wrote it."""
    return words(
        "索引 {version} · 生成 {generator}",
        version=answer.index_version,
        generator=answer.generator,
    )


def acts(turn: Turn, last: bool) -> Html:
    """What can be done with an answer: a row of icons, and the form that asks what is wrong.

    last: whether it is the answer to the last question, which alone can be given anew.
    """
    if not turn.over:
        return NOTHING
    buttons = []
    if turn.answer is not None:
        text = copied(turn.answer)
        buttons.append(
            _act(
                "copy",
                words("复制"),
                words("回答和来源"),
                data_copy=text,
                data_said=words("回答和来源"),
            )
        )
    if last:
        told = words("资料没有变，答案也不会变；所以多读两段再答一次")
        buttons.append(_act("anew", words("重新回答"), told if turn.answer else ""))
    told = words("把问题放回输入框；发送后替换这一问和后面的回答")
    buttons.append(_act("edit", words("修改问题"), told))
    if turn.answer is None:
        return _row(buttons)
    verdict = turn.thumb.verdict if turn.thumb else ""
    for name, label in (("up", words("答得好")), ("down", words("答得不好"))):
        pressed = "true" if name == verdict else "false"
        buttons.append(_act(name, label, "", aria_pressed=pressed))
    if turn.thumb is None:
        return _row(buttons)
    reason = turn.thumb.reason
    said = words("已记下，{reason}", reason=words(reason)) if reason else words("已记下")
    buttons.append(tag("span", said, class_="noted", role="status"))
    return tag("div", _row(buttons), why(turn.thumb) if turn.thumb.open else NOTHING)


def why(thumb: Thumb) -> Html:
    """The form behind a thumb down."""
    reasons = [
        tag(
            "label",
            tag("input", type="radio", name="reason", value=one, checked=one == thumb.reason),
            tag("span", words(one)),
        )
        for one in REASONS
    ]
    comment = tag(
        "input",
        type="text",
        name="comment",
        value=thumb.comment,
        maxlength=COMMENT,
        placeholder=words("补充说明（可不填）"),
        aria_label=words("补充说明"),
        autocomplete="off",
    )
    return tag(
        "form",
        tag("fieldset", tag("legend", words("哪里不好？")), tag("div", *reasons, class_="reasons")),
        tag(
            "div",
            comment,
            tag("button", words("提交"), type="submit", class_="use"),
            tag("button", words("不说了"), type="button", class_="quiet", data_act="shut"),
            class_="comment",
        ),
        class_="why",
    )


def copied(answer: Answer) -> str:
    """An answer as it is copied: its text with markers, then a line for each reference."""
    evidence = answer.evidence
    known = {hit.article.id: hit.article for hit in (*evidence.hits, *evidence.wider)}
    lines = [
        f"{one.marker} {reference(known.get(one.article_id) or _as_cited(one))}"
        for one in answer.citations
    ]
    doubt = [words(DOUBT)] if answer.doubtful else []
    return "\n".join([answer.text, *doubt, *([""] if lines else []), *lines])


def anew(turn: Turn) -> Html:
    """Under an answer that was given anew: what was done otherwise, and what came of it."""
    if turn.answer is None or turn.before is None:
        return NOTHING
    same = turn.answer.text == turn.before.text
    done = "这一次多读了 {more} 段资料，" if turn.more else "资料有更新，重新答了一次，"
    if turn.answer.generator != turn.before.generator:
        done = "换了模型，重新答了一次，"
    came = words("答案没有变。" if same else "答案与上一次不同。")
    return tag("p", words(done, more=turn.more), came, class_="aside anew")


def nearest(answer: Answer) -> Html:
    """Under a refusal: the articles that came nearest, to be read; they are no answer."""
    found = {hit.article.id: hit.article for hit in (*answer.evidence.hits, *answer.evidence.wider)}
    if not answer.refused or not found:
        return NOTHING
    items = [
        tag(
            "li",
            tag(
                "button",
                tag("span", article.title, class_="headline", lang=CHINESE),
                tag("span", printed_date(article.date) if article.date else "", class_="date"),
                type="button",
                class_="title",
                data_cite=article.id,
            ),
        )
        for article in list(found.values())[:NEAREST]
    ]
    said = tag("p", words("最相近的报道，可以读读看（不是答案）："), class_="aside")
    return tag("div", said, tag("ul", *items, aria_label=words("相近的报道")), class_="nearest")


def related(questions: Sequence[str]) -> Html:
    """Questions to ask next, each a button. Its place is as high whether there are any or not."""
    items = [
        tag("li", tag("button", one, type="button", data_question=one, lang=CHINESE))
        for one in questions
    ]
    told = (
        (tag("p", words("接着问")), tag("ul", *items, aria_label=words("接着问"))) if items else ()
    )
    return tag("div", *told, class_="related")


def editing(number: int) -> Html:
    """Above the input: that what is sent will replace a question."""
    return tag(
        "p",
        words("正在修改第 {number} 问；发送后，它和后面的回答都会被替换。", number=number),
        tag("button", words("不改了"), type="button", class_="quiet", data_keep=True),
        class_="editing",
        role="status",
    )


def foot() -> Html:
    """At the end of the conversation: in which forms it can be kept."""
    forms = (("md", "Markdown"), ("html", "HTML"))
    buttons = [
        tag("button", label, type="button", class_="quiet", data_export=name)
        for name, label in forms
    ]
    return tag("p", words("导出这段对话："), *buttons, class_="foot")


def file(name: str, kind: str, text: str, visit: str) -> Html:
    """A file for the browser to keep. visit: differs each time, so that it is kept again."""
    return tag("div", hidden=True, data_file=name, data_kind=kind, data_text=text, data_visit=visit)


def _row(buttons: Sequence[Html]) -> Html:
    return tag("div", *buttons, class_="acts", role="group", aria_label=words("对这个回答"))


def _act(name: str, label: str, told: str, **attributes: str) -> Html:
    return tag(
        "button",
        type="button",
        class_=f"act {name}",
        data_act=name,
        aria_label=label,
        title=f"{label}：{told}" if told else label,
        **attributes,
    )


def _as_cited(citation: Citation) -> Article:
    """As much of an article as its citation tells."""
    return Article(
        id=citation.article_id,
        issue_id=citation.issue,
        headline=citation.headline,
        text=citation.quote,
        reporters=citation.reporters,
        paper=citation.paper,
        date=citation.date,
        page=citation.page,
    )


def _seconds(value: float) -> str:
    return words("{spent} 秒", spent=f"{max(value, 0.01):.2f}" if value < 0.1 else f"{value:.1f}")
