"""What the generator is asked. Short on purpose: longer instructions measured worse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer.eligible import is_instruction
from rag.ingest.chunk import sentence_ranges
from rag.models.generator import Message
from rag.types import Hit

REFUSAL = "资料中没有找到相关内容。"
"""The one sentence that is shown where the corpus does not hold the answer."""

DOUBT = "把握不大：所引属实，但未必答了这一问。"
"""What is said with an answer that is `doubtful`."""

MODEL_REFUSAL = "资料中没有相关信息"
"""What the generator is told to say then; it also says it in other words."""

_INSTRUCTION = (
    f"只根据给出的资料回答问题，用一两句话直接作答。资料中没有答案时，只回答“{MODEL_REFUSAL}”。"
)
# A refusal speaks of the material, from its first words on. 无法提供担保的企业 is no refusal.
_REFUSING = re.compile(
    r"(?:很抱歉|抱歉|对不起)?[，,]?(?:根据|从|在)?(?:所|已)?(?:给出|提供)?的?"
    r"(?:资料|文中|文章|报道|信息|材料|上述内容|原文)(?:里|中|内容|来看|显示)*[，,]?.{0,8}?"
    r"(?:(?:并)?(?:没有|未|无|不)(?:找到|提到|提及|提供|给出|包含|包括|说明|明确|涉及|足够|相关|具体|说|提)"
    r"|无法(?:回答|确定|得知|判断|提供))"
    r"|(?:没有|未)(?:找到|提到|提及|提供|给出)(?:相关|具体|足够|任何)?.{0,4}(?:信息|内容|资料|答案|数据)"
    r"|无法(?:回答|确定|得知|判断)"
)


def messages(question: str, hits: Sequence[Hit]) -> list[Message]:
    """The prompt for one question over its passages, best first."""
    sources = "\n\n".join(_source(hit) for hit in hits)
    return [
        Message("system", _INSTRUCTION),
        Message("user", f"资料：\n{sources}\n\n问题：{_plain(question)}"),
    ]


def says_nothing_found(text: str) -> bool:
    """Whether the generator refuses, in the words it was given or in its own."""
    return MODEL_REFUSAL in text or bool(_REFUSING.match(text.strip()))


def _source(hit: Hit) -> str:
    headline = f"《{_plain(hit.article.headline)}》\n" if hit.article.headline else ""
    text = hit.passage.text
    for start, end in reversed(sentence_ranges(text)):
        if is_instruction(text[start:end]):
            text = text[:start] + text[end:]
    return headline + _plain(text)


def _plain(text: str) -> str:
    """Corpus and questions are data: take the chat template's control words out of them."""
    return re.sub(r"<\|(?=\w)|(?<=\w)\|>", "｜", text)
