"""Cases on the tiny corpus: one that is right, one to refuse, one that is wrong."""

from __future__ import annotations

from rag.evaluate.record import Case

ACRES = Case(
    id="acres",
    question="中试基地占地多少亩？",
    any_of=("120亩",),
    articles=("白沙高新区",),
    tags=("figure",),
)
WEATHER = Case(id="weather", question="明天的天气怎么样？", refuse=True, tags=("refuse",))
WRONG = ACRES.model_copy(update={"id": "wrong", "any_of": ("999亩",)})
