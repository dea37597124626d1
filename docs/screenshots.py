"""Pictures of the page in its states, with the real models over the sample issues.

    python docs/screenshots.py [--out docs/screens]

Needs Chromium and what `make test` installs. Nothing is asked of any other machine.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from rag.config import Settings, load_settings
from rag.library import Library
from rag.users import Users
from rag.web.server import PageServer, listen
from rag.wiring import open_living

SAMPLES = Path(__file__).parent.parent / "corpus"
DESK = ViewportSize(width=1360, height=850)
PHONE = ViewportSize(width=390, height=844)
FIRST, FOLLOW, REFUSED = (
    "苏州工业园区累计有多少个算法通过备案？",
    "占全省多少？",
    "海淀的咖啡馆周末几点关门？",
)
MINUTES = 3 * 60_000
ARRIVING = """# 云岭科技园迎来首批企业

◎本报记者 甘棠

云岭科技园4月启用，首批入驻企业32家，总投资约18亿元。
"""


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of a chat of its own, not opened yet."""
    live, upkeep = open_living(settings, print)
    bound = listen("127.0.0.1", 0)
    server = PageServer(live, upkeep, Library(settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    upkeep.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        while upkeep.work.step:  # models that are being opened do not outlive the interpreter
            time.sleep(0.2)
        upkeep.close()
        server.should_exit = True
        thread.join(30)


def ask(page: Page, question: str) -> None:
    """Until it is answered."""
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator("#live .turn")
    expect(turn.locator(".question")).to_have_text(question, timeout=MINUTES)
    expect(page.get_by_role("button", name="提问", exact=True)).to_be_visible(timeout=MINUTES)
    page.wait_for_timeout(800)  # related questions come a moment later


def conversation(page: Page, url: str, out: Path, name: str) -> None:
    """A page that is opened, asked, followed up and refused."""
    page.goto(url)
    expect(page.locator(".examples button").first).to_be_visible(timeout=MINUTES)
    page.screenshot(path=out / f"{name}-welcome.png")
    ask(page, FIRST)
    page.locator("#live button.cite").first.click()
    expect(page.locator("#panel mark").first).to_be_visible()
    page.wait_for_timeout(500)
    page.screenshot(path=out / f"{name}-answer.png")
    if name == "phone":
        page.keyboard.press("Escape")
    ask(page, FOLLOW)
    ask(page, REFUSED)
    page.screenshot(path=out / f"{name}-refused.png")


def library(page: Page, out: Path, name: str) -> None:
    """The tab 资料库, with a file that waits to be taken in."""
    page.get_by_role("tab", name="资料库").click()
    sent = {"name": "2024-10-08-yunling.md", "mimeType": "text/plain", "buffer": ARRIVING.encode()}
    page.locator("#library input[type=file]").set_input_files(sent)  # type: ignore[arg-type]
    expect(page.locator("#library")).to_contain_text("云岭科技园迎来首批企业")
    page.screenshot(path=out / f"{name}-library.png")


def around(page: Page, url: str, out: Path) -> None:
    """What stands around a conversation, and a server that is lost."""
    page.goto(url)
    expect(page.locator(".examples button").first).to_be_visible(timeout=MINUTES)
    page.locator("[data-settings=open]").click()
    page.wait_for_timeout(500)
    page.screenshot(path=out / "desk-settings.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="范围").click()
    page.locator("#limits input[type=date]").first.fill("2024-01-01")
    page.screenshot(path=out / "desk-scope.png")
    page.locator("#limits button[type=submit]").click()
    ask(page, FIRST)
    page.locator("#live [data-act=down]").click()
    page.locator("#live .why").scroll_into_view_if_needed()
    page.locator("[data-talks=toggle]").click()
    page.wait_for_timeout(500)
    page.screenshot(path=out / "desk-conversations.png")
    page.context.set_offline(True)
    expect(page.locator(".lost")).to_be_visible()
    page.screenshot(path=out / "desk-lost.png")


def english(page: Page, url: str, out: Path) -> None:
    """The page as an English browser gets it."""
    page.goto(url)
    expect(page.locator(".examples button").first).to_be_visible(timeout=MINUTES)
    page.locator(".examples button").first.click()
    expect(page.locator("#live .timings")).to_be_visible(timeout=MINUTES)
    page.locator("#live button.cite").first.click()
    page.wait_for_timeout(1500)
    page.screenshot(path=out / "english-answer.png")


def without(browser: Browser, settings: Settings, folder: Path, out: Path) -> None:
    """A page without a corpus, and one that asks for a login."""
    (folder / "none").mkdir()
    users = Users.load(folder / "users.json")
    empty = {"corpus": folder / "none", "index": folder / "empty"}
    with served(settings.model_copy(update=empty)) as url:
        page = browser.new_page(locale="zh-CN", viewport=DESK)
        page.goto(url)
        expect(page.get_by_role("button", name="去资料库")).to_be_visible(timeout=MINUTES)
        page.screenshot(path=out / "desk-empty.png")
    users.add("lin", secrets.token_urlsafe())
    with served(settings.model_copy(update={"users": folder / "users.json"})) as url:
        page = browser.new_page(locale="zh-CN", viewport=DESK)
        page.goto(url)
        page.screenshot(path=out / "desk-login.png")


def shoot(browser: Browser, url: str, out: Path) -> None:
    """All states, on a desk in light and dark, and on a phone."""
    opening = browser.new_page(locale="zh-CN", viewport=DESK)
    opening.goto(url)
    expect(opening.locator(".opening")).to_be_visible()
    expect(opening.locator(".opening .step")).to_be_visible(timeout=MINUTES)
    opening.wait_for_timeout(500)
    opening.screenshot(path=out / "desk-opening.png")
    for name, options in {
        "desk": {"viewport": DESK},
        "dark": {"viewport": DESK, "color_scheme": "dark"},
        "phone": {"viewport": PHONE, "is_mobile": True, "has_touch": True},
    }.items():
        context = browser.new_context(locale="zh-CN", **options)  # type: ignore[arg-type]
        page = context.new_page()
        conversation(page, url, out, name)
        library(page, out, name)
        context.close()
    for act, locale in ((around, "zh-CN"), (english, "en")):
        context = browser.new_context(locale=locale, viewport=DESK)
        act(context.new_page(), url, out)
        context.close()


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "screens")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    environment: dict[str, str | float | bool] = {
        k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        corpus = shutil.copytree(SAMPLES, Path(folder) / "corpus")
        settings = load_settings(corpus=corpus, index=Path(folder) / "index")
        kept = {name: Path(folder) / f"{name}.sqlite3" for name in ("feedback", "conversations")}
        settings = settings.model_copy(update=kept)
        browser = playwright.chromium.launch(
            executable_path=next(found), args=["--no-sandbox", "--disable-gpu"], env=environment
        )
        with served(settings) as url:
            shoot(browser, url, out)
        without(browser, settings, Path(folder), out)
        browser.close()
    print(f"wrote {len(list(out.glob('*.png')))} pictures to {out}")


if __name__ == "__main__":
    main()
