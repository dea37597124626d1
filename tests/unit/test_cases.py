"""Files of cases: read, written, refused; and the sample's own cases against the sample corpus."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.answer.numbers import normal_figures
from rag.errors import QuestionError
from rag.evaluate.cases import EXAMPLE, read_cases, write_cases, written_example
from rag.evaluate.record import Case, CaseFilters
from rag.index.words import normalise
from rag.ingest.readers import corpus_files, read_issue
from tests.support.examples import examples
from tests.support.paths import ROOT

SAMPLE = ROOT / "tests" / "qa" / "sample.jsonl"


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(QuestionError) as caught:
        read_cases([path])
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path)).strip(": ")


class TestYaml:
    def test_all_fields(self, tmp_path: Path):
        path = written(
            tmp_path / "a.yaml",
            "- id: a\n  question: 那全市呢？\n  history: [占全省多少？]\n  any_of: [63%]\n"
            "  filters: {since: 2024-09-01, until: 2024年9月30日, column: 短讯}\n"
            "- {id: b, question: 甲？, refuse: true, tags: [x]}\n",
        )
        assert read_cases([path]) == [
            Case(
                id="a",
                question="那全市呢？",
                history=("占全省多少？",),
                any_of=("63%",),
                filters=CaseFilters(since=date(2024, 9, 1), until=date(2024, 9, 30), column="短讯"),
            ),
            Case(id="b", question="甲？", refuse=True, tags=("x",)),
        ]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("- id: a\n  question: 甲？\n\n- id: b\n  qestion: 乙？\n", "line 4: .*question"),
            ("- id: a\n  question: 甲？\n  any_off: [乙]\n", "line 1: .*'any_off'.*mean any_of?"),
            ("- id: a\n  question: 甲？\n  xyz: 1\n", "line 1: .*use id, question, history"),
            ("- {id: a, question: 甲？, filters: {sinse: 2024-01-01}}", "mean filters.since?"),
            ("- {id: a, question: 甲？, filters: {since: soon}}", "filters.since is no day"),
            ("- {id: a, question: 甲？, filters: {since: 2024-02-30}}", "line 1: not YAML.*day"),
            ("- {id: a, question: 甲？, filters: 7月}", "filters is not a mapping"),
            ("- {id: a, question: 甲？, any_of: 乙}", "line 1: any_of is not a list"),
            ("- {id: a, question: 甲？, any_of: [乙, 2017]}", r"any_of\[2\] is not text"),
            ("- {id: a, question: 甲？, any_of: ['  ']}", "any_of holds an empty text"),
            ("- {id: 7, question: 甲？}", "id is not text"),
            ("- {id: a, question: ' '}", "question is empty"),
            ("- {id: a, question: 甲？, refuse: perhaps}", "refuse is neither true nor false"),
            (
                "- {id: a, question: 甲？, refuse: true, any_of: [乙]}",
                "line 1: refuse stands beside",
            ),
            ("- {id: a, question: 甲？}\n- text\n", "line 2: not a mapping"),
            ("- id: a\n  question: 甲？\n  id: b\n", "line 3: 'id' stands twice"),
            ("id: a\nquestion: 甲？\n", "not a list"),
            ("- id: a\n question: 甲？\n", "line 2: not YAML"),
            ("- id: a\n  question: *b\n", "line 2: not YAML"),
            ("- ? [a]\n  : 甲\n", "line 1: not YAML"),
            ("- {1: a}\n", "line 1: "),
            ("- &a [*a]\n", "line 1: not a mapping"),
            ("- {id: a, question: 甲？, tags: &t [*t]}\n", "line 1: "),
            ("- !!python/object/apply:os.getcwd []\n", "line 1: not YAML"),
            ("- {id: a, question: 甲？}\n---\n- {id: b, question: 乙？}\n", "line 2: not YAML"),
            ("[" * 3000, "not YAML"),
            ("# nothing\n", "no case in it"),
            ("[]\n", "no case in it"),
            ("", "the file is empty"),
        ],
    )
    def test_refused(self, text: str, message: str, tmp_path: Path):
        assert re.search(message, refusal(written(tmp_path / "a.yml", text)))


class TestJsonLines:
    def test_blank_lines_and_mark(self, tmp_path: Path):
        text = '\ufeff{"id": "a", "question": " 甲？ "}\n\n{"id": "b", "question": "乙？"}'
        cases = read_cases([written(tmp_path / "a.jsonl", text)])
        assert [case.question for case in cases] == ["甲？", "乙？"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"id": "a", "question": "甲？"}\n\n{', "line 3: not JSON"),
            ("[" * 100_000, "line 1: not JSON"),
            ("[]", "line 1: not a mapping"),
            ('{"id": "a"}', "line 1: question is missing"),
            ('{"id": "a", "question": "\\ud800"}', "line 1: question"),
            ('{"id": "a", "question": "甲？", "answerable": true}', "'answerable' is unknown"),
            ('{"id": "a", "question": "甲？", "a\\nb": 1}', "unknown"),
        ],
    )
    def test_refused(self, text: str, message: str, tmp_path: Path):
        assert re.search(message, refusal(written(tmp_path / "a.jsonl", text)))


class TestCsv:
    HEADER = "id,question,any_of,refuse,filters.since\r\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_encodings(self, encoding: str, tmp_path: Path):
        text = self.HEADER + "a,园区有多少家企业？,15个 | 十五个,,2024/9/1\r\n\r\n"
        (case,) = read_cases([written(tmp_path / "a.csv", text.encode(encoding))])
        assert (case.question, case.any_of) == ("园区有多少家企业？", ("15个", "十五个"))
        assert case.filters.since == date(2024, 9, 1)

    @pytest.mark.parametrize(
        ("cell", "expected"),
        [("TRUE", True), ("1", True), ("是", True), ("false", False), ("0", False), ("否", False)],
    )
    def test_refuse(self, cell: str, expected: bool, tmp_path: Path):
        text = f"id,question,refuse\na,甲？,{cell}\n"
        assert read_cases([written(tmp_path / "a.csv", text)])[0].refuse is expected

    def test_bars_and_backslashes(self, tmp_path: Path):
        text = "id,question,any_of\na,甲？," + r"a\|b|c\\|d\e|f" + "\\\n"
        (case,) = read_cases([written(tmp_path / "a.csv", text)])
        assert case.any_of == ("a|b", "c\\", "d\\e", "f\\")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "id,question,any_off\na,甲？,乙\n",
                "line 1: column 'any_off' is unknown; did you mean any_of",
            ),
            ("id,question,since\na,甲？,2024-09-01\n", "did you mean filters.since"),
            ("id,id,question\na,b,甲？\n", "line 1: column 'id' stands twice"),
            ('id,question\na,"甲\n？"\nb,\n', "line 4: question is missing"),
            ("id,question\na,甲？,乙\n", "line 2: more cells than columns"),
            ('id,question\na,"甲？\n', "not CSV"),
            ("id,question,refuse\na,甲？,maybe\n", "line 2: refuse is 'maybe'"),
            ("id,question,any_of\na,甲？,乙||丙\n", "line 2: any_of holds an empty text"),
            ("id,question\n", "no case in it"),
            (b"\x00\x01\x02id", "a binary file, not text; save it as UTF-8"),
        ],
    )
    def test_refused(self, text: str | bytes, message: str, tmp_path: Path):
        assert message in refusal(written(tmp_path / "a.csv", text))

    def test_spreadsheets_meet_no_formula(self, tmp_path: Path):
        texts = ['=HYPERLINK("x")', "+1", "-1", "@a", "＝1", "'=1", "''=1", "'a", "|=1"]
        cases = [Case(id=f"-{n}", question=t, any_of=(t, t)) for n, t in enumerate(texts)]
        write_cases(cases, tmp_path / "a.csv")
        data = (tmp_path / "a.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            assert not any(cell[0] in "=+-@＝" for cell in row)
        assert read_cases([tmp_path / "a.csv"]) == cases

    def test_control_character(self, tmp_path: Path):
        with pytest.raises(QuestionError, match="row 2: a control character"):
            write_cases([Case(id="a", question="甲\x00")], tmp_path / "a.csv")


class TestFiles:
    def test_id_of_two_files(self, tmp_path: Path):
        a = written(tmp_path / "a.jsonl", '{"id": "x", "question": "甲？"}\n')
        b = written(tmp_path / "b.yaml", "- {id: y, question: 甲？}\n- {id: x, question: 乙？}\n")
        with pytest.raises(QuestionError) as caught:
            read_cases([a, b])
        assert str(caught.value).startswith(f"{b} line 2: id 'x' stands at {a} line 1 too")

    def test_folder(self, tmp_path: Path):
        written(tmp_path / "b.jsonl", '{"id": "b", "question": "乙？"}')
        written(tmp_path / "a.CSV", "id,question\na,甲？\n")
        written(tmp_path / ".c.jsonl", "not read")
        written(tmp_path / "notes.md", "not read")
        (tmp_path / "corpus").mkdir()
        written(tmp_path / "corpus" / "x.jsonl", "not read")
        assert [case.id for case in read_cases([tmp_path])] == ["a", "b"]

    def test_folder_without_cases(self, tmp_path: Path):
        with pytest.raises(QuestionError, match="no case file in"):
            read_cases([tmp_path])

    @pytest.mark.parametrize("name", ["a.yaml", "a.jsonl", "a.csv"])
    def test_no_such_file(self, name: str, tmp_path: Path):
        assert "cannot be read" in refusal(tmp_path / name)

    def test_unknown_form(self, tmp_path: Path):
        assert "unknown form" in refusal(written(tmp_path / "a.json", "[]"))
        with pytest.raises(QuestionError, match="unknown form"):
            write_cases([], tmp_path / "a.json")

    def test_no_such_folder(self, tmp_path: Path):
        with pytest.raises(QuestionError, match="cannot be written"):
            write_cases([], tmp_path / "none" / "a.jsonl")


class TestExample:
    def test_reads(self, tmp_path: Path):
        path = written_example(tmp_path / "cases.yaml")
        cases = read_cases([path])
        used = set().union(*(case.model_fields_set for case in cases))
        assert used == set(Case.model_fields)
        assert any(case.refuse for case in cases)
        assert_fits_the_corpus(cases)
        for field in (*Case.model_fields, *CaseFilters.model_fields):
            assert re.search(rf"\b{field}: ", EXAMPLE), field

    def test_does_not_overwrite(self, tmp_path: Path):
        path = written(tmp_path / "cases.yaml", "mine")
        with pytest.raises(QuestionError, match="is there already"):
            written_example(path)
        assert path.read_text() == "mine"

    def test_ending(self, tmp_path: Path):
        with pytest.raises(QuestionError, match="YAML"):
            written_example(tmp_path / "cases.csv")


characters = st.one_of(
    st.characters(exclude_categories=("Cs", "Cc")), st.sampled_from("\n\t|\\'\"=+-@,:#是1万%")
)
texts = st.text(characters, min_size=1, max_size=12).map(str.strip).filter(bool)
lists = st.lists(texts, max_size=3).map(tuple)
days = st.none() | st.dates(min_value=date(1000, 1, 1))
filters = st.builds(
    CaseFilters,
    since=days,
    until=days,
    paper=texts,
    column=st.just(""),
    reporter=texts,
    issue=texts,
)
answerable = st.fixed_dictionaries(
    {"all_of": lists, "any_of": lists, "articles": lists, "quotes": lists}
)
cases = st.builds(
    lambda expected, fields: Case(**expected, **fields),
    st.just({"refuse": True}) | answerable,
    st.fixed_dictionaries(
        {
            "id": texts,
            "question": texts,
            "history": lists,
            "none_of": lists,
            "tags": lists,
            "filters": st.just(CaseFilters()) | filters,
        }
    ),
)


@pytest.mark.parametrize("suffix", [".yaml", ".jsonl", ".csv"])
@examples(100)
@given(rows=st.lists(cases, min_size=1, max_size=4, unique_by=lambda case: case.id))
def test_round_trip(suffix: str, rows: list[Case]):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        write_cases(rows, path)
        assert read_cases([path]) == rows


@examples(200)
@example(text="0\x850")
@example(text="0\u20280\r\n0\x00")
@given(text=st.text(min_size=1).map(str.strip).filter(bool))
@pytest.mark.parametrize("suffix", [".yaml", ".jsonl"])
def test_round_trip_of_control_characters(suffix: str, text: str):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        write_cases([Case(id="a", question=text)], path)
        assert read_cases([path])[0].question == text


def normal(text: str) -> str:
    return normal_figures(normalise(text))


def corpus_texts() -> dict[str, str]:
    """Headline to all of an article in normal form."""
    return {
        article.headline: normal(f"{article.headline}\n{article.text}")
        for path in corpus_files(ROOT / "corpus")
        for article in read_issue(path, ROOT / "corpus").articles
    }


def assert_fits_the_corpus(cases: list[Case]) -> int:
    """Every pattern is of a headline; what is expected stands in the articles of the patterns."""
    articles = corpus_texts()
    checked = 0
    for case in cases:
        for pattern in case.articles:
            assert any(pattern in headline for headline in articles), (case.id, pattern)
        # What is asked of the catalogue (bylines, pages, dates) stands in no article's text.
        if case.refuse or not case.articles or "corpus" in case.tags:
            continue
        named = [t for h, t in articles.items() if any(p in h for p in case.articles)]
        for text in (*case.all_of, *case.quotes):
            assert any(normal(text) in body for body in named), (case.id, text)
        if case.any_of:
            assert any(normal(t) in body for t in case.any_of for body in named), case.id
        checked += 1
    return checked


class TestSample:
    sample = read_cases([SAMPLE])

    def test_fits_the_corpus(self):
        assert assert_fits_the_corpus(self.sample) > 100

    def test_enough_of_every_shape(self):
        assert len(self.sample) >= 60
        assert sum(case.refuse for case in self.sample) >= 15
        assert {tag for case in self.sample for tag in case.tags} >= set(
            "figure when who what where why list several compare summary corpus time update "
            "followup chat injection unanswerable".split()
        )

    def test_what_expects_nothing_is_talk(self):
        for case in self.sample:
            if not (case.refuse or case.any_of or case.all_of):
                assert "chat" in case.tags, case.id
            assert case.refuse == ("unanswerable" in case.tags), case.id
            assert bool(case.history) == ("followup" in case.tags), case.id

    def test_written_as_it_would_be(self, tmp_path: Path):
        write_cases(self.sample, tmp_path / "a.jsonl")
        assert (tmp_path / "a.jsonl").read_bytes() == SAMPLE.read_bytes()
        assert all("answerable" not in json.loads(line) for line in SAMPLE.open("rb"))
