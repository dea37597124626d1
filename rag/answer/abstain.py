"""Does the corpus hold the answer? One decision, from a logistic model over a few signals.

The coefficients are data: `abstain.json` beside this file holds those that were fitted on
public news questions and on the sample corpus; `rag calibrate` fits others (`calibration`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import exp, log10
from pathlib import Path

import numpy as np

from rag.answer.names import Tagger, unsupported_names
from rag.answer.prompt import says_nothing_found
from rag.answer.reading import Reading
from rag.errors import ConfigError
from rag.retrieve.lexicon import Lexicon, bigrams
from rag.types import Evidence

DEFAULTS = Path(__file__).with_name("abstain.json")


@dataclass(frozen=True, slots=True)
class Signals:
    """What the decision rests on. Shares are by weight, 0 to 1.

    coverage: of the question's words in all passages. first: in the first passage. sentence:
    in the best single sentence. pairs: of its character pairs in the best sentence. strength:
    BM25 of the first passage by the weight of the question's words. cosine: the best of the
    passages. lacking: share of its words that stand nowhere in the article that was read.
    unnamed: number of its names that stand nowhere there. fitting: whether the sentence holds
    the kind of thing asked for. agree: 1 where both readings point to one sentence. drafted:
    share of the draft's own words in that sentence. strange: share of the draft's words that
    stand nowhere in the passages. size: decimal logarithm of the number of passages; among
    many, chance alone comes closer to any question. silent: 1 where the generator found
    nothing.
    """

    coverage: float
    first: float
    sentence: float
    pairs: float
    strength: float
    cosine: float
    lacking: float
    unnamed: float
    fitting: float
    agree: float
    drafted: float
    strange: float
    size: float
    silent: float


NAMES = tuple(field.name for field in fields(Signals))
"""The signals that are weighed. The generator's own refusal is one of them: a small model says
that it found nothing of one answerable question in twelve, where questions are reworded.
"""


def signals(
    evidence: Evidence, draft: str, reading: Reading, lexicon: Lexicon, tagger: Tagger | None
) -> Signals:
    """The signals of one question, its evidence and the generator's draft."""
    question, hits = evidence.question, evidence.hits
    wanted = lexicon.content(question)
    passages = [lexicon.tokens(hit.passage.searchable) for hit in hits]
    held = set[str]().union(*passages)
    weight = sum(map(lexicon.weight, wanted))
    pairs = bigrams(question)
    texts = [candidate.source[1].text for candidate in reading.all]
    drafted = lexicon.content(draft)
    article, _sentence = reading.drafted.source
    whole = f"{article.kicker}\n{article.headline}\n{article.date or ''}\n{article.text}"
    lacking = [word for word in wanted if word not in lexicon.tokens(whole)]
    return Signals(
        coverage=lexicon.share(wanted, held),
        first=lexicon.share(wanted, passages[0]),
        sentence=max(candidate.asked for candidate in reading.all),
        pairs=max(len(pairs & bigrams(text)) for text in texts) / max(1, len(pairs)),
        strength=hits[0].sparse / weight if weight else 0.0,
        cosine=max(hit.dense for hit in hits),
        lacking=len(lacking) / max(1, len(wanted)),
        unnamed=float(len(unsupported_names(question, [whole], "", tagger))),
        fitting=reading.drafted.fitting,
        agree=float(reading.agree),
        drafted=reading.drafted.drafted,
        strange=lexicon.share((word for word in drafted if word not in held), drafted),
        size=log10(lexicon.passages),
        silent=float(says_nothing_found(draft)),
    )


@dataclass(frozen=True, slots=True)
class Abstainer:
    """`probability = 1 / (1 + exp(-(bias + sum(weight * (signal - mean) / scale))))`.

    thresholds: pairs of `Signals.size` and the probability below which a question is refused
    in a corpus of that size, by size; straight lines between, level beyond.
    """

    bias: float
    weights: Mapping[str, float]
    means: Mapping[str, float]
    scales: Mapping[str, float]
    thresholds: Sequence[tuple[float, float]]

    @classmethod
    def load(cls, path: Path = DEFAULTS) -> Abstainer:
        """Raises ConfigError for a file that is not as `save` writes it."""
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            model = cls(**{field.name: row[field.name] for field in fields(cls)})
            if not set(NAMES) == set(model.weights) == set(model.means) == set(model.scales):
                raise ValueError("its signals are not those of this version")
            if not model.thresholds or any(len(pair) != 2 for pair in model.thresholds):
                raise ValueError("its thresholds are not pairs of a size and a probability")
            return model
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{path} cannot be used ({error}); run `rag calibrate` or remove it"
            ) from error

    def save(self, path: Path, **facts: object) -> None:
        """Write the model and, beside it, facts about how it was fitted."""
        text = json.dumps({**asdict(self), **facts}, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")

    def refuses(self, found: Signals) -> bool:
        """The decision: the answer is too unlikely for a corpus of this size."""
        return self.probability(found) < self.threshold(found.size)

    def threshold(self, size: float) -> float:
        """The probability below which a question is refused."""
        sizes, values = zip(*self.thresholds, strict=True)
        return float(np.interp(size, sizes, values))

    def probability(self, found: Signals) -> float:
        """That the corpus holds the answer, 0 to 1."""
        values: dict[str, float] = asdict(found)
        sum_ = self.bias + sum(
            self.weights[name] * (values[name] - self.means[name]) / self.scales[name]
            for name in NAMES
        )
        return 1 / (1 + exp(-max(-50.0, min(50.0, sum_))))
