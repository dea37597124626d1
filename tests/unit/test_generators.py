"""More than one generator: opened when it is asked for, and let go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.answer.assistant import Assistant
from rag.config import Settings, load_settings
from rag.errors import ConfigError, ModelError
from rag.index.build import build
from rag.index.store import Store
from rag.index.watch import Changes
from rag.live import Live
from rag.models.encoder import SentenceEncoder
from rag.models.generator import Generator, TransformersGenerator
from rag.models.generators import OtherGenerators
from rag.retrieve.search import Search
from rag.types import USUAL, Answer, Draft, Effort
from rag.upkeep import Upkeep
from rag.web.answering import AnswerHandlers
from rag.web.conversation import Conversation
from rag.web.handlers import Handlers
from rag.web.preferences import read_effort
from rag.web.preferences_view import drawer
from rag.wiring import open_living
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing

QUESTION, SAID = "白沙高新区的中试基地占地多少亩？", "中试基地占地120亩。"
MISSING = "Large is not installed (part1) and no model hub can be reached; run: pip install large"
OTHER, BROKEN = Effort(generator="other"), Effort(generator="broken")


class Named(ScriptedGenerator):
    """Writes the same as its like, under a name of its own."""

    def __init__(self, name: str) -> None:
        super().__init__([SAID])
        self.name = name


class Opener:
    """Opens generators by name and notes which. `broken` cannot be had; all wait for `go`."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.go.set()

    def __call__(self, name: str) -> Generator:
        self.opened.append(name)
        self.begun.set()
        assert self.go.wait(30)
        if name == "broken":
            raise ModelError(MISSING)
        return Named(name)


@pytest.fixture
def opener() -> Iterator[Opener]:
    made = Opener()
    yield made
    made.go.set()


@pytest.fixture
def others(opener: Opener) -> OtherGenerators:
    return OtherGenerators(("other", "broken"), opener)


class TestOtherGenerators:
    def test_sixteen_first_questions_open_it_once(self, others: OtherGenerators, opener: Opener):
        opener.go.clear()
        with ThreadPoolExecutor(16) as pool:
            asked = [pool.submit(others.get, "other") for _ in range(16)]
            assert opener.begun.wait(10)
            assert not others.ready("other")
            opener.go.set()
            (given,) = {id(one.result(10)): one.result() for one in asked}.values()
        assert given is not None and given.name == "other"
        assert others.ready("other")
        assert others.get("other") is given
        assert opener.opened == ["other"]

    def test_one_that_cannot_be_had_says_why_and_is_tried_again(
        self, others: OtherGenerators, opener: Opener
    ):
        for times in (1, 2):
            with pytest.raises(ModelError, match="pip install large; or choose another"):
                others.get("broken")
            assert opener.opened == ["broken"] * times
        assert not others.ready("broken")

    def test_a_bug_while_it_opens_reaches_who_waits(self):
        def opened(_name: str) -> Generator:
            raise KeyError("a bug of the test")

        others = OtherGenerators(("other",), opened)
        with pytest.raises(KeyError, match="a bug of the test"):
            others.get("other")

    def test_who_stops_waits_no_longer_and_the_next_finds_it_open(
        self, others: OtherGenerators, opener: Opener
    ):
        opener.go.clear()
        cancel = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(others.get, "other", cancel)
            assert opener.begun.wait(10)
            cancel.set()
            assert waits.result(5) is None
        opener.go.set()
        given = others.get("other")
        assert given is not None and given.name == "other"
        assert opener.opened == ["other"]

    def test_for_a_stopped_question_nothing_is_opened(
        self, others: OtherGenerators, opener: Opener
    ):
        cancel = threading.Event()
        cancel.set()
        assert others.get("other", cancel) is None
        assert opener.opened == []

    def test_only_those_of_the_settings_may_be_chosen(self, others: OtherGenerators):
        assert "other" in others and "unheard-of" not in others and None not in others


class TestAssistant:
    @pytest.fixture
    def assistant(self, tiny_corpus: Path, tmp_path: Path, others: OtherGenerators) -> Assistant:
        settings = Settings(corpus=tiny_corpus, index=tmp_path / "index", abstain=willing(tmp_path))
        build(settings, HashEncoder())
        snapshot = Store(settings.index).load(settings.cache_dir)
        return Assistant(Search(snapshot, HashEncoder(), settings), Named("usual"), others)

    def test_the_answer_names_the_one_that_wrote_it(self, assistant: Assistant):
        for effort, name in ((USUAL, "usual"), (OTHER, "other"), (USUAL, "usual")):
            answer = assistant.ask(QUESTION, effort=effort)
            assert answer.generator == name
            assert "120亩" in answer.text and answer.citations
        assert assistant.generator == "usual"

    def test_the_first_question_tells_that_it_waits(self, assistant: Assistant):
        steps = [
            [one.step for one in assistant.stream(QUESTION, effort=OTHER) if isinstance(one, Draft)]
            for _ in range(2)
        ]
        assert steps[0][:3] == ["retrieve", "load", "read"]
        assert "load" not in steps[1]

    def test_what_no_model_writes_opens_none(self, assistant: Assistant, opener: Opener):
        for question in ("你好", "有哪些报道？", "明天的天气怎么样？"):
            assistant.ask(question, effort=OTHER)
        assert opener.opened == []

    def test_one_that_is_not_offered_is_the_usual_one(self, assistant: Assistant, opener: Opener):
        answer = assistant.ask(QUESTION, effort=Effort(generator="unheard-of"))
        assert (answer.generator, opener.opened) == ("usual", [])

    def test_the_usual_one_goes_on_where_another_fails(self, assistant: Assistant):
        with pytest.raises(ModelError, match="pip install large"):
            assistant.ask(QUESTION, effort=BROKEN)
        assert assistant.ask(QUESTION).generator == "usual"
        assert assistant.ask(QUESTION, effort=OTHER).generator == "other"

    def test_the_usual_one_answers_while_another_is_opened(
        self, assistant: Assistant, opener: Opener
    ):
        opener.go.clear()
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(assistant.ask, QUESTION, effort=OTHER)
            assert opener.begun.wait(10)
            assert assistant.ask(QUESTION).generator == "usual"
            opener.go.set()
            assert waits.result(10).generator == "other"

    def test_a_cancel_while_it_opens_ends_the_stream(self, assistant: Assistant, opener: Opener):
        opener.go.clear()
        cancel = threading.Event()
        stream = assistant.stream(QUESTION, cancel=cancel, effort=OTHER)
        assert [next(stream), next(stream)] == [Draft("retrieve"), Draft("load")]
        threading.Timer(0.2, cancel.set).start()
        *_drafts, last = stream
        assert isinstance(last, Answer)
        assert last.generator == "usual"


@pytest.fixture
def living(
    tiny_corpus: Path, tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> tuple[Live, Upkeep]:
    """What the chat answers from, opened as it opens it, without weights."""
    monkeypatch.setattr(SentenceEncoder, "open", lambda *_arguments: HashEncoder())
    monkeypatch.setattr(
        TransformersGenerator, "open", lambda settings, *_more: opener(settings.generator)
    )
    settings = Settings(
        corpus=tiny_corpus,
        index=tmp_path / "index",
        abstain=willing(tmp_path),
        generator="usual",
        generators=("other", "usual", "broken", "other"),
    )
    live, upkeep = open_living(settings, lambda _line: None)
    upkeep.step(Changes(new=("all",)))
    return live, upkeep


def test_a_new_index_is_answered_from_by_what_is_open(
    living: tuple[Live, Upkeep], opener: Opener, tiny_corpus: Path
) -> None:
    live, upkeep = living
    assert opener.opened == ["usual"], "another is opened when it is asked for"
    first = live.ask(QUESTION, effort=OTHER)
    (tiny_corpus / "2024-07-01-c.md").write_text(
        "# 青石产业园扩建\n\n◎本报记者 甘棠\n\n青石产业园扩建后占地300亩。\n", "utf-8"
    )
    upkeep.step(Changes(new=("2024-07-01-c.md",)))
    second = live.ask(QUESTION, effort=OTHER)
    assert first.index_version != second.index_version
    assert (first.generator, second.generator) == ("other", "other")
    assert live.ask(QUESTION).generator == "usual"
    assert opener.opened == ["usual", "other"]


class TestTurns:
    """A question of the page, from the choice to what is drawn."""

    def asked(self, handlers: Handlers, effort: Effort) -> tuple[Conversation, str]:
        conversation = Conversation(effort=effort)
        handlers.submit(QUESTION, conversation)
        *_views, last = handlers.run(conversation)
        return conversation, last

    def test_one_that_cannot_be_opened_is_one_line_with_the_remedy(
        self, living: tuple[Live, Upkeep]
    ):
        handlers = Handlers(living[0])
        conversation, last = self.asked(handlers, BROKEN)
        said = "没有装 Large；请运行 pip install large；也可以在“设置”里换回默认的模型"
        assert conversation.turns[0].problem == said
        assert f'role="alert">{said}<' in last
        conversation, _ = self.asked(handlers, USUAL)
        assert conversation.turns[0].status == "answered"

    def test_stopped_while_it_opens(self, living: tuple[Live, Upkeep], opener: Opener):
        handlers, conversation = Handlers(living[0]), Conversation(effort=OTHER)
        opener.go.clear()
        handlers.submit(QUESTION, conversation)
        views = handlers.run(conversation)
        _waiting, _searching, opening = next(views), next(views), next(views)
        assert '<li class="now" aria-current="step">首次装入模型 ' in opening
        assert "阅读" not in opening
        stopped = handlers.stop(conversation)["live"]
        assert "已停止。" in stopped and "阅读" not in stopped
        *_views, last = views
        assert "已停止。" in last and conversation.turns[0].answer is None

    def test_the_time_to_open_it_is_told_of_the_first_answer_alone(
        self, living: tuple[Live, Upkeep]
    ):
        handlers = Handlers(living[0])
        _, first = self.asked(handlers, OTHER)
        _, second = self.asked(handlers, OTHER)
        assert "其中首次装入模型 " in first
        assert "装入模型" not in second

    def test_asked_again_it_is_the_one_chosen_now(self, living: tuple[Live, Upkeep]):
        handlers = Handlers(living[0])
        conversation, _ = self.asked(handlers, Effort(2))
        conversation.effort = OTHER
        AnswerHandlers(handlers).anew(1, conversation)
        *_views, last = handlers.run(conversation)
        (turn,) = conversation.turns
        assert turn.answer is not None and turn.answer.generator == "other"
        assert (turn.more, turn.effort) == (0, Effort(2, None, "other"))
        assert "换了模型，重新答了一次，答案没有变。" in last
        AnswerHandlers(handlers).anew(1, conversation)
        assert conversation.turns[0].more > 0, "the same one is given more to read"


class TestSettings:
    def test_no_other_is_offered_unless_the_settings_say_so(self):
        assert Settings().offered == ("bundled",)

    def test_names_in_the_environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RAG_GENERATORS", "bundled-large, a/b ,bundled,")
        assert load_settings().offered == ("bundled", "bundled-large", "a/b")

    def test_an_empty_name_is_refused(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "rag.toml").write_text('generators = [""]\n', "utf-8")
        with pytest.raises(ConfigError, match="generators"):
            load_settings()


class TestEffort:
    @pytest.mark.parametrize(
        ("given", "name"),
        [
            ("bundled-large", "bundled-large"),
            ("a/b", "a/b"),
            ("bundled", None),  # the usual one
            ("", None),
            ("unheard-of", None),
            ("../../etc", None),
            ("a/b" * 10**6, None),
            (None, None),
            (True, None),
            (["a/b"], None),
            ({"a/b": 1}, None),
        ],
    )
    def test_what_a_browser_sends_is_one_that_is_offered(self, given: object, name: str | None):
        settings = Settings(generators=("bundled-large", "bundled", "a/b"))
        assert read_effort({"generator": given}, settings) == Effort(generator=name)
        assert read_effort({"generator": given}, Settings()) == USUAL


class TestDrawer:
    def test_where_there_is_one_it_says_how_to_have_more(self):
        drawn = drawer(Settings(), [])
        assert 'name="generator"' not in drawn
        assert "正在使用" in drawn and "RAG_GENERATORS" in drawn

    def test_each_is_offered_with_what_it_means(self):
        drawn = drawer(Settings(generators=("bundled-large", "a/<b>")), [])
        assert drawn.count('name="generator"') == 3
        assert '<input type="radio" name="generator" value="" checked>' in drawn
        assert "bundled（默认）" in drawn
        assert "最快" in drawn and "约四倍" in drawn and "管理员另加的模型" in drawn
        assert "a/&lt;b&gt;" in drawn and "<b>" not in drawn


# In the browser
