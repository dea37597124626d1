"""Reading, verifying, deciding to answer, and questions of other shapes."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rag.answer.abstain import DEFAULTS, NAMES, Abstainer, Signals, fit
from rag.answer.align import Aligner, Source
from rag.answer.reading import read
from rag.answer.shapes import asks_for_list, parts
from rag.answer.summary import summarise
from rag.answer.verify import verify
from rag.config import Settings
from rag.errors import ConfigError, QuestionError
from rag.evaluate.calibrate import held_out, read_labelled, refusals
from rag.index.build import build
from rag.index.store import Store
from rag.ingest.chunk import sentences
from rag.ingest.page import parse_page
from rag.retrieve.lexicon import Lexicon, bigrams
from rag.retrieve.retriever import Retriever
from tests.fakes import HashEncoder

PAGE = """# 云岭科技园迎来首批企业

◎本报记者 甘棠

云岭科技园4月启用，首批入驻企业32家，总投资约18亿元。园区主任苏木说，二期明年开工。

园区为博士提供每月3000元补贴，为硕士提供每月1500元补贴。云岭大学在园区设立了研究院。
"""


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "2024-05-01.md").write_text(PAGE, "utf-8")
    settings = Settings(corpus=corpus, index=tmp_path / "index")
    build(settings, HashEncoder())
    return Retriever(Store(settings.index).load(settings.cache_dir), HashEncoder(), settings)


@pytest.fixture
def evidence() -> list[Source]:
    (article,) = parse_page(PAGE, issue_id="x").articles
    return [(article, sentence) for sentence in sentences(article)]


@pytest.fixture
def aligner(retriever: Retriever) -> Aligner:
    return Aligner(retriever.lexicon, HashEncoder())


class TestReading:
    def test_question_alone_points_to_a_sentence(self, retriever: Retriever):
        question = "园区主任是谁？"
        reading = read(
            question, "", retriever.search(question, 3), retriever.lexicon, HashEncoder()
        )
        assert reading is not None and reading.agree
        assert "苏木" in reading.asked.source[1].text

    def test_draft_from_elsewhere_disagrees(self, retriever: Retriever):
        question = "园区主任是谁？"
        hits = retriever.search(question, 3)
        reading = read(question, "云岭大学设立了研究院", hits, retriever.lexicon, HashEncoder())
        assert reading is not None and not reading.agree
        assert "云岭大学" in reading.drafted.source[1].text

    def test_no_evidence(self, retriever: Retriever):
        assert read("园区？", "", [], retriever.lexicon, HashEncoder()) is None


class TestVerify:
    def check(self, aligner: Aligner, evidence: list[Source], draft: str):
        supports, checks = verify([draft], "", evidence, aligner)
        return [s.text for s in supports], [c.outcome for c in checks], checks[0].reason

    def test_kept(self, aligner: Aligner, evidence: list[Source]):
        shown, outcome, reason = self.check(aligner, evidence, "首批入驻企业三十二家。")
        assert (shown, outcome, reason) == (["首批入驻企业三十二家。"], ["kept"], "")

    @pytest.mark.parametrize(
        ("draft", "reason"),
        [
            ("首批入驻企业35家。", "35家"),
            ("总投资超过18亿元。", "18亿元"),
            ("云岭科技园5月启用，首批入驻企业32家。", "5月"),
            ("为博士提供每月3000元补贴。", "同类数字"),
            ("白沙大学在园区设立了研究院。", "白沙大学"),
        ],
    )
    def test_replaced_by_the_quotation(
        self, aligner: Aligner, evidence: list[Source], draft: str, reason: str
    ):
        shown, outcome, why = self.check(aligner, evidence, draft)
        assert outcome == ["replaced"]
        assert reason in why
        assert shown[0] in PAGE

    def test_dropped(self, aligner: Aligner, evidence: list[Source]):
        shown, outcome, _ = self.check(aligner, evidence, "火星上发现了液态海洋。")
        assert (shown, outcome) == ([], ["dropped"])


def signals(level: float) -> Signals:
    return Signals(**dict.fromkeys(NAMES, level), silent=0.0)


class TestAbstain:
    def test_arithmetic(self):
        zeros, ones = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 1.0)
        model = Abstainer(1.0, zeros | {"coverage": 2.0}, zeros | {"coverage": 0.5}, ones, 0.5)
        # 1 / (1 + exp(-(1 + 2 * (0.5 - 0.5)))) and with coverage 0: 1 / (1 + exp(0))
        assert model.probability(replace(signals(0), coverage=0.5)) == pytest.approx(0.731059)
        assert model.probability(signals(0)) == 0.5
        assert not model.refuses(signals(0))
        assert model.refuses(replace(signals(0), silent=1.0))

    def test_fit_tells_them_apart(self, tmp_path: Path):
        rows = [signals(0.8 + i / 100) for i in range(20)] + [
            signals(0.2 + i / 100) for i in range(20)
        ]
        labels = [True] * 20 + [False] * 20
        model = fit(rows, labels, 0.05)
        found = refusals(model, rows, labels)
        assert (found.recall, found.false) == (1.0, pytest.approx(0.05))
        assert held_out(rows, labels, 0.0).recall == 1.0
        model.save(tmp_path / "a.json", questions=40)
        assert Abstainer.load(tmp_path / "a.json") == model

    def test_needs_both_kinds(self):
        with pytest.raises(ConfigError, match="unanswerable"):
            fit([signals(1)], [True], 0.05)

    @pytest.mark.parametrize("text", ["", "{}", '{"bias": 1}'])
    def test_bad_file(self, tmp_path: Path, text: str):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(ConfigError, match="rag calibrate"):
            Abstainer.load(tmp_path / "a.json")

    def test_defaults_are_whole(self):
        model = Abstainer.load(DEFAULTS)
        assert model.probability(signals(1)) > model.threshold > 0
        assert set(asdict(model)["weights"]) == set(NAMES)

    def test_labelled_questions(self, tmp_path: Path):
        path = tmp_path / "q.jsonl"
        path.write_text(
            '{"question": "甲？"}\n\n{"question": "乙？", "answerable": false}\n', "utf-8"
        )
        assert [(r.question, r.answerable) for r in read_labelled(path)] == [
            ("甲？", True),
            ("乙？", False),
        ]
        path.write_text("{}\n")
        with pytest.raises(QuestionError, match="line 1"):
            read_labelled(path)


class TestShapes:
    terms = ("云岭科技园", "白沙高新区", "白沙")

    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("云岭科技园有多少企业？", ["云岭科技园有多少企业？"]),
            ("云岭科技园何时启用？ 投资多少？", ["云岭科技园何时启用？", "投资多少？"]),
            ("云岭科技园和白沙高新区哪个占地更大？", ["云岭科技园占地大？", "白沙高新区占地大？"]),
            (
                "对比云岭科技园与白沙高新区的企业数",
                ["对比云岭科技园的企业数", "对比白沙高新区的企业数"],
            ),
            ("云岭科技园与白沙高新区签约了吗？", ["云岭科技园与白沙高新区签约了吗？"]),
        ],
    )
    def test_parts(self, question: str, expected: list[str]):
        assert parts(question, self.terms) == expected

    def test_three_parts_at_the_most(self):
        assert len(parts("甲？乙？丙？丁？", ())) == 3

    def test_lists(self):
        assert asks_for_list("园区有哪些政策？")
        assert not asks_for_list("园区有多少政策？")


class TestSummary:
    def test_of_an_article_is_its_own_sentences(self, evidence: list[Source]):
        article = evidence[0][0]
        supports = summarise(article, HashEncoder())
        assert len(supports) == 3
        assert supports[0].text == evidence[0][1].text
        assert all(s.text in article.text for s in supports)

    def test_of_an_issue_is_a_lead_each(self, evidence: list[Source]):
        (support,) = summarise([evidence[0][0]], HashEncoder())
        assert support.text == f"《云岭科技园迎来首批企业》：{evidence[0][1].text}"


def test_lexicon(retriever: Retriever):
    lexicon: Lexicon = retriever.lexicon
    assert lexicon.content("园区主任是谁？") == {"园区", "主任"}
    assert lexicon.share(["园区", "zzz"], {"园区"}) < 0.5
    assert lexicon.share([], set()) == 0
    assert bigrams("甲，乙丙") == {"甲乙", "乙丙"}
