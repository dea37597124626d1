"""Conversations as Markdown and HTML: all that was said is there, and none of it comes alive."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.types import Draft, Evidence, Filters, Hit, Passage
from rag.web.conversation import Conversation, Turn
from rag.web.conversation_export import file_name, to_html, to_markdown
from tests.support.scripted_backend import NASTY, ScriptedBackend

NOON = datetime(2024, 9, 18, 12, 5)
ACTIVE = {"a", "img", "script", "iframe", "svg", "object", "form", "input", "textarea", "link"}
WRITTEN = st.text(
    st.one_of(
        st.sampled_from("\\`*_[]()<>&~$|@#+-=!:.>\"'{}\n\r\t 1https://www.天晴\0\u2028\ud800"),
        st.characters(),
    ),
    max_size=80,
)


class Tags(HTMLParser):
    """The tags of a page, its attributes and what is read in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.read = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.read += data


def conversation(*questions: str, filters: Filters | None = None) -> list[Turn]:
    """Questions that the scripted assistant has answered."""
    backend, talk = ScriptedBackend(), Conversation()
    talk.filters = filters or talk.filters
    for question in questions:
        turn = talk.ask(question)
        for item in backend.stream(question):
            turn.take(item)
    return talk.turns


def with_evidence(turn: Turn) -> Turn:
    """The same with the article that it cites among its evidence."""
    article = ScriptedBackend().long
    passage = Passage("p", article.id, 0, 9, article.text[:9])
    assert turn.answer is not None
    evidence = Evidence(turn.question, (Hit(passage, article, 1.0, 1.0, 1.0),))
    turn.answer = replace(turn.answer, evidence=evidence)
    return turn


def rendered(markdown: str) -> Tags:
    """As a renderer that lets HTML through reads it."""
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return Tags(page.render(markdown))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def nasty_turn(text: str) -> Turn:
    """A turn in which every text that can be written by others is this one."""
    (turn,) = conversation("引号")
    assert turn.answer is not None
    cited = replace(turn.answer.citations[0], headline=text, quote=text, reporters=(text, "乙"))
    answer = replace(
        turn.answer, question=text, text=f"{text}[1]", standalone=f"{text}。", citations=(cited,)
    )
    return replace(turn, question=text, answer=answer, filters=Filters(paper=text, reporter=text))


def test_markdown_word_for_word():
    (turn,) = map(with_evidence, conversation("南湖？", filters=Filters(since=date(2024, 5, 1))))
    assert turn.answer is not None
    turn.answer = replace(turn.answer, standalone="南湖园区有多少个算法？")
    assert to_markdown([turn], NOON) == (
        "# 报纸问答\n\n导出于 2024-09-18 12:05\n\n"
        "## 1. 南湖？\n\n"
        "*限于 2024年5月1日起*\n\n"
        "*读作：南湖园区有多少个算法？*\n\n"
        "南湖园区累计有27个算法通过备案，占全省的31%\\[1\\]。园区搭建了6个公共平台\\[2\\]。\n\n"
        "- \\[1\\] 甲某. 南湖园区：算法备案走在前面\\[N\\]. 测试日报, 2024-05-06(3).\n\n"
        "  > 南湖园区累计有27个算法通过备案，占全省的31%。\n\n"
        "- \\[2\\] 甲某. 南湖园区：算法备案走在前面\\[N\\]. 测试日报, 2024-05-06(3).\n\n"
        "  > 园区搭建了6个公共平台。\n\n"
        "索引 v-test · 生成 scripted\n"
    )


def test_html_holds_the_same():
    turns = [with_evidence(turn) for turn in conversation("南湖有多少个？", "展厅呢？")]
    page = Tags(to_html(turns, NOON))
    for said in (
        *("1. 南湖有多少个？", "2. 展厅呢？", "占全省的31%", "索引 v-test", "2024-09-18 12:05"),
        "[1] 甲某. 南湖园区：算法备案走在前面[N]. 测试日报, 2024-05-06(3).",
        "园区搭建了6个公共平台。",
    ):
        assert said in page.read
    targets = [value for name, value in page.attributes if name == "href"]
    places = [value for name, value in page.attributes if name == "id"]
    assert targets == ["#q1-1", "#q1-2", "#q2-1", "#q2-2"]
    assert places == [target[1:] for target in targets if target]


def test_the_page_needs_nothing_else():
    text = to_html(conversation("南湖？"), NOON)
    page = Tags(text)
    assert not {"script", "img", "link", "iframe"} & set(page.names)
    assert "url(" not in text and "@import" not in text and "://" not in text
    assert "default-src 'none'" in html.unescape(text)
    assert "@media print" in text and "serif" in text


def test_a_citation_without_evidence_takes_its_article_where_one_is_given():
    turns = conversation("南湖？")
    assert "前面\\[N\\]. 2024-05-06." in to_markdown(turns, NOON)
    article = ScriptedBackend().long
    given = to_markdown(turns, NOON, {article.id: article})
    assert "测试日报, 2024-05-06(3)." in given


def test_turns_without_an_answer_say_why():
    talk = Conversation()
    talk.ask("先停").take(Draft("read", "写了一半"))
    talk.turns[0].stop()
    talk.ask("后坏").fail("index is damaged; run `rag build`")
    talk.ask("还在")
    refused = conversation("天气")[0]
    for text in (
        rendered(to_markdown([*talk.turns, refused], NOON)).read,
        Tags(to_html([*talk.turns, refused], NOON)).read,
    ):
        said = ["写了一半", "已停止。", "run `rag build`", "还在回答。", "资料中没有找到相关内容。"]
        places = [text.index(one) for one in said]
        assert places == sorted(places)


def test_an_answer_that_may_be_beside_the_point_says_so():
    (turn,) = conversation("南湖？")
    assert turn.answer is not None
    for confidence, doubted in ((0.3, True), (0.8, False)):
        turn.answer = replace(turn.answer, confidence=confidence)
        for text in (to_markdown([turn], NOON), Tags(to_html([turn], NOON)).read):
            assert ("未必答了这一问" in text) == doubted


def test_nothing_asked_yet():
    assert to_markdown([], NOON).startswith("# 报纸问答\n")
    assert "<section>" not in to_html([], NOON)
    assert file_name([], "md") == "报纸问答.md"


@pytest.mark.parametrize(
    "text",
    [
        NASTY,
        "[点](javascript:alert(1)) ![图](http://outside.example/a.png)",
        "<http://outside.example> www.outside.example a@outside.example",
        "# 题\n- 项\n1. 项\n> 引\n---\n===\n```\n代码\n```\n    缩进\n| a | b |\n| - | - |",
        "[x]: http://outside.example\n\n[x]",
        "</section></style><script>x</script>",
        "&lt;script&gt; &#60;img&#62;",
    ],
)
def test_nothing_comes_alive(text: str):
    turn = nasty_turn(text)
    markdown = to_markdown([turn], NOON)
    page = rendered(markdown)
    allowed = {"h1", "h2", "p", "em", "ul", "li", "blockquote"}
    assert set(page.names) <= allowed
    assert squeezed(text) in squeezed(page.read)
    assert not re.search(r"(?<!\\)(?:://|@)|www\.", markdown, re.IGNORECASE)
    whole = Tags(to_html([turn], NOON))
    assert not (ACTIVE - {"a"}) & set(whole.names)
    assert all(v and v.startswith("#q1-") for n, v in whole.attributes if n in ("href", "src"))
    assert not any(name.startswith("on") for name, _value in whole.attributes)
    assert squeezed(text) in squeezed(whole.read)


@given(WRITTEN)
def test_whatever_is_written_stays_text(text: str):
    turn = nasty_turn(text)
    markdown, page = to_markdown([turn], NOON), to_html([turn], NOON)
    markdown.encode("utf-8")
    page.encode("utf-8")
    shape = to_html([nasty_turn("天晴")], NOON)
    read = rendered(markdown)
    assert not ACTIVE & set(read.names)
    assert set(read.names) <= {"h1", "h2", "p", "em", "ul", "li", "blockquote"}
    assert not {*Tags(page).names} - {*Tags(shape).names}
    kept = "".join(c for c in text if c.isascii() and c.isalnum())
    assert kept in "".join(c for c in read.read if c.isascii() and c.isalnum())


@given(WRITTEN)
def test_a_name_that_every_file_system_takes(text: str):
    name = file_name([Turn(1, text)], "html")
    assert re.fullmatch(r"报纸问答(?:-[\w-]*\w)?\.html", name)
    assert len(name.encode("utf-8")) < 200


def test_name():
    assert file_name(conversation("南湖/园区: 有多少？"), "md") == "报纸问答-南湖-园区-有多少.md"
