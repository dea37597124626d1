"""The panes of the page, one of which is shown, and the tabs in the masthead that choose it.

A further pane takes two lines: its tab here, and in `build_page` a part with the same id and
the class `pane`.
"""

from __future__ import annotations

from rag.web.language import words
from rag.web.markup import Html, tag

PANE = "pane"
TABS = (("main", "问答"), ("library", "资料库"), ("evaluation", "评测"))
"""The id of each pane, and what its tab says; the first is shown when the page opens."""


def tabs() -> Html:
    """The tabs as WAI-ARIA has them; `tabs.js` keeps them true to what is shown."""
    first, _ = TABS[0]
    buttons = [
        tag(
            "button",
            words(label),
            type="button",
            role="tab",
            id=f"tab-{pane}",
            data_pane=pane,
            aria_controls=pane,
            aria_selected=str(pane == first).lower(),
            tabindex=0 if pane == first else -1,
        )
        for pane, label in TABS
    ]
    return tag("div", *buttons, class_="tabs", role="tablist", aria_label=words("页面"))
