"""Questions that an article answers, made from its figures, days, names and places.

A clause is a question once what it tells is taken out: 甲园区2019年动工 becomes
甲园区哪一年动工？ Few clauses will do: one must name what it speaks of and tell one thing, for
a question has to be understood by someone who has not read the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rag.answer import question_forms as forms
from rag.answer.figure_question import figure_question
from rag.answer.figures import Day, Figure, figures
from rag.answer.names import Tagger, names
from rag.ingest.chunk import sentences
from rag.types import Article, Sentence

Kind = Literal["figure", "when", "who", "where"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the words that answer it as they are printed, and where they stand."""

    question: str
    answer: str
    kind: Kind
    sentence: Sentence


_Told = tuple[str, str, Kind]
"""A question, its answer and its kind."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """An article with its names, longest first, and what finds more of them."""

    article: Article
    known: tuple[str, ...]
    tagger: Tagger | None


def questions(article: Article, tagger: Tagger | None) -> Iterator[Asked]:
    """The questions that an article answers, in printed order; one may come more than once.

    tagger: finds persons and places; without it fewer clauses are known to stand alone.
    """
    reading = _read(article, tagger)
    for sentence in sentences(article):
        time, subject = "", ""
        for match in forms.CLAUSE.finditer(sentence.text):
            clause = forms.LEAD.sub("", match.group().strip())
            if not clause:
                continue
            if forms.TIME.fullmatch(clause):
                time = clause
                continue
            whole = _whole(clause, reading)
            own = _subject(whole, reading)
            if not own and subject and forms.INHERITS.match(whole):
                whole, own = f"{subject}{whole}", subject
            for question, answer, kind in _of_clause(whole, time, own, reading):
                if question := _dated(question, article):
                    yield Asked(question, answer, kind, sentence)
            subject = "" if forms.PARTIAL.match(whole, len(own)) else own


def _read(article: Article, tagger: Tagger | None) -> _Reading:
    texts = [article.headline, *(sentence.text for sentence in sentences(article))]
    found = {n for text in texts for n in (*names(text, tagger), *forms.PLACED.findall(text))}
    known = sorted((n for n in found if len(n) > 1), key=lambda n: (-len(n), n))
    return _Reading(article, tuple(known), tagger)


def _whole(clause: str, reading: _Reading) -> str:
    """The clause with 园区 and the like at its beginning written out, if only one is meant."""
    head = forms.HEAD.match(clause)
    if not head:
        return clause
    ending = [n for n in reading.known if n.endswith(head[0]) and n != head[0]]
    ending = [n for n in ending if n in reading.article.headline] or ending
    shortest = [n for n in ending if not any(n != m and n.endswith(m) for m in ending)]
    return shortest[0] + clause[head.end() :] if len(shortest) == 1 else clause


def _subject(clause: str, reading: _Reading) -> str:
    """The name that a clause begins with, or what else the article names there more than once.

    Empty where there is neither.
    """
    if forms.HEAD.match(clause):  # nobody knows which 园区
        return ""
    text, headline = reading.article.text, reading.article.headline
    starts = [clause[:n] for n in range(12, 1, -1) if not figures(clause[:n])]
    named = [n for n in reading.known if clause.startswith(n)] + forms.NATION.findall(clause)
    named += [start for start in starts if start in headline][:1]
    again = [start for start in starts if len(start) > 5 and text.count(start) > 1]
    return max(named or again, key=len, default="")


def _of_clause(clause: str, time: str, subject: str, reading: _Reading) -> Iterator[_Told]:
    """The questions that one clause answers. time: a clause before it that tells a time."""
    yield from _who(clause, reading)
    yield from _where(clause, reading)
    rest = clause[len(subject) :].removeprefix("也")
    clause = re.sub("(?<=报告)说$", "", f"{subject}{rest}")
    if not subject or forms.UNCLEAR.search(clause) or clause.count("“") != clause.count("”"):
        return
    found = figures(clause)
    told = [f for f in found if f.kind in ("number", "percent")]
    days = [f for f in found if f.kind == "date" and (f.start or f.end >= len(subject))]
    if not told and forms.HAPPENS.search(clause):
        yield from _when(clause, time, days)
    if len(told) != 1 or told[0].start < len(subject):
        return
    before = clause[len(subject) : told[0].start]
    question, answer = figure_question(clause, told[0])
    exact = not re.match("[百千万亿]", answer)  # 超千亿元 tells no figure
    if question and exact and forms.TELLS.search(before) and before.count("“") == before.count("”"):
        lead = f"{time}，" if time and not days else ""
        yield (lead + question, answer, "figure")


def _when(clause: str, time: str, days: list[Figure]) -> Iterator[_Told]:
    """When something happened, told in the clause or in a clause of its own before it."""
    if len(days) == 1 and not time and days[0].start > 1:
        day, after = days[0], re.sub(r"^年?[底末初]|^[上中下]旬", "", clause[days[0].end :])
        before = re.sub("(?:早在|[在于])$", "", clause[: day.start])
        if after and not re.search("[从自到至]$|以", before[-1:] + after[:1]):
            yield (f"{before}{_asks(day)}{after}？", day.text, "when")
    told = figures(time)
    if not days and [f.kind for f in told] == ["date"] and not re.match("[从自到至截]", time):
        question = f"{clause}是{_asks(told[0])}？"
        if does := forms.DOES.search(clause, 2):
            # 甲园区成立了投资部: 甲园区是哪一年成立投资部的？
            what = clause[does.end() :].removeprefix("了")
            question = f"{clause[: does.start()]}是{_asks(told[0])}{does[0]}{what}的？"
        yield (question, told[0].text, "when")


def _asks(day: Figure) -> str:
    whole_year = isinstance(day.value, Day) and day.value[1:] == (None, None, "")
    return "哪一年" if whole_year else "什么时候"


def _who(clause: str, reading: _Reading) -> Iterator[_Told]:
    """Who holds a post, and who runs or builds something."""
    if by := forms.BY.match(clause):
        what, who = by["what"], by["who"]
        named = len(what) > 3 or _subject(what, reading)
        if who in reading.known and named and not forms.UNCLEAR.search(what):
            yield (f"{what}由谁{by['does']}？", who, "who")
        return
    found = [*forms.BEFORE.finditer(clause), *forms.AFTER.finditer(clause)]
    persons = reading.tagger(clause) if found and reading.tagger else []
    for match in found:
        said = re.match(rf"[\u4e00-\u9fff]{{2,3}}?(?={forms.SAYS})", match["person"])
        tagged = next((p for p in persons if match["person"].startswith(p)), "")
        person = tagged or (said[0] if said else "")
        post = _whole(match["post"], reading)
        if (
            person
            and (forms.OFFICE.match(post) or _subject(post, reading))
            and not forms.UNCLEAR.search(post)
        ):
            yield (f"{post}是谁？", person, "who")


def _where(clause: str, reading: _Reading) -> Iterator[_Told]:
    """Where something that the article names lies or happens."""
    lies = [
        (m, "位于哪里？") for m in (*forms.LIES.finditer(clause), *forms.LYING.finditer(clause))
    ]
    there = [(m, f"在哪里{m['does']}？") for m in [forms.THERE.match(clause)] if m]
    for match, asks in lies + there:
        what = next((name for name in reading.known if match["what"].startswith(name)), "")
        if there and not lies:
            days = [f for f in figures(match["what"]) if f.kind == "date" and f.start]
            what = match["what"][: days[0].start] if days else match["what"]
            what = what if _subject(what, reading) and not forms.UNCLEAR.search(what) else ""
        if what and not forms.HEAD.fullmatch(what) and not forms.ABSTRACT.search(match["where"]):
            yield (f"{what}{asks}", match["where"], "where")


def _dated(question: str, article: Article) -> str:
    """The question with its year written out, for it may be asked in any; empty if unknown."""
    relative = re.search("|".join(forms.YEARS), question)
    bare = re.search(r"(?<![年\d])(?:\d{1,2}(?:至\d{1,2})?月|[上下]半年|[一二三四]季度)", question)
    if not relative and (not bare or "年" in question[: bare.start()]):
        return question
    if article.date is None:
        return "" if relative else question
    for word, offset in forms.YEARS.items():
        question = question.replace(word, f"{article.date.year + offset}年")
    if relative or bare is None:
        return question
    return f"{question[: bare.start()]}{article.date.year}年{question[bare.start() :]}"
