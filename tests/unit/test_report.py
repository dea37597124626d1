"""A report as files: JSON that reads back, a page, JUnit XML, Markdown, pictures."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rag.errors import ConfigError, QuestionError
from rag.evaluate import rows
from rag.evaluate.junit import junit
from rag.evaluate.markdown import escape, markdown
from rag.evaluate.plots import latency_histogram, refusal_curve, tag_bars
from rag.evaluate.record import (
    Case,
    CaseFilters,
    Change,
    Comparison,
    CurvePoint,
    Floor,
    Found,
    Metric,
    Report,
    Result,
    Selection,
)
from rag.evaluate.report import read_report, write_report
from rag.evaluate.report_html import html

NASTY = "<script>alert(1)</script>\"]]>&'|$x^2$ `a` \\ \x00\x0b\n# 换行"
SVG = "{http://www.w3.org/2000/svg}"
FACTS = (
    (
        "园区",
        "云岭科技园首批入驻多少家企业？",
        "32家",
        "云岭科技园4月启用，首批入驻企业32家，总投资18亿元。",
    ),
    ("人才", "博士每月能领多少补贴？", "3000元", "园区为博士提供每月3000元补贴，已有57人领取。"),
    (
        "中试基地",
        "白沙高新区的中试基地占地多少？",
        "120亩",
        "白沙高新区的中试基地占地120亩，可同时开展9条产线的试验。",
    ),
    ("人物", "云岭科技园的园区主任是谁？", "苏木", "园区主任苏木说，二期明年开工。"),
)


def result(
    number: int, *, wrong: bool = False, refuse: bool = False, tags: tuple[str, ...] | None = None
) -> Result:
    """A case about invented parks, with an answer that says when it is wrong."""
    tag, question, fact, sentence = FACTS[number % len(FACTS)]
    case = Case(
        id=f"q{number:03}",
        question=question if not refuse else "云岭科技园明年招多少人？",
        history=("云岭科技园什么时候启用？", "谁在管理它？") if number % 7 == 0 else (),
        all_of=() if refuse else (fact,),
        articles=() if refuse else ("云岭科技园迎来",),
        none_of=("大约",) if number % 5 == 0 else (),
        refuse=refuse,
        tags=tags if tags is not None else ("拒答",) if refuse else (tag, "单跳"),
        filters=CaseFilters(column="要闻") if number % 6 == 0 else CaseFilters(),
    )
    hit = {
        "article_id": "a1", "headline": "云岭科技园迎来首批企业", "issue": "2024-05-01-a", "date": "2024-05-01",
        "text": sentence * 3, "start": 0, "end": 30, "score": 0.83, "dense": 0.6, "sparse": 8.1,
    }  # fmt: skip
    text = (
        "报纸里没有找到答案。"
        if refuse and not wrong
        else "首批入驻企业大约三十家[1]。"
        if wrong
        else f"{sentence}[1]"
    )
    answer = {
        "question": case.question, "answer": text, "refused": refuse and not wrong,
        "citations": [] if refuse else [{"marker": "[1]", "headline": hit["headline"], "quote": sentence}],
        "evidence": [hit, {**hit, "headline": "白沙高新区建成中试基地", "score": 0.51}], "older": [],
        "timings": {
            "retrieve": 0.02 + number % 9 / 200, "first_token": 0.4 + number % 11 / 10, "total": 0.9 + number % 13 / 4,
            "read": 0.5 + number % 13 / 5, "check": 0.1 + number % 5 / 50,
        },
        "standalone": case.question, "confidence": 0.35 + number % 13 / 20, "checks": [],
        "index_version": "20240601T080000", "generator": "qwen", "encoder": "bge",
    }  # fmt: skip
    found = Found(
        passage_id="p1",
        article_id="a1",
        headline="云岭科技园迎来首批企业",
        issue="2024-05-01-a",
        text=sentence,
        score=0.83,
    )
    why = (
        (f"答案缺「{fact}」", "没有引用写着答案的那一句")
        if wrong and not refuse
        else ("应当拒答，却作了回答",)
        if wrong
        else ()
    )
    return Result(
        case=case,
        answer=answer,
        found=(found,),
        why=why,
        scores={"passed": float(not wrong)},
        seconds=dict(answer["timings"]),
    )


def sample() -> Report:
    """Forty cases, seven of which fail; a last run; floors of which one falls short."""
    wrong = {3, 9, 14, 20, 22, 31, 38}
    results = tuple(result(n, wrong=n in wrong, refuse=n % 10 == 8) for n in range(40))
    return Report(
        made="2024-06-02T09:30:00+08:00",
        files={"tests/cases/parks.yaml": "3f" * 32},
        versions={"python": "3.11.4", "torch": "2.8.0", "faiss": "1.12.0", "report-rag": "0.1.0"},
        machine={"processor": "Xeon", "cores": "2", "memory": "8 GiB", "system": "Linux 6.1"},
        selection=Selection(limit=40, tags=("园区", "拒答")),
        settings={"top_k": 10, "threshold": 0.42, "corpus": "corpus", "seed": 0},
        index={"version": "20240601T080000", "encoder": "bge-small-zh", "issues": 52, "articles": 611, "passages": 4280},
        generator="Qwen 0.5B（GGUF，int8）",
        retrieval_only=False,
        metrics={
            "passed": Metric(value=0.825, n=40, low=0.70, high=0.925),
            "recall_at_1": Metric(value=0.72, n=36, low=0.58, high=0.86),
            "recall_at_3": Metric(value=0.917, n=36, low=0.81, high=1.0),
            "recall_at_10": Metric(value=0.972, n=36, low=0.92, high=1.0),
            "mrr_at_10": Metric(value=0.801, n=36, low=0.70, high=0.90),
            "ndcg_at_10": Metric(value=0.84, n=36, low=0.75, high=0.92),
            "citation_precision_sentence": Metric(value=0.91, n=36, low=0.83, high=0.98),
            "citation_recall_sentence": Metric(value=0.86, n=36, low=0.75, high=0.95),
            "refusal_precision": Metric(value=1.0, n=3, low=1.0, high=1.0),
            "refusal_recall": Metric(value=0.75, n=4, low=0.25, high=1.0),
            "word_f1": Metric(value=None, n=0),
            "total_p50": Metric(value=2.15, n=40, low=1.9, high=2.6),
            "total_p95": Metric(value=3.9, n=40, low=3.6, high=4.1),
        },
        tags={
            "园区": Metric(value=0.9, n=10, low=0.7, high=1.0),
            "人才": Metric(value=0.8, n=10, low=0.5, high=1.0),
            "中试基地": Metric(value=1.0, n=8, low=1.0, high=1.0),
            "人物": Metric(value=0.5, n=8, low=0.12, high=0.88),
            "跨期比较与改口（含旧报重印）": Metric(value=0.33, n=3, low=0.0, high=1.0),
            "拒答": Metric(value=0.75, n=4, low=0.25, high=1.0),
            "单跳": Metric(value=0.833, n=36, low=0.69, high=0.94),
        },
        refusal_curve=tuple(
            CurvePoint(threshold=t / 20, precision=max(0.1, 1 - (t / 20) ** 2 * 0.9), recall=min(1, t / 14))
            for t in range(1, 20)
        ),
        results=results,
        floors=(
            Floor(metric="passed", floor=0.8, value=0.825),
            Floor(metric="recall_at_1", floor=0.75, value=0.72),
            Floor(metric="word_f1", floor=0.5, value=None),
        ),
        against=Comparison(
            made="2024-05-20T18:00:00+08:00", index="20240518T080000", cases=38,
            metrics={
                "passed": Change(before=0.79, after=0.83), "recall_at_1": Change(before=0.76, after=0.72),
                "mrr_at_10": Change(before=0.801, after=0.801), "total_p50": Change(before=1.9, after=2.15),
            },
            newly_failed=("q009", "q031"), newly_passed=("q002", "q017", "gone"),
        ),
    )  # fmt: skip


def empty() -> Report:
    """A run in which nothing was asked."""
    return Report(
        made="2024-06-02", files={}, versions={}, machine={}, settings={}, index={}, generator="",
        retrieval_only=True, metrics={}, tags={}, refusal_curve=(), results=(),
    )  # fmt: skip


def nasty() -> Report:
    """Hostile text wherever a user, a file or the corpus may put some."""
    good = result(3, wrong=True)
    answer = dict(good.answer or {})
    hit = {**answer["evidence"][0], "headline": NASTY, "text": NASTY, "issue": NASTY, "date": None}
    answer |= {
        "answer": NASTY,
        "evidence": [hit],
        "citations": [{"marker": NASTY, "headline": NASTY, "quote": NASTY}],
    }
    case = Case(
        id=NASTY, question=NASTY, history=(NASTY,), all_of=(NASTY,), tags=(NASTY,),
        filters=CaseFilters(paper=NASTY),
    )  # fmt: skip
    bad = Result(case=case, answer=answer, found=(), why=(NASTY,), scores={})
    sound = Result(case=case, answer=answer, found=(), why=(), scores={})
    metric = Metric(value=0.5, n=2, low=0.0, high=1.0)
    return sample().model_copy(
        update={
            "results": (bad, sound), "tags": {NASTY: metric}, "metrics": {NASTY: metric},
            "machine": {"cpu": NASTY}, "generator": NASTY, "made": NASTY, "files": {NASTY: NASTY},
            "settings": {NASTY: {"deep": NASTY}}, "versions": {NASTY: NASTY}, "index": {"version": NASTY},
            "floors": (Floor(metric=NASTY, floor=0.9, value=0.5),),
            "against": Comparison(
                made=NASTY, index=NASTY, cases=1, metrics={NASTY: Change(before=0.1, after=0.2)},
                newly_failed=(NASTY,), newly_passed=(),
            ),
        }
    )  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, whether they are closed in order, its ids and its text."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("make", [sample, empty])
def test_report_reads_back_equal(make, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "run"
    write_report(make(), folder)
    assert read_report(folder) == make()
    assert sorted(p.name for p in folder.iterdir()) == [
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]


def test_hostile_text_reads_back_equal(tmp_path: Path) -> None:
    write_report(nasty(), tmp_path)
    assert read_report(tmp_path) == nasty()


def test_what_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="report.json cannot be read"):
        read_report(tmp_path)
    for text in ("", "{", "[]", '{"made": 1}', "\xff"):
        (tmp_path / "report.json").write_text(text, encoding="latin-1")
        with pytest.raises(QuestionError, match="is not a report") as raised:
            read_report(tmp_path)
        assert "\n" not in str(raised.value)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="name another folder"):
        write_report(empty(), tmp_path / "file")


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch) -> None:
    write_report(empty(), tmp_path)
    before = (tmp_path / "report.json").read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="disk full"):
        write_report(sample(), tmp_path)
    assert (tmp_path / "report.json").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 4


def test_files_are_reproducible(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_report(sample(), tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("make", [sample, empty, nasty])
def test_page_is_well_formed_and_needs_no_network(make) -> None:
    page = Page(html(make()))
    assert not page.open
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert make is nasty or len(ids) == len(set(ids))
    assert not {"script", "link", "img", "iframe"} & {name for name, _ in page.elements}
    for _, attributes in page.elements:
        for key, value in attributes.items():
            assert key not in {"src", "srcset"} and not key.startswith("on")
            if key == "href":
                assert value and value.startswith("#")
    assert dict(page.elements[0][1]) == {"lang": "zh-CN"}


def test_page_links_lead_to_cases() -> None:
    page = Page(html(sample()))
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = [str(a["href"])[1:] for name, a in page.elements if name == "a"]
    assert len(links) == 4  # of five changed cases one is gone
    assert set(links) <= ids


def test_page_shows_hostile_text_as_text() -> None:
    page = html(nasty())
    assert "<script" not in page and "\x00" not in page and "\x0b" not in page
    assert Page(page).text.count("<script>alert(1)</script>\"]]>&'|$x^2$") > 20


def test_page_says_what_happened() -> None:
    text = re.sub(r"\s+", " ", Page(html(sample())).text)
    for words in (
        "未达到底线：40 题，通过 33 题；3 项底线中 2 项未达到",
        "✗ 未达到", "✓ 达到", "≥ 80.0 %",
        "bge-small-zh", "Qwen 0.5B（GGUF，int8）", "52 期 · 611 篇 · 4280 段",
        "处理器 Xeon · 核数 2 · 内存 8 GiB · system Linux 6.1", "--limit 40", "--tag 园区, 拒答",
        "未通过 7 题", "通过 33 题", "答案缺「苏木」", "云岭科技园什么时候启用？", "证据 2 段",
        "栏目 要闻", "须全部出现",
    ):  # fmt: skip
        assert words in text


def test_retrieval_only_shows_what_was_found() -> None:
    only = result(1, wrong=True).model_copy(update={"answer": None})
    text = Page(html(sample().model_copy(update={"results": (only,), "retrieval_only": True}))).text
    assert "检索结果 1 段" in text and "未用（只测检索）" in text
    assert "--retrieval-only" in text and "--retrieval-only" not in html(sample())


def svg(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def words(root: ElementTree.Element) -> list[str]:
    return [e.text or "" for e in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("draw", [tag_bars, latency_histogram, refusal_curve])
def test_pictures_stand_inside_a_page(draw) -> None:
    assert draw(empty()) == ""
    root = svg(draw(sample()))
    assert root.attrib["viewBox"] and root.attrib["role"] == "img"
    named = {e.attrib["id"]: e for e in root.iter() if "id" in e.attrib}
    assert all(named[i].text for i in root.attrib["aria-labelledby"].split())
    assert not list(root.iter(f"{SVG}style")), "a style sheet would hold for the whole page"
    assert draw(sample()) == draw(sample())
    drawn = draw(sample())
    assert "var(--" in drawn and not re.search(r"#0[1-5]0[1-5]0[1-5]", drawn)
    assert "DejaVu" not in drawn
    for reference in re.findall(r'(?:url\(|href=")#([^)"]+)', drawn):
        assert reference in named


@pytest.mark.filterwarnings("error")
def test_tags_are_drawn_as_text() -> None:
    metric = Metric(value=0.5, n=2, low=0.0, high=1.0)
    tags = {
        "$x^2$": metric,
        "<b>&": metric,
        "#010101": metric,
        "园区": metric,
        "没有": Metric(value=None, n=0),
    }
    found = words(svg(tag_bars(sample().model_copy(update={"tags": tags}))))
    assert [w for w in found if w in tags] == ["$x^2$", "<b>&", "#010101", "园区"]
    assert found.count("50% · 2 题") == 4


def test_a_long_tag_is_cut() -> None:
    tags = {"很" * 40: Metric(value=1.0, n=1)}
    assert "很" * 9 + "…" in words(svg(tag_bars(sample().model_copy(update={"tags": tags}))))


def test_every_stage_that_was_timed_is_drawn() -> None:
    drawn = " ".join(words(svg(latency_histogram(sample()))))
    assert all(stage in drawn for stage in ("检索", "阅读", "核对", "首字", "总计"))
    one = result(1).model_copy(update={"seconds": {"total": 3.0}})
    drawn = " ".join(words(svg(latency_histogram(sample().model_copy(update={"results": (one,)})))))
    assert "总计　中位 3.00 秒" in drawn
    assert "检索" not in drawn and "首字" not in drawn


def test_a_curve_of_one_point() -> None:
    point = CurvePoint(threshold=0.5, precision=0.0, recall=1.0)
    drawn = refusal_curve(sample().model_copy(update={"refusal_curve": (point,)}))
    assert "0.50" in words(svg(drawn))


def test_junit_counts_and_failures() -> None:
    root = ElementTree.fromstring(junit(sample()).encode())
    assert (root.tag, root.attrib["tests"], root.attrib["failures"]) == ("testsuites", "43", "9")
    cases, floors = root.findall("testsuite")
    assert (cases.attrib["tests"], cases.attrib["failures"]) == ("40", "7")
    assert (floors.attrib["name"], floors.attrib["failures"]) == ("floors", "2")
    third = cases.findall("testcase")[3]
    assert third.attrib["name"] == "q003 云岭科技园的园区主任是谁？"
    assert (third.attrib["classname"], third.attrib["time"]) == ("人物", "1.650")
    failure = third.find("failure")
    assert failure is not None and failure.text == "首批入驻企业大约三十家[1]。"
    assert failure.attrib["message"] == "答案缺「苏木」；没有引用写着答案的那一句"


def test_junit_names_the_file_where_a_case_has_no_tag() -> None:
    bare = sample().model_copy(update={"results": (result(1, tags=()),)})
    case = ElementTree.fromstring(junit(bare).encode()).find("testsuite/testcase")
    assert case is not None and case.attrib["classname"] == "parks"


def test_junit_of_hostile_text_parses() -> None:
    root = ElementTree.fromstring(junit(nasty()).encode())
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None and failure.text == NASTY.replace("\x00", "").replace("\x0b", "")


def test_markdown_says_the_verdict_first() -> None:
    lines = markdown(sample()).split("\n")
    assert lines[0] == "**未达到底线：40 题，通过 33 题；3 项底线中 2 项未达到**"
    assert "新失败：q009、q031" in lines
    assert (
        "| q003 | 云岭科技园的园区主任是谁？ | 答案缺「苏木」；没有引用写着答案的那一句 |" in lines
    )
    assert markdown(empty()) == "**0 题，通过 0 题；未设底线**\n"


def test_markdown_tables_hold_hostile_text() -> None:
    tables = [line for line in markdown(nasty()).split("\n") if line.startswith("|")]
    for line in tables:
        assert len(re.findall(r"(?<!\\)\|", line)) in {4, 5, 6}
        assert not re.search(r"(?<!\\)[<>`$]", line)
    assert escape("a|b\nc_d\\") == r"a\|b c\_d\\"


def test_changes_say_which_way_and_whether_that_is_good() -> None:
    told = {row.name: (row.trend, row.change) for row in rows.metric_rows(sample())}
    assert told["passed"] == ("better", "↑ +4.0 个百分点 好转")
    assert told["recall_at_1"] == ("worse", "↓ −4.0 个百分点 变差")
    assert told["total_p50"] == ("worse", "↑ +0.25 秒 变差")
    assert told["mrr_at_10"] == ("same", "＝ 不变")
    assert told["recall_at_3"] == ("none", "")


@pytest.mark.parametrize(
    ("floors", "start"),
    [((), "40 题"), ((0.8,), "达到底线"), ((0.8, 0.9), "未达到底线")],
)
def test_verdict(floors: tuple[float, ...], start: str) -> None:
    asked = tuple(Floor(metric="passed", floor=f, value=0.825) for f in floors)
    assert rows.verdict(sample().model_copy(update={"floors": asked})).startswith(start)


def test_metrics_that_no_case_counts_for_are_named_apart() -> None:
    assert rows.uncounted(sample()) == ["词 F1"]
    assert "词 F1" not in {row.label for row in rows.metric_rows(sample())}
    assert "没有题可计：词 F1。" in html(sample())


def test_a_metric_that_is_not_known_goes_by_its_name() -> None:
    unknown = sample().model_copy(update={"metrics": {"new": Metric(value=0.5, n=2)}})
    assert [(r.label, r.value, r.interval) for r in rows.metric_rows(unknown)] == [
        ("new", "0.500", "")
    ]


def test_seconds_have_the_digits_that_say_something() -> None:
    assert [rows.seconds(v) for v in (0.0, 0.0364, 0.25, 9.5, 12.34)] == [
        "0.000 秒",
        "0.036 秒",
        "0.25 秒",
        "9.50 秒",
        "12.3 秒",
    ]
