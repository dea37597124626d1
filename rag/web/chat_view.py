"""The conversation: questions, answers on their way, notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.answer.prompt import DOUBT
from rag.types import Answer, Manifest
from rag.web import answer_view
from rag.web.article_view import printed_date
from rag.web.citation_view import cards, cited, drafted, sources
from rag.web.conversation import Turn
from rag.web.conversations_view import link
from rag.web.conversations_view import opener as talks
from rag.web.filters_view import limited, limits_line
from rag.web.language import CHINESE, composed, words
from rag.web.markup import NOTHING, Html, join, tag
from rag.web.preferences_view import opener as settings
from rag.web.tabs import tabs

TITLE = "报纸问答"
OUTCOMES = {"kept": "采用", "replaced": "换成原文", "dropped": "删去", "passed over": "未采用"}


def masthead(manifest: Manifest | None) -> Html:
    """The page's name, its tabs and what its index holds."""
    held = ""
    if manifest is not None:
        held = words(
            "馆藏 {issues} {articles}",
            issues=words("{n} 期", n=manifest.issues),
            articles=words("{n} 篇", n=manifest.articles),
        )
    return tag(
        "div",
        talks(),
        tag("strong", words(TITLE), class_="name"),
        tabs(),
        tag("span", held, class_="held"),
        tag("button", words("快捷键"), type="button", class_="quiet keys", data_keys=True),
        tag("button", words("接口"), type="button", class_="quiet api", data_panel="api"),
        tag("button", words("目录"), type="button", class_="quiet contents", data_panel="library"),
        settings(),
        class_="masthead",
    )


def welcome(manifest: Manifest, examples: Sequence[str]) -> Html:
    """What an empty conversation shows: what this is, and questions to begin with."""
    said = words(
        "从馆藏的 {issues}、{articles}中作答。每句话都标出来源，点编号就能读到原文那一句。",
        issues=words("{n} 期报纸", n=manifest.issues),
        articles=words("{n} 篇报道", n=manifest.articles),
    )
    asked = [
        tag("li", tag("button", question, type="button", data_question=question, lang=CHINESE))
        for question in examples
    ]
    return tag(
        "section",
        tag("h1", words("想从报上了解什么？")),
        tag("p", said),
        tag("ul", *asked, class_="examples", aria_label=words("可以这样问")) if asked else NOTHING,
        class_="welcome",
    )


def notice(text: str) -> Html:
    """A line that tells the user what is wrong; nothing where all is well."""
    return tag("p", words(text), class_="notice", role="alert") if text else NOTHING


def turns_view(turns: Sequence[Turn]) -> Html:
    """Several turns, one after the other."""
    return join(turn_view(turn) for turn in turns)


def turn_view(turn: Turn, last: bool = False) -> Html:
    """A question with its answer, as far as it has come. last: none was asked after it."""
    question = tag("h2", turn.question, class_="question", lang=CHINESE)
    return tag(
        "section",
        question,
        link(turn),
        limits_line(turn.filters),
        read_as(turn.answer),
        *_outcome(turn),
        answer_view.acts(turn, last),
        class_=f"turn {turn.status}",
        data_turn=turn.number,
    )


def read_as(answer: Answer | None) -> Html:
    """A follow-up as it was read, so that the user sees a misreading."""
    if answer is None or answer.standalone in ("", answer.question):
        return NOTHING
    return tag("p", words("读作：{question}", question=answer.standalone), class_="aside read-as")


def _outcome(turn: Turn) -> Iterator[Html]:
    if turn.answer is not None:
        answer = turn.answer
        refused = " refused" if answer.refused else ""
        recorded = not answer.evidence.hits
        lines = cited(answer.text, answer.citations, turn.number, recorded)
        yield answer_view.timings(answer, turn.seconds("load"))
        yield tag("div", *lines, class_=f"answer{refused}", lang=CHINESE)
        if answer.doubtful:
            yield tag("p", words(DOUBT), class_="aside doubt")
        if turn.problem:
            yield notice(turn.problem)
            yield tag("p", words("还是原来的回答。"), class_="aside")
        if answer.refused:
            yield limited(turn)
            yield answer_view.nearest(answer)
        yield answer_view.anew(turn)
        yield sources(answer.citations, turn.number)
        yield cards(answer.citations, turn.number)
        yield older(answer)
        yield checks(answer)
        return
    if turn.status != "failed":
        yield answer_view.steps(turn)
    if turn.reading and not turn.text and not turn.over:
        yield answer_view.reading(turn.reading)
    elif turn.text or not turn.over:
        lines = drafted(turn.text, turn.over)
        busy = None if turn.over else "true"
        yield tag("div", *lines, class_="answer draft", aria_busy=busy, lang=CHINESE)
    if turn.status == "failed":
        yield notice(turn.problem)
    elif turn.status == "stopped":
        said = words("已停止，以上是停止前核对过的文字。") if turn.text else words("已停止。")
        yield tag("p", said, class_="aside", role="status")


def older(answer: Answer) -> Html:
    """Earlier prints of what was read; the newest stands for them."""
    prints = {hit.article.id: hit for hit in answer.evidence.older}
    if not prints or answer.refused:
        return NOTHING
    titles = [
        answer_view.opener(
            hit,
            f"《{hit.article.title}》{printed_date(hit.article.date) if hit.article.date else ''}",
        )
        for hit in prints.values()
    ]
    return tag("p", words("同文早前也见于："), *titles, class_="aside older")


def checks(answer: Answer) -> Html:
    """检查记录: what became of each sentence that the model wrote, folded away."""
    if not answer.checks:
        return NOTHING
    items = [
        tag(
            "li",
            tag("strong", words(OUTCOMES[check.outcome])),
            tag("q", check.sentence, lang=CHINESE),
            tag("span", composed(check.reason), class_="reason") if check.reason else NOTHING,
        )
        for check in answer.checks
    ]
    sure = (
        ""
        if answer.confidence is None
        else words(" · 把握 {confidence:.0%}", confidence=answer.confidence)
    )
    summary = tag("summary", f"{words('检查记录')}{sure}")
    by = tag("p", answer_view.read_from(answer), class_="aside")
    return tag("details", summary, tag("ul", *items), by, class_="checks")
