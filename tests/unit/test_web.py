"""The page without a browser: what is drawn, what the session remembers, the endpoints."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ServerError
from rag.types import Article, Section
from rag.web import answer_view, article_view, chat_view
from rag.web.conversation import Conversation
from rag.web.handlers import BROKEN, CROWDED, Handlers
from rag.web.markup import Html, join, tag
from rag.web.server import address, check_port, listen
from tests.support.markup import FORBIDDEN, TEXT, Reader
from tests.support.scripted_backend import NASTY, ScriptedBackend

KINDS = st.sampled_from(["section", "sidebar", "caption"])


@st.composite
def cited_articles(draw: st.DrawFn) -> tuple[Article, tuple[int, int]]:
    text = draw(TEXT)
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places).map(sorted), max_size=5))
    sections = tuple(Section(draw(KINDS), draw(TEXT), a, b, label=draw(TEXT)) for a, b in spans)
    first, last = sorted((draw(places), draw(places)))
    return Article("i", "issue", "标题", text, sections=sections), (first, last)


@given(cited_articles())
def test_an_articles_text_and_quote_are_shown_whole(case: tuple[Article, tuple[int, int]]) -> None:
    article, (start, end) = case
    shown = Reader(article_view.body(article, (start, end)))
    assert shown.text == article.text
    # a mark ends with its paragraph: of a range over several, the newlines stand between marks
    assert shown.marked == article.text[start:end].replace("\n", "")


@given(TEXT, TEXT)
def test_data_stays_data_in_content_and_in_attributes(content: str, attribute: str) -> None:
    shown = Reader(tag("p", content, title=attribute))
    assert shown.text == content
    assert shown.elements == [("p", {"title": attribute})]


def test_only_markup_is_sent_as_it_is() -> None:
    assert join(("<", tag("b", "&"), Html("<hr>"))) == "&lt;<b>&amp;</b><hr>"
    assert tag("b", on=True, off=False, none=None, data_no=1) == '<b on data-no="1"></b>'
    # sticking markup together any other way makes it data again: the safe mistake
    assert join((tag("b") + "x",)) == "&lt;b&gt;&lt;/b&gt;x"


def test_an_article_is_set_as_in_print() -> None:
    article = ScriptedBackend().long
    names = [name for name, _ in Reader(article_view.article_view(article, None, "v")).elements]
    assert names.index("header") < names.index("section") < names.index("aside")
    assert names.index("aside") < names.index("figure")
    view = article_view.article_view(article, None, "v")
    for printed in ("人工智能进车间", "◎本报记者 甲某", "通讯员 乙某", "备案又添新数", "延伸阅读"):
        assert printed in view
    assert "测试日报 · 2024年5月6日 · 第3版" in view
    assert "<mark>" not in view


def test_a_dateline_says_what_is_known() -> None:
    article = ScriptedBackend().long
    for page, said in (("3", "第3版"), ("A03", "第A03版"), ("头版", "头版"), ("", "")):
        line = article_view.dateline(replace(article, page=page))
        assert line == " · ".join(filter(None, ("测试日报", "2024年5月6日", said)))
    assert article_view.dateline(replace(article, paper="", date=None, page="")) == ""


def test_a_place_outside_the_text_marks_nothing() -> None:
    article = ScriptedBackend().long
    for cited in ((-5, 0), (10**9, 10**9 + 5), (7, 3)):
        assert "<mark>" not in article_view.body(article, cited)


def test_the_list_shows_the_newest_first_and_says_what_is_left_out() -> None:
    backend = ScriptedBackend()
    many = [replace(backend.long, id=f"{n:016x}", headline=f"第{n}篇") for n in range(45)]
    view = article_view.library_view([*many, backend.nasty], "v")
    assert "共 46 篇，列出最新的 40 篇" in view
    opened = [one["data-open"] for _, one in Reader(view).elements if "data-open" in one]
    assert len(opened) == 40
    assert opened[0] == backend.nasty.id
    assert "还没有文章" in article_view.library_view([], "v")


def test_markers_without_a_citation_are_plain_text() -> None:
    backend = ScriptedBackend()
    conversation = Conversation()
    turn = conversation.ask("问")
    answer = backend.ask("问")
    turn.take(replace(answer, text="有[1][2]，没有[3]和[12]。\n第二段[1]"))
    shown = Reader(chat_view.turn_view(turn))
    buttons = [one for name, one in shown.elements if one.get("class") == "cite"]
    in_answer, in_sources = buttons[:3], buttons[3:]
    assert [one["data-start"] for one in in_answer] == [
        str(answer.citations[place].start) for place in (0, 1, 0)
    ]
    assert len(in_sources) == 2, "both numbers, beside the one headline"
    assert "没有[3]和[12]。" in shown.text
    assert [name for name, one in shown.elements if one.get("class") == "title"] == ["button"]


@pytest.mark.parametrize(
    ("confidence", "refused", "doubted"),
    [(0.49, False, True), (0.5, False, False), (None, False, False), (0.1, True, False)],
)
def test_an_answer_that_may_be_beside_the_point_says_so(
    confidence: float | None, refused: bool, doubted: bool
) -> None:
    turn = Conversation().ask("问")
    answer = replace(ScriptedBackend().ask("问"), confidence=confidence, refused=refused)
    turn.take(answer)
    assert ("未必答了这一问" in Reader(chat_view.turn_view(turn)).text) == doubted
    assert ("未必答了这一问" in answer_view.copied(answer)) == doubted


def test_nothing_of_a_nasty_answer_becomes_an_element() -> None:
    backend = ScriptedBackend()
    turn = Conversation().ask(f"引号{NASTY}")
    turn.take(backend.ask("引号"))
    for view in (
        chat_view.turn_view(turn),
        chat_view.welcome(backend.manifest, backend.examples()),
        chat_view.notice(NASTY),
        article_view.article_view(backend.nasty, (0, 50), NASTY),
        article_view.library_view(backend.articles(), NASTY),
    ):
        shown = Reader(view)
        assert NASTY in shown.text
        assert not {name for name, _ in shown.elements} & FORBIDDEN
        assert not [key for _, one in shown.elements for key in one if key.startswith("on")]


def drawn(handlers: Handlers, conversation: Conversation) -> list[str]:
    return [str(view) for view in handlers.run(conversation)]


def test_a_conversation_hands_on_its_earlier_questions() -> None:
    backend = ScriptedBackend()
    handlers, conversation = Handlers(backend), Conversation()
    for question in ("第一问", "损坏", "第二问"):
        handlers.submit(question, conversation)
        drawn(handlers, conversation)
    assert backend.asked[-1] == ("第二问", ("第一问",)), "what failed is not part of it"


def test_a_question_is_refused_while_another_is_answered() -> None:
    handlers, conversation = Handlers(ScriptedBackend()), Conversation()
    handlers.submit("第一问", conversation)
    assert "还在回答" in handlers.submit("第二问", conversation)["notice"]
    assert len(conversation.turns) == 1


def test_bad_questions_get_a_notice_and_stay_in_the_box() -> None:
    handlers, conversation = Handlers(ScriptedBackend()), Conversation()
    for question, said in (("  \n", "请先写下问题"), ("问" * 61, "61 字，最多 60 字")):
        update = handlers.submit(question, conversation)
        assert said in update["notice"]
        assert "box" not in update
    assert not conversation.turns


def test_what_comes_after_a_stop_is_dropped() -> None:
    backend = ScriptedBackend()
    handlers, conversation = Handlers(backend), Conversation()
    handlers.submit("问", conversation)
    views = handlers.run(conversation)
    for _ in range(4):
        next(views)
    said = conversation.turns[0].text
    handlers.stop(conversation)
    assert all("已停止" in view for view in views)
    turn = conversation.turns[0]
    assert (turn.status, turn.text, turn.answer) == ("stopped", said, None)
    assert turn.cancel.is_set()


def test_a_question_stopped_in_the_line_is_never_asked() -> None:
    backend = ScriptedBackend()
    handlers, conversation = Handlers(backend), Conversation()
    handlers.submit("问", conversation)
    handlers.stop(conversation)
    assert "已停止" in drawn(handlers, conversation)[-1]
    assert not backend.asked


def test_a_bug_ends_the_turn_with_a_notice_and_is_raised() -> None:
    handlers, conversation = Handlers(ScriptedBackend()), Conversation()
    handlers.submit("意外", conversation)
    with pytest.raises(RuntimeError, match="a bug of the test"):
        drawn(handlers, conversation)
    assert BROKEN in handlers.settle(conversation)["live"]


def test_a_question_that_found_the_line_full_says_so() -> None:
    handlers, conversation = Handlers(ScriptedBackend()), Conversation()
    handlers.submit("问", conversation)
    assert CROWDED not in handlers.settle(conversation)["live"]  # of a turn that was stopped
    assert CROWDED in handlers.settle(conversation, refused=True)["live"]


def test_a_page_that_goes_away_cancels_its_answer() -> None:
    handlers, conversation = Handlers(ScriptedBackend()), Conversation()
    handlers.submit("问", conversation)
    views = handlers.run(conversation)
    next(views)
    views.close()  # type: ignore[attr-defined]  # run is a generator
    assert conversation.turns[0].cancel.is_set()


@pytest.mark.parametrize("wanted", [None, "x", {}, {"article": 5}, {"article": "unknown"}])
def test_an_article_that_cannot_be_opened_gets_a_notice(wanted: object) -> None:
    _, said = Handlers(ScriptedBackend()).open_article(wanted)
    assert 'role="alert"' in said


def test_a_port_in_use_is_named_with_the_remedy() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=rf"port {port} on 127\.0\.0\.1 is in use; .*--port"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_a_host_that_is_not_here_is_named_with_the_remedy() -> None:
    with pytest.raises(ServerError, match=r"host 192\.0\.2\.1 .*--host"):
        check_port("192.0.2.1", 8000)
    with pytest.raises(ServerError, match=r"host no\.such\.host\.invalid is unknown.*--host"):
        check_port("no.such.host.invalid", 8000)


def test_an_address_can_be_opened_in_a_browser() -> None:
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert address("::", 80) == "http://[::1]:80"
    assert address("paper.example", 80) == "http://paper.example:80"
