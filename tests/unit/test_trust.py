"""Reading, verifying and deciding to answer."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from rag.answer.abstain import DEFAULTS, NAMES, Abstainer, Signals
from rag.answer.align import Aligner, Source
from rag.answer.reading import nearness_by, read
from rag.answer.summary import summarise
from rag.answer.verify import verify
from rag.config import Settings
from rag.errors import ConfigError
from rag.evaluate.calibrate import Refusals, fit, rates
from rag.index.build import build
from rag.index.store import Store
from rag.ingest.chunk import sentences
from rag.ingest.page import parse_page
from rag.retrieve.lexicon import Lexicon, bigrams
from rag.retrieve.retriever import Retriever
from tests.support.fakes import HashEncoder

PAGE = """# 云岭科技园迎来首批企业

◎本报记者 甘棠

云岭科技园4月启用，首批入驻企业32家，总投资约18亿元。园区主任苏木说，二期明年开工。

园区为博士提供每月3000元补贴，为硕士提供每月1500元补贴。云岭大学在园区设立了研究院。

园区的孵化器面积5万平方米。
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


NEARNESS = nearness_by(HashEncoder())


class TestReading:
    def test_question_alone_points_to_a_sentence(self, retriever: Retriever):
        question = "园区主任是谁？"
        reading = read(question, "", retriever.search(question, 3), retriever.lexicon, NEARNESS)
        assert reading is not None and reading.agree
        assert "苏木" in reading.asked.source[1].text

    def test_draft_from_elsewhere_disagrees(self, retriever: Retriever):
        question = "园区主任是谁？"
        hits = retriever.search(question, 3)
        reading = read(question, "云岭大学设立了研究院", hits, retriever.lexicon, NEARNESS)
        assert reading is not None and not reading.agree
        assert "云岭大学" in reading.drafted.source[1].text

    def test_no_evidence(self, retriever: Retriever):
        assert read("园区？", "", [], retriever.lexicon, NEARNESS) is None


class TestVerify:
    def check(self, aligner: Aligner, evidence: list[Source], draft: str):
        supports, checks = verify([draft], "", evidence, aligner)
        return [s.text for s in supports], [c.outcome for c in checks], checks[0].reason

    def test_kept(self, aligner: Aligner, evidence: list[Source]):
        shown, outcome, reason = self.check(aligner, evidence, "首批入驻企业三十二家。")
        assert (shown, outcome, reason) == (["首批入驻企业三十二家。"], ["kept"], "")

    @pytest.mark.parametrize(
        "draft",
        [
            "云岭科技园总投资约18亿元。",
            "云岭科技园的投资额是约18亿元。",
            "苏木是园区主任。",
            "云岭科技园4月启用，孵化器面积5万平方米。",
        ],
    )
    def test_totals_and_offices_that_the_text_names(
        self, aligner: Aligner, evidence: list[Source], draft: str
    ):
        assert self.check(aligner, evidence, draft)[1] == ["kept"]

    @pytest.mark.parametrize(
        ("draft", "reason"),
        [
            ("首批入驻企业35家。", "35家"),
            ("总投资超过18亿元。", "18亿元"),
            ("云岭科技园5月启用，首批入驻企业32家。", "5月"),
            ("为博士提供每月3000元补贴。", "同类数字"),
            ("白沙大学在园区设立了研究院。", "白沙大学"),
            ("云岭科技园4月启用，首批入驻企业一共32家。", "总数：一共"),
            ("云岭大学在园区设立了研究院，院长是苏木。", "职务：院长"),
            ("园区为32家博士提供补贴。", "32家说的不是博士"),
            ("云岭科技园的净利润为约18亿元。", "说的不是净利润"),
            ("云岭科技园4月启用的孵化器面积5万平方米。", "没有把4月和5万平方米放在一起说"),
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


def signals(level: float, **others: float) -> Signals:
    return Signals(**{**dict.fromkeys(NAMES, level), "silent": 0.0, "size": 2.0, **others})


class TestAbstain:
    zeros, ones = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 1.0)

    def test_arithmetic(self):
        weights, means = self.zeros | {"coverage": 2.0}, self.zeros | {"coverage": 0.5}
        model = Abstainer(1.0, weights, means, self.ones, [(2.0, 0.5)])
        # 1 / (1 + exp(-(1 + 2 * (0.5 - 0.5)))) and with coverage 0: 1 / (1 + exp(0))
        assert model.probability(signals(0, coverage=0.5)) == pytest.approx(0.731059)
        assert model.probability(signals(0)) == 0.5
        assert not model.refuses(signals(0))
        assert model.refuses(signals(-1))

    def test_threshold_of_a_size(self):
        model = Abstainer(0.0, self.zeros, self.zeros, self.ones, [(2.0, 0.25), (4.0, 0.75)])
        # level below 2, a quarter and half of the way from 0.25 to 0.75, level beyond 4
        sizes = (1.0, 2.0, 2.5, 3.0, 4.0, 6.0)
        assert [model.threshold(s) for s in sizes] == [0.25, 0.25, 0.375, 0.5, 0.75, 0.75]
        assert not model.refuses(signals(0, size=3.0))  # 0.5 is not below 0.5
        assert model.refuses(signals(0, size=3.1))

    def test_fit_tells_them_apart(self, tmp_path: Path):
        rows = [signals(0.8 + i / 100) for i in range(20)]
        rows += [signals(0.2 + i / 100) for i in range(20)]
        labels = [True] * 20 + [False] * 20
        model, unseen = fit(rows, labels)
        assert unseen == Refusals(1.0, 1.0, 0.0)
        assert [model.refuses(row) for row in rows] == [not yes for yes in labels]
        model.save(tmp_path / "a.json", questions=40)
        assert Abstainer.load(tmp_path / "a.json").thresholds == [list(model.thresholds[0])]

    def test_each_corpus_has_its_threshold(self):
        """In the larger one every signal is higher: chance comes closer to any question."""
        small = [signals(level / 20) for level in range(20)]
        large = [signals(0.5 + level / 20, size=4.0) for level in range(20)]
        labels = [level >= 10 for level in range(20)]
        model, unseen = fit(small + large, labels * 2)
        assert [size for size, _threshold in model.thresholds] == [2.0, 4.0]
        assert unseen.false < 0.2 and unseen.recall > 0.8

    def test_unseen_questions_of_pure_noise(self):
        """What cannot be learnt is not claimed: the figures come from models that did not see."""
        noise = np.random.default_rng(7)
        rows = [
            Signals(**dict(zip(NAMES, noise.random(len(NAMES)), strict=True))) for _ in range(60)
        ]
        rows = [replace(row, size=2.0) for row in rows]
        _model, unseen = fit(rows, [i % 2 == 0 for i in range(60)])
        assert unseen.recall - unseen.false < 0.35

    def test_rates(self):
        refused = np.array([True, True, True, False, False, False])
        answerable = np.array([False, False, True, False, True, True])
        # 2 of the 3 refused rightly; 2 of the 3 unanswerable; 1 of the 3 answerable by mistake
        assert rates(refused, answerable) == Refusals(2 / 3, 2 / 3, 1 / 3)
        assert rates(np.array([False]), np.array([True])) == Refusals(1.0, 1.0, 0.0)

    @pytest.mark.parametrize("labels", [[True], [True, False], []])
    def test_needs_both_kinds(self, labels: list[bool]):
        with pytest.raises(ConfigError, match="unanswerable"):
            fit([signals(1)] * len(labels), labels)

    @pytest.mark.parametrize("text", ["", "{}", '{"bias": 1}'])
    def test_bad_file(self, tmp_path: Path, text: str):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(ConfigError, match="rag calibrate"):
            Abstainer.load(tmp_path / "a.json")

    @pytest.mark.parametrize("thresholds", [[], [[1.0]], 0.5])
    def test_bad_thresholds(self, tmp_path: Path, thresholds: object):
        row = json.loads(DEFAULTS.read_text("utf-8")) | {"thresholds": thresholds}
        (tmp_path / "a.json").write_text(json.dumps(row))
        with pytest.raises(ConfigError, match="rag calibrate"):
            Abstainer.load(tmp_path / "a.json")

    def test_defaults_are_whole(self):
        model = Abstainer.load(DEFAULTS)
        assert set(asdict(model)["weights"]) == set(NAMES)
        assert len(model.thresholds) == 2
        assert all(0 < threshold < 1 for _size, threshold in model.thresholds)


class TestSummary:
    def test_of_an_article_is_its_own_sentences(self, evidence: list[Source]):
        article = evidence[0][0]
        supports = summarise(article, HashEncoder())
        assert len(supports) == 3
        assert supports[0].text == evidence[0][1].text
        assert all(s.text in article.text for s in supports)

    def test_leaves_out_what_someone_says(self):
        page = "# 青禾园区开工\n\n“这笔钱让我们买到了新设备。”厂长说，“订单翻了一番。\n青禾园区一期工程5月10日正式开工建设。\n园区将建成12栋标准厂房和一座展厅。\n"
        (article,) = parse_page(page, issue_id="x").articles
        assert all(
            "我们" not in s.text and "“" not in s.text for s in summarise(article, HashEncoder())
        )

    def test_of_an_issue_is_a_lead_each(self, evidence: list[Source]):
        (support,) = summarise([evidence[0][0]], HashEncoder())
        assert support.text == f"《云岭科技园迎来首批企业》：{evidence[0][1].text}"


def test_lexicon(retriever: Retriever):
    lexicon: Lexicon = retriever.lexicon
    assert lexicon.content("园区主任是谁？") == {"园区", "主任"}
    assert lexicon.share(["园区", "zzz"], {"园区"}) < 0.5
    assert lexicon.share([], set()) == 0
    assert bigrams("甲，乙丙") == {"甲乙", "乙丙"}
