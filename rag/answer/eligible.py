"""Which sentences of the evidence can answer a question at all.

The ranking (`reading`) is by words, and words alone do not tell one park from another or one
year from the next. What speaks of another subject or another year is no answer however near its
words are; an instruction that someone has planted is no news; a tag such as 他说 says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.answer.align import Source
from rag.answer.figures import Day, figures
from rag.answer.names import Tagger, names, unsupported_names
from rag.index.words import BRACKETED
from rag.types import Article

SHORT = 13
"""A sentence below this length that names and counts nothing is a heading or a tag."""

_EVERYWHERE = frozenset(("中国", "我国", "全国"))
_SAYS = re.compile(r"(?:说|表示|介绍|指出|坦言|透露|感慨)[道：:，。]?[”]?$")
_INSTRUCTION = re.compile(
    r"(?:忽略|无视|忘[记掉]|不要理会)[^。！？]{0,12}(?:指令|指示|提示词|规则|要求|设定)"
    r"|对(?:任何|所有|一切)(?:问题|提问)都?(?:只?回答|回复|答)"
    r"|(?:系统提示|提示词|system prompt|ignore (?:all|any|the|previous))",
    re.IGNORECASE,
)


def is_instruction(sentence: str) -> bool:
    """Whether a sentence speaks to the machine that reads it."""
    return bool(_INSTRUCTION.search(sentence))


def says_nothing(sentence: str) -> bool:
    """Whether a sentence only says that someone speaks."""
    return len(sentence) <= 2 * SHORT and bool(_SAYS.search(sentence))


def eligible(question: str, sources: Sequence[Source], tagger: Tagger | None) -> list[Source]:
    """The sentences that can answer, in their order.

    None of them where all speak of another subject or another year. A rule of form (a sentence
    is a mere tag) counts only where it leaves something.
    """
    left = [source for source in sources if not is_instruction(source[1].text)]
    left = of_the_subject(question, left, tagger)
    left = of_the_year(question, left)
    for good in (
        lambda text: not says_nothing(text),
        lambda text: len(text) >= SHORT or _tells(text, question, tagger),
    ):
        left = _where(good, left) or left
    return left


def of_the_subject(question: str, sources: Sequence[Source], tagger: Tagger | None) -> list[Source]:
    """Those whose article holds the most of the question's names; none where none holds any."""
    asked = subjects(question, tagger)
    if not asked:
        return list(sources)
    articles = {article.id: article for article, _sentence in sources}
    missing = {i: _missing(asked, article) for i, article in articles.items()}
    fewest = min(missing.values(), default=0)
    if fewest >= len(asked):
        return []
    return [source for source in sources if missing[source[0].id] == fewest]


def of_the_year(question: str, sources: Sequence[Source]) -> list[Source]:
    """Those that do not speak of other years alone, of the articles that speak of this one."""
    asked = years(question)
    if not asked:
        return list(sources)

    def holds(source: Source) -> bool:
        article, sentence = source
        told = years(f"{article.headline}\n{article.text}")
        told |= {article.date.year} if article.date else set()
        own = years(sentence.text)
        return bool(asked & told) and (not own or bool(asked & own))

    return [source for source in sources if holds(source)]


def years(text: str) -> set[int]:
    """The years that a text names."""
    return {f.value.year for f in figures(text) if isinstance(f.value, Day) and f.value.year}


def subjects(question: str, tagger: Tagger | None) -> list[str]:
    """The names that an article has to speak of: persons, places and what stands in 《》 or “”.

    Organisations are left to their places: told by their last word alone, 首批实验室 is one.
    """
    found = [a or b for a, b in BRACKETED.findall(question)]
    found += tagger(question) if tagger else []
    return [name for name in dict.fromkeys(found) if name not in _EVERYWHERE]


def _missing(asked: Sequence[str], article: Article) -> int:
    whole = f"{article.kicker}\n{article.headline}\n{article.text}"
    return sum(bool(unsupported_names(f"《{name}》", [whole])) for name in asked)


def _tells(text: str, question: str, tagger: Tagger | None) -> bool:
    """Whether a text names or counts something that the question does not."""
    return bool(re.search(r"\d", text)) or any(name not in question for name in names(text, tagger))


def _where(good: Callable[[str], bool], sources: Sequence[Source]) -> list[Source]:
    return [source for source in sources if good(source[1].text)]
