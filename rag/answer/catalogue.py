"""Questions about the corpus itself, answered from the articles' records and not by the model.

What a question asks for is told by its form: words such as 报道, 稿子, 记者, 登在, 第几版. What is
left of it, once these and its period, reporters and column are taken out, names an article or
a topic, and has to be found in the articles; otherwise the question is about their content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from rag.answer import catalogue_forms as forms
from rag.answer import catalogue_text as text
from rag.answer.align import Support
from rag.answer.catalogue_forms import greeting, topics
from rag.answer.shapes import whole_articles
from rag.retrieve.period import Period, find, plain
from rag.types import Article

__all__ = ["Catalogue", "greeting"]

_MIN_SCORE, _MIN_LEAD, _BODY = 0.5, 0.15, 0.6
_HEADLINE = 4  # characters of a headline from which on it is known for one without 《》


@dataclass(frozen=True, slots=True)
class _Scope:
    """The articles that a question is confined to, how that is said, and what else it says."""

    pool: list[Article]
    said: list[str]
    rest: str
    period: Period | None = None
    by_reporter: bool = False

    @property
    def topics(self) -> list[str]:
        return topics(self.rest)

    def narrowed(self, words: str, said: str, keep: Callable[[Article], bool]) -> _Scope:
        """Confined to some of the pool, without the words that say so."""
        pool = [article for article in self.pool if keep(article)]
        rest = self.rest.replace(words, " ", 1)
        return _Scope(pool, [*self.said, said], rest, self.period, self.by_reporter)


class Catalogue:
    """Answers from the records of an index's articles; names what is to be summed up."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._articles = sorted(articles, key=lambda a: -a.date.toordinal() if a.date else 0)
        self._dates = sorted({article.date for article in articles if article.date})
        self._papers = {text.paper(a) for a in {a.paper: a for a in articles}.values()} - {""}
        self._columns = set(map(plain, {a.column for a in articles})) - {""}
        names = {n for a in articles for n in (*a.reporters, *a.correspondents)}
        self._reporters = {name: plain(name) for name in names if len(name) > 1}

    @cached_property
    def _heads(self) -> dict[str, str]:
        parts = ((a.id, (a.headline, a.kicker, a.deck)) for a in self._articles)
        return {name: plain("\n".join(lines)) for name, lines in parts}

    @cached_property
    def _texts(self) -> dict[str, str]:
        # Of a large index all texts take long to read, and few questions look into them.
        return {a.id: plain(a.text) for a in self._articles}

    def answer(self, question: str) -> list[Support] | None:
        """Sentences from the records, one for each article listed.

        Empty where the records do not hold what is asked (a refusal); None where the question
        is not about the corpus, or names no article for certain.
        """
        asked = plain(question)
        scope = self._scope(asked)
        if forms.UNRECORDED.search(asked):
            bare = forms.EDITOR.search(asked) and not topics(forms.EDITOR.sub(" ", scope.rest))
            return [] if forms.OURS.search(asked) or scope.said or bare else None
        if forms.OTHER.search(asked) and not forms.OURS.search(asked):
            return None
        if forms.is_summary(asked):
            return None
        if not scope.topics and (overview := self._overview(asked, scope)) is not None:
            return overview
        who = bool(forms.WHO.search(asked)) and not scope.by_reporter
        where = bool(forms.WHERE.search(asked))
        if who and not forms.PRINTED.search(asked) and forms.BYLINE.search(asked):
            return self._details(scope, who, where, False) if self._is_headline(scope) else None
        if (who or where) and forms.PRINTED.search(asked):
            return self._details(scope, who, where, "栏目" in asked)
        return self._list(asked, scope)

    def summary_target(self, question: str) -> Article | Sequence[Article] | None:
        """The article to be summed up, or all of an issue's (none: there is no such issue).

        Of two articles to be compared, both.
        """
        if both := whole_articles(question):
            found = [named[0] for name in both if (named := self._named(self._scope(plain(name))))]
            return found if len(set(map(_shared_name, found))) == len(both) else None
        asked = plain(question)
        if not forms.is_summary(asked):
            return None
        scope = self._scope(asked)
        if scope.topics:
            named = self._named(scope)
            return named[0] if named else None
        return scope.pool if scope.said else None

    def _scope(self, asked: str) -> _Scope:
        """Period, column, paper, page and reporters that a question names."""
        scope = _Scope(self._articles, [], asked)
        found = find(asked, self._dates)
        if not found and self._dates and (this := forms.THIS_ISSUE.search(asked)):
            found = Period(max(self._dates), max(self._dates)), *this.span()
        if found:
            period, start, end = found
            scope = _Scope(self._articles, [], asked, period)
            if period.start or period.end:
                scope = scope.narrowed(
                    asked[start:end], text.when(period), lambda a: period.holds(a.date)
                )
        columns = "|".join(re.escape(name) for name in self._columns)
        if column := re.search(forms.column(columns), scope.rest):
            name = column[1] or column[2]
            scope = scope.narrowed(column[0], f"“{name}”栏目", lambda a: plain(a.column) == name)
        for paper in self._papers:
            if paper in scope.rest:
                scope = scope.narrowed(paper, f"《{paper}》", _of_paper(paper))
        if page := forms.PAGE.search(scope.rest):
            scope = scope.narrowed(page[0], f"第{page[1]}版", lambda a: text.page_of(a) == page[1])
        return self._by_reporters(scope)

    def _by_reporters(self, scope: _Scope) -> _Scope:
        names = [name for name, shown in self._reporters.items() if shown in scope.rest]
        if not names:
            return scope
        rest = scope.rest
        for name in names:
            rest = rest.replace(plain(name), " ")
        pool = [a for a in scope.pool if {*a.reporters, *a.correspondents} & {*names}]
        said = [*scope.said, f"{'、'.join(sorted(names, key=scope.rest.find))}采写"]
        return _Scope(pool, said, rest, scope.period, by_reporter=True)

    def _overview(self, asked: str, scope: _Scope) -> list[Support] | None:
        """The issues, columns or reporters; None where none of them is asked for."""
        if forms.DAY_OF_PAPER.search(asked):
            return text.list_issues(scope.pool)
        if forms.ISSUES.search(asked) and (forms.HELD.search(asked) or scope.said):
            return text.list_issues(scope.pool, bool(scope.period and scope.period.newest))
        if forms.COLUMNS.search(scope.rest):
            return text.tally("栏目", [(a, f"“{a.column}”") for a in scope.pool if a.column])
        if forms.PEOPLE.search(asked) and not scope.by_reporter:
            named = [(a, n) for a in scope.pool for n in text.signed(asked, a)]
            return text.tally("通讯员" if text.only_correspondents(asked) else "记者", named)
        return None

    def _details(self, scope: _Scope, who: bool, where: bool, column: bool) -> list[Support] | None:
        """Who wrote an article, and where it stands."""
        if not scope.pool and scope.said:
            return []
        named = self._named(scope) if scope.topics else scope.pool
        if len(set(map(_shared_name, named))) != 1:
            return None
        shown = []
        for article in named[: text.LISTED]:
            parts = [f"由{text.byline(article)}采写" if text.byline(article) else "没有署名"] * who
            parts += [f"登在{text.place_of(article)}"] * (where and bool(text.place_of(article)))
            parts += ["没有标明栏目"] * (column and not article.column)
            said = f"{text.title(article)}{'，'.join(parts)}。"
            shown += [text.cited(article, said, byline=who)] * bool(parts)
        return shown

    def _is_headline(self, scope: _Scope) -> bool:
        """Whether all that a question names stands in one headline: a song has authors, too."""
        words = scope.topics
        hits = self._on(words, scope.pool, anywhere=False) if words else []
        return len(set(map(_shared_name, hits))) == 1 and len("".join(words)) >= _HEADLINE

    def _list(self, asked: str, scope: _Scope) -> list[Support] | None:
        """The articles of a period, a reporter, a column or on a topic."""
        about = forms.ABOUT.search(asked) if scope.period else None
        listed = forms.LIST.search(asked) or (scope.said and forms.CONTENTS.search(asked))
        if not (about or listed) or (forms.PRONOUN.search(scope.rest) and not scope.by_reporter):
            return None
        author = forms.AUTHOR.match(scope.rest.strip())
        if author and not scope.by_reporter and not forms.NO_NAME.search(author[1]):
            known = any(author[1] in body for body in self._texts.values())
            return None if known else []
        if not scope.pool:
            return []
        if about:
            # An issue's articles say by themselves what it reports on.
            held = self._on([about[1]], scope.pool, anywhere=True)
            return text.list_articles(scope.pool, scope.said) if held else None
        if not (words := scope.topics):
            return text.list_articles(scope.pool, scope.said)
        if hits := self._on(words, scope.pool, bool(forms.TOPIC.search(asked))):
            return text.list_articles(hits, [*scope.said, f"有关“{'、'.join(words)}”"])
        return [] if scope.by_reporter else None

    def _on(self, words: list[str], pool: Sequence[Article], anywhere: bool) -> list[Article]:
        """The articles whose headline holds the words or, `anywhere`, whose text does, too.

        A word that a text holds but once is taken for its topic only where none holds it twice.
        """
        for times in (2, 1):
            hits = [
                a
                for a in pool
                if all(w in self._heads[a.id] for w in words)
                or (anywhere and all(self._texts[a.id].count(w) >= times for w in words))
            ]
            if hits or not anywhere:
                return hits
        return []

    def _named(self, scope: _Scope) -> list[Article]:
        """The article that a question names, with its reprints; empty unless it is clear."""
        titles = [plain(title) for title in re.findall("《([^《》]{2,})》", scope.rest)]
        if titles:
            named = [a for a in scope.pool if any(t in self._heads[a.id] for t in titles)]
            return named if len(set(map(_shared_name, named))) == 1 else []
        scores = self._scores(scope.topics, scope.pool)
        best = max(scope.pool, key=lambda a: scores[a.id], default=None)
        if best is None or scores[best.id] < _MIN_SCORE:
            return []
        others = [scores[a.id] for a in scope.pool if _shared_name(a) != _shared_name(best)]
        clear = scores[best.id] - max(others, default=0.0) >= _MIN_LEAD
        return [a for a in scope.pool if _shared_name(a) == _shared_name(best)] if clear else []

    def _scores(self, words: Sequence[str], pool: Sequence[Article]) -> dict[str, float]:
        """The share, by rarity, of the words' terms that an article holds; headlines count more."""
        weights: dict[str, float] = {}
        for word in words:
            terms = forms.terms(word)
            held = [sum(t in self._heads[i] + self._texts[i] for i in self._heads) for t in terms]
            for i, (term, n) in enumerate(zip(terms, held, strict=True)):
                # What straddles two words that are there (新贷 of 创新贷款) is nothing of its own.
                if n or not (0 < i < len(terms) - 1 and held[i - 1] and held[i + 1]):
                    weights[term] = log(1 + len(self._heads) / (n or 0.5))
        total = sum(weights.values()) or 1.0
        return {
            a.id: sum(
                w * (1.0 if t in self._heads[a.id] else _BODY * (t in self._texts[a.id]))
                for t, w in weights.items()
            )
            / total
            for a in pool
        }


def _shared_name(article: Article) -> str:
    """The same for an article and its reprints; an untitled article has none."""
    return article.headline or article.id


def _of_paper(name: str) -> Callable[[Article], bool]:
    return lambda article: text.paper(article) in ("", name)
