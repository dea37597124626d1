"""How the page looks: Gradio's theme in the page's own colours, and the files beside it.

Fonts come from the reader's system only; nothing is fetched from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import gradio as gr
from gradio.context import Context

from rag.web.language import NAMES, marked, speaking
from rag.web.markup import NOTHING, Html

SANS = ("PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "sans-serif")
STYLES = (
    "page.css",
    "filters.css",
    "library.css",
    "reading.css",
    "answer.css",
    "conversations.css",
    "settings.css",
)
SCRIPTS = ("words.js", "connection.js", "reading.js", "card.js", "shortcuts.js")
MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")


def asset(name: str) -> str:
    """The text of a file in `static/`."""
    return (resources.files("rag.web") / "static" / name).read_text("utf-8")


def head() -> str:
    """What goes into the page's head: styles, and scripts of the whole.

    Gradio rewrites style sheets that it is given as `css`; one in the head stays as written.
    """
    styles = "\n".join(map(asset, STYLES))
    scripts = "\n".join(map(asset, SCRIPTS))
    return f"<style>{styles}</style><script>{scripts}</script>"


def part(name: str, draw: Callable[[], Html] | None = None, script: str | None = None) -> gr.HTML:
    """A part of the page that is drawn by us, added to the Blocks that is open.

    name: its id; script: run when it appears; draw: what it shows from the start. That is drawn
    in each language, and Gradio's i18n chooses: the page is made once, for all visitors. What a
    handler draws later is in the language of its visitor. Where the Blocks has no i18n it is
    empty until then.
    """
    value: str = NOTHING
    known = Context.root_block.i18n_instance if Context.root_block is not None else None
    if draw is not None and known is not None:
        value = marked(f"part {name}")
        for language in NAMES:
            with speaking(language):
                known.translations[language][f"part {name}"] = draw()
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False)


def theme() -> gr.themes.Base:
    """Gradio's own parts in the page's colours, which `page.css` defines for light and dark."""
    return gr.themes.Base(font=SANS, font_mono=MONO).set(
        body_background_fill="var(--paper, #faf8f4)",
        body_background_fill_dark="var(--paper, #171614)",
        body_text_color="var(--ink)",
        body_text_color_dark="var(--ink)",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_padding="0",
        block_shadow="none",
        block_shadow_dark="none",
        block_radius="0",
        input_background_fill="var(--sheet)",
        input_background_fill_dark="var(--sheet)",
        input_background_fill_focus="var(--sheet)",
        input_background_fill_focus_dark="var(--sheet)",
        input_border_color="var(--rule)",
        input_border_color_dark="var(--rule)",
        input_border_color_focus="var(--accent)",
        input_border_color_focus_dark="var(--accent)",
        input_placeholder_color="var(--quiet)",
        input_placeholder_color_dark="var(--quiet)",
        button_primary_background_fill="var(--accent)",
        button_primary_background_fill_dark="var(--accent)",
        button_primary_background_fill_hover="var(--accent-strong)",
        button_primary_background_fill_hover_dark="var(--accent-strong)",
        button_primary_text_color="var(--on-accent)",
        button_primary_text_color_dark="var(--on-accent)",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_border_color="var(--rule)",
        button_secondary_border_color_dark="var(--rule)",
        button_secondary_text_color="var(--ink)",
        button_secondary_text_color_dark="var(--ink)",
    )
