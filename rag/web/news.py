"""News in every open page: what came into the index, and what is being done to it.

A page asks every other second. Most often nothing has changed, and nothing is sent.
"""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.web import article_view, chat_view, library_view, upkeep_view
from rag.web.backend import Backend, Keeper
from rag.web.conversation import Conversation
from rag.web.library_handlers import Desk, Update
from rag.web.library_tab import LibraryTab
from rag.web.markup import NOTHING
from rag.web.opening_view import opening
from rag.web.theme import asset, part

logger = logging.getLogger(__name__)

SECONDS = 2.0


def add_news(
    assistant: Backend,
    keeper: Keeper | None,
    parts: dict[str, Any],
    session: gr.State,
    tab: LibraryTab,
) -> None:
    """Have the page that is open ask for news, where there is someone to tell them.

    parts: the page's own, of which `head`, `past` (a welcome) and `panel` (the list of articles)
    say what the index holds, and `notice` that it could not be asked.
    session: holds the `Conversation`.
    """
    if keeper is None:
        return
    news = part("news", script=asset("news.js"))
    drawn = {
        "news": news,
        **{name: parts[name] for name in ("head", "past", "panel", "notice")},
        **tab.parts,
    }

    def look(desk: Desk, conversation: Conversation) -> Any:  # noqa: ANN401  # gradio's updates
        update = changes(assistant, keeper, tab, desk, conversation)
        return {drawn[name]: value for name, value in update.items()} or gr.skip()

    timer = gr.Timer(SECONDS)
    timer.tick(
        look,
        [tab.desk, session],
        list(drawn.values()),
        queue=False,
        show_progress="hidden",
        show_progress_on=timer,  # which is not drawn: no part shows that it asks
        api_visibility="private",
    )


def changes(
    assistant: Backend, keeper: Keeper, tab: LibraryTab, desk: Desk, conversation: Conversation
) -> Update:
    """What a page has to draw anew, by the names of its parts; empty where it is up to date."""
    update: Update = {}
    if (work := keeper.work) != desk.work:
        desk.work = work
        update["upkeep"] = library_view.upkeep(work)
    news = keeper.news
    try:
        manifest = assistant.manifest
        if manifest.version != desk.version:
            update["head"] = chat_view.masthead(manifest)
            if not desk.version:  # nothing could be read in the panel until now
                update["panel"] = article_view.library_view(assistant.articles(), manifest.version)
            if conversation.empty:
                update["past"] = chat_view.welcome(manifest, assistant.examples())
                update["notice"] = NOTHING  # that it could not be asked yet
            update.update(tab.handlers.redraw(desk))
            if "told" in tab.parts:
                update["told"] = NOTHING  # that a change is on its way
    except RagError as error:
        logger.debug("nothing to ask yet: %s", error)
        if desk.opening != work and conversation.empty:
            desk.opening = work
            update["past"] = opening(work)
    if len(news) != desk.seen:
        if desk.seen >= 0:
            update["news"] = upkeep_view.toast(news[desk.seen :], len(news))
        desk.seen = len(news)
    if not conversation.empty:  # something was asked meanwhile
        for name in ("past", "notice"):
            update.pop(name, None)
    return update
