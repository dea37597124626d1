"""Public question sets to a corpus and cases: CMRC 2018, DRCD and SQuAD; RGB; CRUD-RAG.

squad: `data[].paragraphs[].qas[]`, or CMRC's own list of `context_text` with `qas[].query_text`
(https://github.com/ymcui/cmrc2018, https://github.com/DRCKnowledgeTeam/DRCD). An entry of `data`
becomes one article; a question that is impossible, or has no answer, one to refuse.
rgb: a line is a question with passages that answer it and passages that do not
(https://github.com/chen700564/RGB), `positive` being a list of lists in the `_int` files. A
question without positive passages is one to refuse. `positive_wrong` of the `_fact` files is left
out: passages that say the opposite would make both answers right.
crud: `questanswer_1doc`, `_2docs` and `_3docs` (https://github.com/IAAR-Shanghai/CRUD_RAG), whose
answers are free sentences: see `rag.evaluate.import_answers.told`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rag.errors import QuestionError
from rag.evaluate.cases import file_text, write_cases
from rag.evaluate.import_answers import MARKS, asked, groups, told
from rag.evaluate.record import Case
from rag.ingest.chunk import sentence_ranges
from rag.ingest.readers import name_date, read_issue

Kind = Literal["squad", "rgb", "crud"]

_CRUD_LEAD = re.compile(r"\A\s*(\d{4}-\d\d-\d\d)(?: \d\d:\d\d(?::\d\d)?)?[，, ]*(?:正文[：:])?\s*")
_CRUD_TASKS = ("questanswer_1doc", "questanswer_2docs", "questanswer_3docs")


class Imported(NamedTuple):
    """What was written. refuse: cases to refuse. unchecked: cases whose answer gives no words to
    look for, so that only what they cite is checked.
    """

    articles: int
    cases: int
    refuse: int
    unchecked: int


@dataclass
class _Set:
    """Articles, each text once, and cases whose `articles` are keys of those."""

    keys: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)

    def article(self, text: str, title: str = "", date: str = "") -> str:
        """The key of an article; empty for a text of white space alone."""
        if not text.strip():
            return ""
        if text not in self.keys:
            self.keys[text] = key = str(len(self.keys) + 1)
            row = {"id": key, "title": title, "date": date, "text": text}
            self.rows.append({name: value for name, value in row.items() if value})
        return self.keys[text]

    def case(self, name: str, question: str, **fields: Any) -> None:  # noqa: ANN401
        """A case; an id that is taken gets a number behind it."""
        number, unique = 1, name
        while unique in self.cases:
            number += 1
            unique = f"{name}-{number}"
        self.cases[unique] = Case(id=unique, question=question, **fields)


def import_set(kind: str, files: Sequence[Path], out: Path) -> Imported:
    """Read files of a public set; write `out/corpus/<kind>.jsonl` and `out/cases.jsonl`.

    The cases name articles by their ids, which hold for an index of `out/corpus` as it is.
    Raises QuestionError with file and place for what is not of the set's form, and where `out`
    is not a new or an empty folder.
    """
    readers: dict[str, Callable[[Path, _Set], None]] = {"squad": _squad, "rgb": _rgb, "crud": _crud}
    if kind not in readers:
        raise QuestionError(f"unknown kind of set {kind!r}; use {', '.join(readers)}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise QuestionError(f"{out} is not an empty folder; name a new one")
    found = _Set()
    for path in files:
        before = len(found.cases)
        readers[kind](path, found)
        if len(found.cases) == before:
            raise QuestionError(f"{path}: no question in it; is it a file of kind {kind}?")
    if not found.rows:
        raise QuestionError("no article in these files; give files of the set")
    corpus = out / "corpus"
    path = corpus / f"{kind}.jsonl"
    try:
        corpus.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in found.rows)
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise QuestionError(f"{out} cannot be written ({error.strerror}); check it") from error
    articles = read_issue(path, corpus).articles
    ids = {row["id"]: article.id for row, article in zip(found.rows, articles, strict=True)}
    cases = [_with_ids(case, ids) for case in found.cases.values()]
    write_cases(cases, out / "cases.jsonl")
    refuse = sum(case.refuse for case in cases)
    checked = sum(bool(case.all_of or case.any_of) for case in cases)
    return Imported(len(articles), len(cases), refuse, len(cases) - refuse - checked)


def _with_ids(case: Case, ids: Mapping[str, str]) -> Case:
    keys = dict.fromkeys(filter(None, case.articles))
    return case.model_copy(update={"articles": tuple(ids[key] for key in keys)})


def _squad(path: Path, found: _Set) -> None:
    whole = _json(file_text(path), str(path))
    flat = isinstance(whole, list)
    name = "question list" if flat else "data"
    entries = whole if flat else _get(whole, "data", list, str(path))
    for number, entry in enumerate(entries):
        place = f"{path} {name}[{number}]"
        parts = [entry] if flat else _get(entry, "paragraphs", list, place)
        context = "context_text" if flat else "context"
        texts = [_get(part, context, str, f"{place} part {i}") for i, part in enumerate(parts)]
        title = entry.get("title")
        key = found.article("\n".join(texts), title if isinstance(title, str) else "")
        for part, text in zip(parts, texts, strict=True):
            for i, qa in enumerate(_get(part, "qas", list, place)):
                _squad_question(qa, text, key, f"{place} qas[{i}]", found)


def _squad_question(qa: object, text: str, key: str, place: str, found: _Set) -> None:
    flat = isinstance(qa, dict) and "query_text" in qa
    question = _get(qa, "query_text" if flat else "question", str, place)
    name = _get(qa, "query_id" if flat else "id", (str, int), place)
    answers = [] if _optional(qa, "is_impossible") else _get(qa, "answers", list, place)
    texts: list[str] = []
    quote = ""
    for answer in answers:
        given = _answer(answer, place)
        start = _optional(answer, "answer_start")
        if not isinstance(start, int) or text[start : start + len(given)] != given:
            start = text.find(given)  # some of CMRC's are off by a few characters
        quote = quote or _sentence(text, start)
        if start >= 0 or not isinstance(answer, float):
            texts.append(given.strip(MARKS))
    texts = list(dict.fromkeys(filter(None, texts)))
    if answers and not texts:
        raise QuestionError(f"{place}: no answer is a text of the article; mend or remove it")
    if texts:
        quotes = (quote,) if quote else ()
        fields = {"any_of": texts, "articles": (key,), "quotes": quotes, "tags": ("squad",)}
        found.case(str(name), question, **fields)
    else:
        found.case(str(name), question, refuse=True, tags=("squad", "unanswerable"))


def _answer(answer: object, place: str) -> str:
    """The text of an answer. Some of CMRC's were made numbers by a spreadsheet: 2008.0 was 2008,
    and 39764.0 a day, which stands nowhere in the article.
    """
    if isinstance(answer, float):
        return str(int(answer) if answer.is_integer() else answer)
    return answer if isinstance(answer, str) else str(_get(answer, "text", str, place))


def _sentence(text: str, position: int) -> str:
    """The sentence at a position; empty for none."""
    ranges = sentence_ranges(text) if position >= 0 else []
    return next((text[start:end] for start, end in ranges if start <= position < end), "")


def _rgb(path: Path, found: _Set) -> None:
    for number, line in enumerate(file_text(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path} line {number}"
        row = _json(line, place)
        question = _get(row, "query", str, place)
        name = f"{path.stem}-{_get(row, 'id', (str, int), place)}"
        positive = list(_passages(_get(row, "positive", list, place), place))
        negative = list(_passages(_get(row, "negative", list, place), place))
        keys = [found.article(text) for text in positive]
        for text in negative:
            found.article(text)
        tags = ("rgb", path.stem)
        if any(keys):
            answer = groups(_get(row, "answer", (str, list), place), place)
            found.case(name, question, articles=keys, tags=tags, **asked(answer, positive))
        else:
            found.case(name, question, refuse=True, tags=(*tags, "unanswerable"))


def _passages(given: Sequence[object], place: str) -> Iterator[str]:
    for item in given:
        if isinstance(item, list):
            yield from _passages(item, place)
        elif isinstance(item, str):
            yield item
        else:
            raise QuestionError(f"{place}: a passage is not text; is it a file of RGB?")


def _crud(path: Path, found: _Set) -> None:
    whole = _json(file_text(path), str(path))
    for task in _CRUD_TASKS:
        if _optional(whole, task) is None:
            continue
        for number, row in enumerate(_get(whole, task, list, str(path))):
            place = f"{path} {task}[{number}]"
            question = _get(row, "questions", str, place)
            answer = _get(row, "answers", str, place)
            name = f"{task.removeprefix('questanswer_')}-{_get(row, 'ID', (str, int), place)}"
            news = [
                _get(row, f"news{i}", str, place) for i in (1, 2, 3) if _optional(row, f"news{i}")
            ]
            if not news:
                raise QuestionError(f"{place}: news1 is missing; give CRUD-RAG's split_merged.json")
            keys = [_crud_article(text, found) for text in news]
            tags = ("crud", task.removeprefix("questanswer_"))
            found.case(name, question, articles=keys, tags=tags, **told(question, answer, news))


def _crud_article(text: str, found: _Set) -> str:
    """The texts begin with day and time, as `2023-08-17 08:53:08，正文：`."""
    lead = _CRUD_LEAD.match(text)
    if lead and name_date(lead.group(1)):
        return found.article(text[lead.end() :], date=lead.group(1))
    return found.article(text)


def _json(text: str, place: str) -> Any:  # noqa: ANN401
    try:
        whole = json.loads(text)
        if "\\ud" in text.lower():  # halves of characters cannot be written as UTF-8
            written = json.dumps(whole, ensure_ascii=False)
            whole = json.loads(written.encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"{place}: not JSON; give the set's file as it is published") from error
    return whole


def _get(row: object, name: str, kind: type | tuple[type, ...], place: str) -> Any:  # noqa: ANN401
    """A field that must be there; a text must have more than white space."""
    value = _optional(row, name)
    if not isinstance(value, kind) or (isinstance(value, str) and not value.strip()):
        problem = "is missing" if value in (None, "") else "is of another kind"
        raise QuestionError(f"{place}: {name} {problem}; give the set's file as it is published")
    return value


def _optional(row: object, name: str) -> Any:  # noqa: ANN401
    return row.get(name) if isinstance(row, dict) else None
