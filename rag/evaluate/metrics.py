"""What one case scores: retrieval, the answer, its citations, and why it did not pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.evaluate.record import Case, Found
from rag.evaluate.text_metrics import (
    character_f1,
    figure_support,
    holds,
    holds_any,
    normal,
    references,
    rouge_l,
    word_f1,
)

DEPTHS = (1, 3, 10)
"""How many of the first are looked at."""


def score_case(
    case: Case, answer: Mapping[str, Any] | None, found: Sequence[Found]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The case's own scores, those that apply, and why it did not pass, a Chinese line each.

    answer: as `rag.answer.export.answer_to_dict` gives it; None where only retrieval ran: the
    case then passes if one of its articles (where it names none, a passage that holds the
    answer) is among the first ten.
    """
    scores = retrieval_scores(case, found)
    if answer is None:
        return scores, _not_found(case, scores)
    scores |= answer_scores(case, answer)
    return scores, _faults(case, answer)


def matches(pattern: str, article_id: str, headline: str) -> bool:
    """Whether a pattern means the article: it is its id, or a part of its headline."""
    part = normal(pattern)
    return pattern == article_id or (bool(part) and part in normal(headline))


def retrieval_scores(case: Case, found: Sequence[Found]) -> dict[str, float]:
    """Recall, MRR and nDCG over the ranked articles, and whether the answer was found.

    An article takes the rank of its first passage among the articles, and each of the case's
    patterns is one relevant article, found once: another print of it earns nothing more.
    `answer_in_top_k` counts passages. Nothing applies to a case that is to be refused.
    """
    scores: dict[str, float] = {}
    if case.articles:
        scores |= _ranking(case.articles, _ranked(case.articles, found))
    demands = _demands(case)
    if demands:
        for k in DEPTHS:
            held = any(_holds_answer(case, passage.text) for passage in found[:k])
            scores[f"answer_in_top_{k}"] = float(held)
    return scores


def answer_scores(case: Case, answer: Mapping[str, Any]) -> dict[str, float]:
    """Right words, likeness to them, citations, figures; a refused answer has no words."""
    total, wrong = figure_support(answer)
    scores = {"figures_supported": 1 - len(wrong) / total} if total else {}
    if case.refuse:
        return scores
    said = "" if answer["refused"] else answer["answer"]
    if case.all_of or case.any_of or case.none_of:
        scores["answer_match"] = float(bool(said) and not _wrong_words(case, said))
    if expected := references(case):
        scores["character_f1"] = character_f1(said, expected)
        scores["word_f1"] = word_f1(said, expected)
        scores["rouge_l"] = rouge_l(said, expected)
    return scores | _citation_scores(case, answer["citations"])


def _ranked(patterns: Sequence[str], found: Sequence[Found]) -> list[str]:
    """The found articles in order, each once: as the pattern that it meets, or as itself."""
    left, ranked = list(patterns), []
    for article_id, headline in dict.fromkeys((f.article_id, f.headline) for f in found):
        met = next((p for p in left if matches(p, article_id, headline)), None)
        if met is not None:
            left.remove(met)
        ranked.append(f"found {article_id}" if met is None else f"expected {met}")
    return ranked


def _ranking(patterns: Sequence[str], ranked: Sequence[str]) -> dict[str, float]:
    """Computed by trec_eval."""
    import ir_measures
    from ir_measures import RR, R, nDCG

    measures = {f"recall_at_{k}": R @ k for k in DEPTHS}
    measures |= {"mrr_at_10": RR @ 10, "ndcg_at_10": nDCG @ 10}
    relevant = [ir_measures.Qrel("case", f"expected {pattern}", 1) for pattern in patterns]
    run = [ir_measures.ScoredDoc("case", doc, -float(rank)) for rank, doc in enumerate(ranked)]
    values = ir_measures.calc_aggregate(measures.values(), relevant, run)
    return {name: float(values[measure]) for name, measure in measures.items()}


def _demands(case: Case) -> list[tuple[str, ...]]:
    """What a citing sentence may hold: groups of words, of each group one."""
    if case.quotes:
        return [(words,) for words in case.quotes]
    return [(words,) for words in case.all_of] + ([case.any_of] if case.any_of else [])


def _holds_answer(case: Case, text: str) -> bool:
    """Whether one text holds one of the quotes; without quotes, all that is asked for."""
    if case.quotes:
        return holds_any(text, case.quotes)
    return all(holds_any(text, group) for group in _demands(case))


def _citation_scores(case: Case, citations: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Precision only where something is cited."""
    scores: dict[str, float] = {}
    if case.articles:
        cited = list(dict.fromkeys((c["article_id"], c["headline"]) for c in citations))
        right = [any(matches(p, *article) for p in case.articles) for article in cited]
        met = [any(matches(p, *article) for article in cited) for p in case.articles]
        scores |= _precision_recall("article", right, met)
    if demands := _demands(case):
        words = [text for group in demands for text in group]
        quotes = [c["quote"] for c in citations]
        right = [holds_any(quote, words) for quote in quotes]
        met = [any(holds_any(quote, group) for quote in quotes) for group in demands]
        scores |= _precision_recall("sentence", right, met)
    return scores


def _precision_recall(level: str, right: Sequence[bool], met: Sequence[bool]) -> dict[str, float]:
    precision = {f"citation_precision_{level}": sum(right) / len(right)} if right else {}
    return precision | {f"citation_recall_{level}": sum(met) / len(met)}


def _not_found(case: Case, scores: Mapping[str, float]) -> tuple[str, ...]:
    name = "recall_at_10" if case.articles else "answer_in_top_10"
    if scores.get(name, 1.0) > 0:
        return ()
    wanted = case.articles or tuple(text for group in _demands(case) for text in group)
    return (_line("前十条中未找到", wanted),)


def _faults(case: Case, answer: Mapping[str, Any]) -> tuple[str, ...]:
    if answer["refused"]:
        return () if case.refuse else ("误拒",)
    why = ["应拒答，却作答"] if case.refuse else []
    why += _wrong_words(case, answer["answer"])
    cited = {(c["article_id"], c["headline"]) for c in answer["citations"]}
    if case.articles and not any(matches(p, *a) for p in case.articles for a in cited):
        why.append(_line("未引用", case.articles))
    _total, wrong = figure_support(answer)
    if wrong:
        why.append(_line("有数字不在引文中", wrong))
    return tuple(why)


def _wrong_words(case: Case, said: str) -> list[str]:
    missing = [words for words in case.all_of if not holds(said, words)]
    unwanted = [words for words in case.none_of if holds(said, words)]
    why = [_line("缺少", missing)] if missing else []
    if case.any_of and not holds_any(said, case.any_of):
        why.append(_line("缺少" if len(case.any_of) == 1 else "缺少其一", case.any_of))
    return why + ([_line("不应出现", unwanted)] if unwanted else [])


def _line(fault: str, texts: Sequence[str]) -> str:
    return f"{fault}：{'、'.join(' '.join(text.split()) for text in texts)}"
