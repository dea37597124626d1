"""What a question is limited to: read from text, on the command line and in retrieval."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import QuestionError
from rag.index.facets import Facets
from rag.retrieve.filters import check_filters, missing, read_filters
from rag.types import Article, Filters
from rag.web import chat_view, filters_view
from rag.web.conversation import Conversation
from rag.web.filters import BACKWARDS, FilterHandlers
from rag.web.handlers import Handlers
from tests.support.command import run
from tests.support.fakes import HashEncoder, ScriptedGenerator, willing
from tests.support.markup import FORBIDDEN, TEXT, Reader
from tests.support.scripted_backend import NASTY, ScriptedBackend

MAY = Filters(date(2024, 5, 1), date(2024, 5, 31))


class TestReading:
    @pytest.mark.parametrize(
        ("given", "since", "until"),
        [
            ({"from": "2024-05-06", "to": "2024-05-07"}, date(2024, 5, 6), date(2024, 5, 7)),
            ({"from": "2024-02", "to": "2024-02"}, date(2024, 2, 1), date(2024, 2, 29)),
            ({"from": "2023", "to": "2024"}, date(2023, 1, 1), date(2024, 12, 31)),
            ({"from": " 2024 ", "to": ""}, date(2024, 1, 1), None),
            ({"from": None}, None, None),
        ],
    )
    def test_days_months_and_years(
        self, given: dict[str, str | None], since: date | None, until: date | None
    ):
        assert read_filters(given) == Filters(since, until)

    @given(st.dates(min_value=date(1000, 1, 1)))
    def test_a_day_reads_back(self, day: date):
        assert read_filters({"from": day.isoformat(), "to": day.isoformat()}) == Filters(day, day)

    def test_the_rest_is_taken_as_printed(self):
        given = {"paper": "甲报", "column": "乙", "reporter": "丙", "issue": "a/b"}
        assert read_filters(given) == Filters(paper="甲报", column="乙", reporter="丙", issue="a/b")
        assert read_filters(None) == read_filters({}) == Filters()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"from": "2024-13"}, 'from "2024-13" is no date; write YYYY-MM-DD'),
            ({"to": "2024-02-30"}, 'to "2024-02-30" is no date'),
            ({"from": "0000"}, "is no date"),
            ({"from": "２０２４"}, "is no date"),
            ({"from": "2024-05-01\n"}, None),
            ({"from": "yesterday\nor so"}, 'from "yesterday or so" is no date'),
            ({"from": "2024-06", "to": "2024-05"}, "from 2024-06-01 is later than to 2024-05-31"),
            ({"papers": "甲"}, 'unknown filter "papers"; use from, to, paper'),
            ({"paper": ["甲"]}, "filter paper is list; give text"),
            ([], "filters is list; give an object of from, to"),
        ],
    )
    def test_what_is_wrong_is_said_in_one_line(self, given: object, said: str | None):
        if said is None:
            assert read_filters(given)
            return
        with pytest.raises(QuestionError) as caught:
            read_filters(given)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


class TestExisting:
    ARTICLES = (
        Article("1", "2024/a", "题", "文", paper="科技日报", column="园区", reporters=("张晔",)),
        Article("2", "2024/a", "题", "文", paper="科技日报", correspondents=("李明",)),
        Article("3", "2024/b", "题", "文", paper="经济日报"),
    )

    def test_counts(self):
        held = Facets(self.ARTICLES).counts
        assert held["paper"] == {"科技日报": 2, "经济日报": 1}
        assert held["column"] == {"园区": 1}
        assert held["reporter"] == {"张晔": 1, "李明": 1}
        assert held["issue"] == {"2024/a": 2, "2024/b": 1}

    def test_what_exists_passes(self):
        check_filters(
            Filters(date(1900, 1, 1), paper="经济日报", reporter="李明"),
            Facets(self.ARTICLES).counts,
        )

    @pytest.mark.parametrize(
        ("filters", "said"),
        [
            (Filters(paper="科技曰报"), 'no paper "科技曰报" in the index; nearest: 科技日报'),
            (Filters(reporter="张烨"), 'no reporter "张烨" in the index; nearest: 张晔'),
            (Filters(issue="2024/c"), "nearest: 2024/"),
            # nothing is like it: the most common ones
            (Filters(paper="xyz"), "nearest: 科技日报, 经济日报"),
        ],
    )
    def test_the_nearest_are_named(self, filters: Filters, said: str):
        with pytest.raises(QuestionError, match="in the index") as caught:
            check_filters(filters, Facets(self.ARTICLES).counts)
        assert said in str(caught.value)

    def test_where_nothing_has_one_it_is_said(self):
        with pytest.raises(QuestionError, match="none of its articles names one, leave column out"):
            check_filters(Filters(column="园区"), Facets(self.ARTICLES[1:]).counts)


class TestCommands:
    @pytest.fixture
    def folders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """An index of two papers, asked with parts that have no weights."""
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        for day, paper, name in (("2024-05-06", "甲报", "甘棠"), ("2024-06-08", "乙报", "桑榆")):
            (corpus / f"{day}.md").write_text(
                f"---\ndate: {day}\npaper: {paper}\n---\n\n# {paper}看白沙园区\n\n"
                f"◎本报记者 {name}\n\n{paper}报道，白沙园区的基地占地120亩，有9条产线。\n",
                "utf-8",
            )
        monkeypatch.setenv("RAG_ABSTAIN", str(willing(tmp_path)))
        monkeypatch.setattr(
            "rag.models.encoder.SentenceEncoder.open", lambda *_arguments: HashEncoder()
        )
        monkeypatch.setattr(
            "rag.models.generator.TransformersGenerator.open",
            lambda *_arguments: ScriptedGenerator(["白沙园区的基地占地120亩。"]),
        )
        assert run("build", "--corpus", str(corpus), "--index", str(tmp_path / "index")) == 0
        return ["--index", str(tmp_path / "index")]

    @pytest.mark.parametrize(
        ("flags", "issues"),
        [
            ([], {"2024-05-06", "2024-06-08"}),
            (["--from", "2024-06"], {"2024-06-08"}),
            (["--to", "2024-05"], {"2024-05-06"}),
            (["--from", "2024-05-07", "--to", "2024-06-07"], set()),
            (["--paper", "甲报"], {"2024-05-06"}),
            (["--reporter", "桑榆"], {"2024-06-08"}),
            (["--issue", "2024-05-06"], {"2024-05-06"}),
            (["--issue", "2024-05-06", "--reporter", "桑榆"], set()),
        ],
    )
    def test_search(
        self,
        folders: list[str],
        flags: list[str],
        issues: set[str],
        capsys: pytest.CaptureFixture[str],
    ):
        capsys.readouterr()
        assert run("search", "白沙园区占地多少？", "--json", *flags, *folders) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {row["issue"] for row in rows} == issues

    def test_ask_reads_only_what_the_filters_hold(
        self, folders: list[str], capsys: pytest.CaptureFixture[str]
    ):
        for paper, issue in (("甲报", "2024-05-06"), ("乙报", "2024-06-08")):
            capsys.readouterr()
            asked = ("ask", "白沙园区的基地占地多少亩？", "--paper", paper, "--json", *folders)
            assert run(*asked) == 0
            row = json.loads(capsys.readouterr().out)
            assert {one["issue"] for one in row["citations"]} == {issue}
            assert {one["issue"] for one in row["evidence"]} == {issue}

    def test_lines_of_a_batch_carry_their_own(
        self, folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        batch = tmp_path / "batch.jsonl"
        question = "白沙园区的基地占地多少亩？"
        lines = [
            {"id": 1, "question": question},
            {"id": 2, "question": question, "filters": {"paper": "乙报", "to": "2024-06"}},
            {"id": 3, "question": question, "filters": {"paper": "丙报"}},
            {"id": 4, "question": question, "filters": ["甲报"]},
            {"id": 5, "question": question, "filters": {"day": "2024"}},
        ]
        batch.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
        capsys.readouterr()
        assert run("ask", "--batch", str(batch), "--paper", "甲报", *folders) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        read = [{one["issue"] for one in row["evidence"]} for row in rows[:2]]
        assert read == [{"2024-05-06"}, {"2024-06-08"}]
        assert [row["line"] for row in rows[2:]] == [3, 4, 5]
        for row, said in zip(rows[2:], ('no paper "丙报"', '"filters"', '"day"'), strict=True):
            assert said in row["error"]

    @pytest.mark.parametrize(
        ("flags", "words"),
        [
            (["--paper", "申报"], ("申报", "甲报", "乙报")),
            (["--reporter", "甘裳"], ("甘裳", "甘棠")),
            (["--column", "短讯"], ("短讯", "leave column out")),
            (["--from", "May"], ("May", "YYYY-MM-DD")),
            (["--from", "2024-06", "--to", "2024-05"], ("2024-06-01", "2024-05-31")),
        ],
    )
    @pytest.mark.parametrize("command", ["ask", "search"])
    def test_what_is_wrong_is_one_line(
        self,
        folders: list[str],
        command: str,
        flags: list[str],
        words: tuple[str, ...],
        capsys: pytest.CaptureFixture[str],
    ):
        capsys.readouterr()
        assert run(command, "白沙园区", *flags, *folders) == 2
        line = capsys.readouterr().err
        assert line.count("\n") == 1
        assert all(word in line for word in words)


def asked(handlers: Handlers, conversation: Conversation, question: str) -> str:
    handlers.submit(question, conversation)
    *_views, last = handlers.run(conversation)
    return str(last)


class TestHandlers:
    def test_follow_ups_keep_the_filters_and_each_turn_shows_its_own(self):
        backend = ScriptedBackend()
        handlers, limits, conversation = Handlers(backend), FilterHandlers(backend), Conversation()
        limits.use({"from": "2024-05-01", "to": "2024-05-31", "paper": "测试日报"}, conversation)
        assert "限于 2024年5月 · 报纸 测试日报" in asked(handlers, conversation, "第一问")
        asked(handlers, conversation, "第二问")
        limits.drop("days", conversation)
        assert "限于 报纸 测试日报" in asked(handlers, conversation, "第三问")
        limits.drop("paper", conversation)
        assert "限于" not in asked(handlers, conversation, "第四问")
        paper = Filters(paper="测试日报")
        may = replace(MAY, paper="测试日报")
        assert backend.asked_under == [may, may, paper, Filters()]
        assert [turn.filters for turn in conversation.turns] == backend.asked_under

    def test_a_refusal_says_that_it_was_limited_and_can_be_asked_without(self):
        backend = ScriptedBackend()
        handlers, conversation = Handlers(backend), Conversation()
        assert "限于" not in asked(handlers, conversation, "明天天气？")
        conversation.filters = Filters(paper="别的报")
        refused = asked(handlers, conversation, "备案有多少？")
        assert "限于 报纸 别的报" in refused
        (button,) = [one for _, one in Reader(refused).elements if "data-again" in one]
        update = handlers.ask_again(int(button["data-again"] or 0), conversation)
        assert "box" not in update, "what is being written stays"
        assert not conversation.filters and not update["chips"]
        *_views, last = handlers.run(conversation)
        assert 'class="cite"' in last and "限于" not in last
        # a question that was refused is no context for itself
        assert backend.asked[-1] == ("备案有多少？", ("明天天气？",))

    @pytest.mark.parametrize("number", [None, 7, "1", {}, [1]])
    def test_what_was_never_asked_is_not_asked_again(self, number: object):
        conversation = Conversation()
        assert "notice" in Handlers(ScriptedBackend()).ask_again(number, conversation)
        assert not conversation.turns

    def test_nothing_is_asked_again_while_an_answer_is_under_way(self):
        handlers, conversation = Handlers(ScriptedBackend()), Conversation(filters=MAY)
        asked(handlers, conversation, "明天天气？")
        handlers.submit("备案有多少？", conversation)
        assert "还在回答" in handlers.ask_again(1, conversation)["notice"]
        assert conversation.filters == MAY and len(conversation.turns) == 2

    @pytest.mark.parametrize(
        ("wanted", "said"),
        [
            ({"paper": "测试周报"}, "馆藏里没有报纸“测试周报”；相近的有：测试日报"),
            ({"column": NASTY}, None),
            ({"reporter": "甲梦"}, "相近的有：甲某"),
            ({"from": "2024-06-01", "to": "2024-05-01"}, BACKWARDS),
            ({"from": "<b>"}, "is no date"),
        ],
    )
    def test_what_cannot_be_taken_is_said_and_changes_nothing(
        self, wanted: dict[str, str], said: str | None
    ):
        conversation = Conversation(filters=Filters(paper="测试日报"))
        update = FilterHandlers(ScriptedBackend()).use(wanted, conversation)
        assert "chips" not in update
        assert conversation.filters == Filters(paper="测试日报")
        shown = Reader(str(update.get("limits") or update["notice"]))
        assert (said or "没有栏目") in shown.text
        assert not {name for name, _ in shown.elements} & FORBIDDEN

    @pytest.mark.parametrize("wanted", [None, "x", [], {"paper": 5}, {"other": "甲"}])
    def test_what_no_form_sends_limits_nothing(self, wanted: object):
        conversation = Conversation(filters=MAY)
        assert not FilterHandlers(ScriptedBackend()).use(wanted, conversation)["chips"]
        assert not conversation.filters
        FilterHandlers(ScriptedBackend()).drop(wanted, conversation)

    def test_the_choices_are_those_of_the_moment(self):
        backend, conversation = ScriptedBackend(), Conversation()
        limits = FilterHandlers(backend)
        assert "创刊号" not in limits.open(conversation)["limits"]
        fresh = replace(backend.long, id="f" * 16, issue_id="创刊号", column="新栏")
        backend.articles = lambda: [backend.long, backend.nasty, fresh]  # type: ignore[method-assign]
        panel = Reader(str(limits.open(conversation)["limits"]))
        assert "新栏（1 篇）" in panel.text and "测试日报（2 篇）" in panel.text
        assert "创刊号" in [one.get("value") for name, one in panel.elements if name == "option"]

    def test_a_chosen_value_that_is_gone_still_stands_in_the_panel(self):
        conversation = Conversation(filters=Filters(paper="停刊报"))
        panel = Reader(str(FilterHandlers(ScriptedBackend()).open(conversation)["limits"]))
        chosen = [one["value"] for _, one in panel.elements if "selected" in one]
        assert chosen == ["停刊报"] and "停刊报（0 篇）" in panel.text


class TestViews:
    @given(TEXT, TEXT, TEXT, TEXT)
    def test_values_stay_text(self, paper: str, column: str, reporter: str, issue: str):
        one = Article("1", issue, "题", "文", paper=paper, column=column, reporters=(reporter,))
        filters = Filters(paper=paper, column=column, reporter=reporter, issue=issue)
        turn = Conversation(filters=filters).ask("问")
        turn.take(ScriptedBackend().ask("天气"))
        given = filters_view.given_of(filters)
        views = (
            filters_view.chips(filters),
            filters_view.panel([one], Facets([one]).counts, given, "v", paper),
            chat_view.turn_view(turn),
        )
        for view in map(Reader, map(str, views)):
            assert not {name for name, _ in view.elements} & FORBIDDEN
        fields = {one.get("name"): one for _, one in Reader(str(views[1])).elements}
        assert fields["reporter"]["value"] == reporter and fields["issue"]["value"] == issue

    @pytest.mark.parametrize(
        ("since", "until", "said"),
        [
            (date(2024, 1, 1), date(2024, 12, 31), "2024年"),
            (date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
            (date(2024, 5, 6), date(2024, 5, 6), "2024年5月6日"),
            (date(2024, 1, 1), date(2024, 2, 29), "2024年1月1日至2024年2月29日"),
            (date(2024, 5, 6), None, "2024年5月6日起"),
            (None, date(2024, 5, 6), "截至2024年5月6日"),
        ],
    )
    def test_days_in_words(self, since: date | None, until: date | None, said: str):
        assert filters_view.limits_text(Filters(since, until)) == said

    def test_missing_names_the_first(self):
        lost = missing(Filters(paper="甲", issue="乙"), Facets([]).counts)
        assert lost is not None
        assert filters_view.lost(lost) == "馆藏里没有报纸“甲”，也没有标明报纸的报道。"
