"""Markers in an answer are the ones that `cite` put there, and no others."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.answer.align import Support
from rag.answer.cite import cite
from rag.types import Article, Sentence
from rag.web import chat_view
from rag.web.conversation import Conversation
from tests.support.scripted_backend import ScriptedBackend

PRINTED = "园区见文献[1]，投资18亿元[2]。"


def support(text: str) -> Support:
    article = Article("a", "i", "题", text)
    return Support(text, ((article, Sentence("a", 0, len(text), text)),), 1.0)


def test_a_printed_reference_is_no_marker():
    text, (citation,) = cite([support(PRINTED)])
    assert text == "园区见文献〔1〕，投资18亿元〔2〕[1]。"
    assert citation.quote == PRINTED


def test_a_printed_reference_is_no_button():
    text, citations = cite([support(PRINTED)])
    turn = Conversation().ask("问")
    turn.take(replace(ScriptedBackend().ask("问"), text=text, citations=citations))
    answer = chat_view.turn_view(turn).split('<ul class="sources"')[0]
    assert answer.count('class="cite"') == 1
    assert "园区见文献〔1〕，" in answer


@given(st.lists(st.text("[]〔〕12。甲”", min_size=1, max_size=12), min_size=1, max_size=4))
def test_every_marker_is_a_citation(texts: list[str]):
    supports = [support(text) for text in texts]
    text, _citations = cite(supports)
    assert re.findall(r"\[\d+\]", text) == ["[1]"] * len(texts)


def test_a_quotation_mark_without_its_other_half_is_left_out():
    said = "“我们用上了‘及时雨’。"
    text, (citation,) = cite([support(said)])
    assert text == "我们用上了‘及时雨’[1]。"
    assert citation.quote == said
    text, _citations = cite([support("他说：“好。”")])
    assert text == "他说：“好[1]。”"
