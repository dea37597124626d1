"""The page while there is nothing to ask yet: being opened, without a corpus, or failing."""

from __future__ import annotations

from rag.types import Work
from rag.web.language import composed, words
from rag.web.markup import NOTHING, Html, tag
from rag.web.reasons import holds_nothing, reason


def opening(work: Work) -> Html:
    """What stands in the place of the welcome, by what is being done."""
    if holds_nothing(work.problem):
        return _state(
            words("还没有报纸"),
            words("把报纸文件放进资料文件夹，或在“资料库”里收入；收入后自动读入，这里就能提问了。"),
            tag("button", words("去资料库"), type="button", class_="go", data_show_pane="library"),
        )
    if work.problem:
        why = words("{reason}。改好后会自动再试，不必重启。", reason=reason(work.problem))
        return _state(words("还不能提问"), why)
    return _state(
        words("正在准备"),
        words("第一次打开要解包模型、建立索引，约一分钟；以后只要十来秒。"),
        _step(work),
    )


def _state(head: str, said: str, *more: Html) -> Html:
    return tag(
        "section", tag("h1", head), tag("p", said), *more, class_="welcome opening", role="status"
    )


def _step(work: Work) -> Html:
    if not work.step:
        return NOTHING
    count = f" {work.done} / {work.total}" if work.total else "……"
    bar = tag("progress", value=work.done, max=work.total) if work.total else tag("progress")
    return tag("div", tag("p", f"{composed(work.step)}{count}"), bar, class_="step progress-of-run")
