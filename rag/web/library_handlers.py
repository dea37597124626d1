"""What the events of the tab 资料库 do."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rag.errors import CorpusError, RagError, StoreError, UnreadableFile
from rag.evaluate.rows import legal
from rag.index.show import status
from rag.index.store import Store
from rag.library import Files, Library, Preview, safe_name
from rag.types import Work
from rag.web import chat_view, library_view, shelf_view, upkeep_view
from rag.web.backend import Backend, Keeper
from rag.web.holdings import Holding, Period, bars, holdings, read_period, said
from rag.web.language import words
from rag.web.markup import NOTHING, Html, tag
from rag.web.reasons import reason, told

logger = logging.getLogger(__name__)

BROKEN = "出了意外，这个文件没有读成；请再选一次，若仍不行请查看服务的日志。"
MOST_WAITING = 20
"""Files of one page that wait for a decision; their bytes are held in memory."""
MOST_LARGEST = 4
"""All of them together are no larger than so many of the largest that is taken."""

Update = dict[str, Any]
"""New values of the tab's parts, by their names."""


@dataclass(slots=True)
class Desk:
    """What one open page remembers of the library.

    waiting: files that were looked at, by their keys. period: the one that is listed, with its
    name. version, seen, work: which index, how many news and which work the page shows; -1:
    none yet. opening: the work that stands in the place of the welcome.
    """

    waiting: dict[int, tuple[Preview, bytes]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    keys: int = 0
    shown: int = library_view.PAGE
    period: tuple[Period, str] | None = None
    version: str = ""
    seen: int = -1
    opening: Work | None = None
    work: Work = field(default_factory=Work)

    def close(self) -> None:
        """The page is gone."""
        self.waiting.clear()


class LibraryHandlers:
    """What the tab's events do. Holds nothing of any session."""

    def __init__(self, assistant: Backend, library: Library | None, keeper: Keeper | None) -> None:
        self.assistant = assistant
        self.library = library
        self.keeper = keeper
        self._held: tuple[str, tuple[Holding, ...]] = ("", ())

    def greet(self, desk: Desk) -> Update:
        """The tab of a page that was just opened."""
        desk.seen = len(self.keeper.news) if self.keeper else 0
        desk.work = self.keeper.work if self.keeper else Work()
        return {**self.redraw(desk), "upkeep": library_view.upkeep(desk.work)}

    def redraw(self, desk: Desk) -> Update:
        """What the index holds, and what it could not read."""
        try:
            manifest = self.assistant.manifest
            desk.version = manifest.version
            files = self._files()
            held = self._holdings(manifest.version)
            collection = library_view.collection(held, desk.shown, desk.period, files)
            keeping = upkeep_view.keeping(manifest.unreadable, files, self._generations())
            return {"collection": Html(legal(collection)), "keeping": keeping}
        except RagError as error:
            # what is being done about it, or why it can't be, stands above
            stated = self.keeper is not None and self.keeper.work != Work()
            return {"collection": NOTHING if stated else chat_view.notice(reason(str(error)))}

    def upload(self, sent: object, desk: Desk) -> Update:
        """Look at a visitor's file, or say in one line why it cannot be taken."""
        given: Mapping[str, object] = sent if isinstance(sent, dict) else {}
        if given.get("first"):
            desk.refused.clear()
        try:
            preview, data = self._looked_at(given, desk)
        except CorpusError as error:
            desk.refused.append(told(error))
        else:
            again = [key for key, (one, _) in desk.waiting.items() if one.name == preview.name]
            for key in again:
                del desk.waiting[key]
            desk.keys += 1
            desk.waiting[desk.keys] = (preview, data)
        return {"shelf": self._shelf(desk), "told": NOTHING}

    def lose(self, desk: Desk) -> Update:
        """A file that could not be looked at because of a bug: the next one is sent for."""
        desk.refused.append(BROKEN)
        return {"shelf": self._shelf(desk)}

    def take(self, key: object, desk: Desk) -> Update:
        """Take a file in. key: as text; anything else stands for all that need no second look."""
        if isinstance(key, str):
            keys = [int(key)] if key.isdecimal() and int(key) in desk.waiting else []
        else:
            keys = [key for key, (preview, _) in desk.waiting.items() if not preview.held]
        taken: list[str] = []
        desk.refused.clear()
        for one in keys:
            preview, data = desk.waiting.pop(one)
            try:
                taken.append(self._open().take(preview.name, data, preview.held == "other"))
            except CorpusError as error:
                desk.refused.append(told(error))
        line = (
            words("已收入 {files}；{then}", files=words("、").join(taken), then=self._next())
            if taken
            else ""
        )
        return {"shelf": self._shelf(desk), "told": _done(line)}

    def discard(self, key: object, desk: Desk) -> Update:
        """Forget a file that waits, or all of them."""
        if not isinstance(key, str):
            desk.waiting.clear()
        elif key.isdecimal():
            desk.waiting.pop(int(key), None)
        desk.refused.clear()
        return {"shelf": self._shelf(desk)}

    def remove(self, source: object, desk: Desk) -> Update:
        """Move a file of the corpus aside."""
        try:
            if not isinstance(source, str):
                raise CorpusError(words("没有指明是哪个文件；请再选一次"))
            self._open().remove(source)
        except CorpusError as error:
            return {"told": chat_view.notice(legal(told(error)))}
        return {
            **self.redraw(desk),
            "told": _done(words("已移走 {source}；{then}", source=source, then=self._next())),
        }

    def list_more(self, desk: Desk) -> Update:
        """List more issues."""
        desk.shown += library_view.PAGE
        return {"collection": self.redraw(desk)["collection"]}

    def choose(self, wanted: object, desk: Desk) -> Update:
        """List the issues of one stretch of time; all where it is none, or chosen already."""
        period = read_period(wanted)
        chosen = desk.period and desk.period[0]
        desk.period = None
        if period is not None and period != chosen:
            unit, _ = bars(self._held[1])
            desk.period = (period, said(period, unit))
        desk.shown = library_view.PAGE
        return {"collection": self.redraw(desk)["collection"]}

    def _looked_at(self, given: Mapping[str, object], desk: Desk) -> tuple[Preview, bytes]:
        library = self._open()
        name, size, data = (given.get(key) for key in ("name", "size", "data"))
        if not isinstance(name, str):
            raise CorpusError(words("没有收到文件；请再选一次"))
        safe = safe_name(name)
        sizes = [len(one) for _, one in desk.waiting.values()]
        too_large = f"larger than {library.largest // 10**6} MB; split it"
        if isinstance(size, int) and size > library.largest:
            raise UnreadableFile(safe, too_large)
        if len(sizes) >= MOST_WAITING or sum(sizes) > (MOST_LARGEST - 1) * library.largest:
            raise CorpusError(
                words("{name} 没有收下：等着收入的文件太多；请先收入或放弃一些", name=safe)
            )
        content = data if isinstance(data, str) else ""
        if len(content) > -(-library.largest // 3) * 4:
            raise UnreadableFile(safe, too_large)
        try:
            raw = base64.b64decode(content, validate=True)
        except ValueError as error:  # the event was not sent by this page
            raise CorpusError(words("{name} 没有传全；请再选一次", name=safe)) from error
        if isinstance(size, int) and size != len(raw):  # such as a folder, which has no bytes
            raise CorpusError(words("{name} 没有传全；请再选一次", name=safe))
        preview = library.preview(name, raw)
        if not preview.issues:
            raise UnreadableFile(safe, preview.unreadable[0].reason)
        return preview, raw

    def _open(self) -> Library:
        if self.library is None:
            raise CorpusError(words("这里的资料库只能看"))
        return self.library

    def _next(self) -> str:
        """What becomes of a change of the corpus."""
        if self.keeper is None:
            return words("运行 rag build 后生效。")
        self.keeper.wake()
        return words("索引正在更新，稍候生效。")

    def _shelf(self, desk: Desk) -> Html:
        waiting = [(key, preview) for key, (preview, _) in desk.waiting.items()]
        return Html(legal(shelf_view.shelf(waiting, desk.refused, secrets.token_hex(4))))

    def _files(self) -> Files | None:
        return self.library.files() if self.library else None

    def _holdings(self, version: str) -> tuple[Holding, ...]:
        """Of a version of the index; read once for all pages."""
        known, held = self._held
        if known != version or not held:
            held = holdings(self.assistant.articles())
            self._held = (version, held)
        return held

    def _generations(self) -> Sequence[Mapping[str, Any]]:
        try:
            facts: Sequence[Mapping[str, Any]]
            facts = status(Store(self.assistant.settings.index))["generations"]
        except StoreError as error:
            logger.info("no generations to show: %s", error)
            return ()
        return facts


def _done(line: str) -> Html:
    return tag("p", line, class_="done", role="status") if line else NOTHING
