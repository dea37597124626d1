"""References to copy, and what reading draws."""

from __future__ import annotations

from dataclasses import replace

from rag.answer.align import Support
from rag.answer.cite import cite
from rag.answer.export import answer_to_dict
from rag.types import Draft, Sentence
from rag.web import chat_view, citation_view
from rag.web.conversation import Conversation
from tests.support.scripted_backend import ScriptedBackend, long_article


def test_a_citation_tells_where_its_sentence_was_printed() -> None:
    article = long_article()
    sentence = Sentence(article.id, 0, 6, article.text[:6])
    _text, citations = cite([Support(sentence.text, ((article, sentence),), 1.0)])
    told = citations[0]
    assert (told.paper, told.page, told.byline) == ("测试日报", "第3版", article.byline)
    shown = answer_to_dict(replace(ScriptedBackend().ask("问"), citations=citations))
    assert shown["citations"][0]["paper"] == "测试日报"
    assert shown["citations"][0]["page"] == "第3版"


def test_every_marker_is_described_by_the_card_of_its_own_turn() -> None:
    conversation = Conversation()
    for _ in range(2):
        conversation.ask("问").take(ScriptedBackend().ask("问"))
    drawn = chat_view.turns_view(conversation.turns)
    for turn in (1, 2):
        for number in (1, 2):
            assert drawn.count(f'id="card-{turn}-{number}"') == 1
            assert drawn.count(f'aria-describedby="card-{turn}-{number}"') == 2, "text, sources"
    bare = replace(conversation.turns[0].answer.citations[0], paper="", page="", byline="")
    assert "byline" not in citation_view.cards([bare], 1)


def test_markers_of_a_draft_lead_nowhere_and_are_gone_where_it_was_stopped() -> None:
    turn = Conversation().ask("问")
    turn.take(Draft("read", "有27个[1]。见〔2〕"))
    assert '<span class="cite">1</span>。' in chat_view.turn_view(turn)
    assert "data-cite" not in chat_view.turn_view(turn)
    turn.stop()
    assert "有27个。见〔2〕" in chat_view.turn_view(turn)
