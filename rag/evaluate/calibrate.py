"""Fit the decision to refuse on labelled questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from rag.answer.abstain import NAMES, Abstainer, Signals
from rag.answer.assistant import Assistant
from rag.errors import ConfigError
from rag.evaluate.record import Case
from rag.progress import Progress

Reals = NDArray[np.float64]
Labels = NDArray[np.bool_]

COST = 1.6
"""What refusing an answerable question costs, where answering an unanswerable one costs 1 (in
shares of either kind). The reader sees the quotation, and can tell that it does not answer."""
REGULARISATION = 0.05
"""scikit-learn's C. Strong: there are few questions, and many signals say nearly the same."""
FOLDS, REPEATS = 5, 10
ABOUT = 0.02
"""Costs that differ by less are about the same."""


@dataclass(frozen=True, slots=True)
class Refusals:
    """How well refusing went: of the refused, the rightly refused; of those to refuse, the
    refused; and the answerable refused by mistake. Shares, 0 to 1.
    """

    precision: float
    recall: float
    false: float


def measure(
    assistant: Assistant, cases: Sequence[Case], progress: Progress
) -> tuple[list[Signals], list[bool]]:
    """The signals of every question that has evidence at all, and whether it is answerable."""
    found: list[Signals] = []
    answerable: list[bool] = []
    with progress.task("测量问题", len(cases)) as advance:
        for case in cases:
            signals = assistant.signals(case.question, case.history)
            if signals is not None:
                found.append(signals)
                answerable.append(not case.refuse)
            advance(1)
    return found, answerable


def fit(found: Sequence[Signals], answerable: Sequence[bool]) -> tuple[Abstainer, Refusals]:
    """The model, and how it does on questions that it was not fitted on.

    Each corpus (told by its size) and each kind of question weighs the same, however many
    there are of it. The threshold of a corpus is where the cost is least, told by models that
    did not see the question (five folds). Raises ConfigError with fewer than two questions of
    either kind for a corpus.
    """
    labels = np.array(answerable, dtype=bool)
    matrix = np.array([[asdict(row)[name] for name in NAMES] for row in found]).reshape(
        -1, len(NAMES)
    )
    sizes = np.round(matrix[:, NAMES.index("size")], 2)
    kinds = np.array([f"{size} {label}" for size, label in zip(sizes, labels, strict=True)])
    fewest = min(
        (int((kinds == f"{s} {k}").sum()) for s in sizes for k in (True, False)), default=0
    )
    if fewest < 2:
        raise ConfigError(
            "calibration needs answerable and unanswerable questions, two of each; add some"
        )
    means, scales = matrix.mean(axis=0), matrix.std(axis=0)
    scales[scales < 1e-6] = 1
    scaled = (matrix - means) / scales
    unseen = _unseen(scaled, labels, kinds, min(FOLDS, fewest))
    thresholds = [
        (float(size), _cheapest(unseen[sizes == size], labels[sizes == size]))
        for size in np.unique(sizes)
    ]
    weights, bias = _logistic(scaled, labels, kinds)
    model = Abstainer(
        round(bias, 4), _named(weights), _named(means), _named(scales), tuple(thresholds)
    )
    limits = np.array([model.threshold(size) for size in sizes])
    return model, rates(unseen < limits, labels)


def rates(refused: Labels, answerable: Labels) -> Refusals:
    """Precision, recall and false refusals of a decision, bool [n], on labels, bool [n]."""
    right, wrong = refused & ~answerable, refused & answerable
    return Refusals(
        float(right.sum() / refused.sum()) if refused.any() else 1.0,
        float(right.sum() / (~answerable).sum()) if not answerable.all() else 1.0,
        float(wrong.sum() / answerable.sum()) if answerable.any() else 0.0,
    )


def _logistic(rows: Reals, labels: Labels, kinds: NDArray[np.str_]) -> tuple[Reals, float]:
    """Weights [d] and bias over rows [n, d]."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.utils.class_weight import compute_sample_weight

    balance = compute_sample_weight("balanced", kinds)
    model = LogisticRegression(C=REGULARISATION).fit(rows, labels, balance)
    return model.coef_[0], float(model.intercept_[0])


def _unseen(rows: Reals, labels: Labels, kinds: NDArray[np.str_], folds: int) -> Reals:
    """Of each question, the probability by models that were fitted without it, on average."""
    from sklearn.model_selection import RepeatedStratifiedKFold

    found = np.zeros(len(labels))
    splits = RepeatedStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=0)
    for train, test in splits.split(rows, kinds):
        weights, bias = _logistic(rows[train], labels[train], kinds[train])
        found[test] += 1 / (1 + np.exp(-(rows[test] @ weights + bias))) / REPEATS
    return found


def _cheapest(probabilities: Reals, answerable: Labels) -> float:
    """The threshold at which mistakes cost least, rounded down to four digits.

    Few questions make a ragged curve: the middle of what costs about as little is taken.
    """

    def cost(threshold: float) -> float:
        found = rates(probabilities < threshold, answerable)
        return COST * found.false + 1 - found.recall

    tried = np.unique(probabilities)
    costs = np.array([cost(threshold) for threshold in tried])
    good = tried[costs <= costs.min() + ABOUT]
    return floor(float(good.min() + good.max()) / 2 * 1e4) / 1e4


def _named(values: Sequence[float] | Reals) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(NAMES, values, strict=True)}
