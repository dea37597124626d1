"""axe-core on the page in headless Chromium: no fault that it calls serious or critical."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.axe import faults
from tests.support.driver import ask, expect_answered, open_page

SIZES = {"wide": (1440, 900), "phone": (390, 844)}


def nothing(page: Page) -> None:
    """The page as it opens."""


def source(page: Page) -> None:
    ask(page, "备案有多少？")
    expect_answered(page, "备案有多少？")
    page.locator(".answer .cite").nth(1).click()
    expect(page.locator(".paper mark")).to_be_visible()


def card(page: Page) -> None:
    page.keyboard.press("Escape")  # a sheet lies over the markers
    page.locator(".answer .cite").first.hover()
    expect(page.locator(".card:popover-open")).to_be_visible()


def shortcuts(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()


def library(page: Page) -> None:
    page.keyboard.press("Escape")  # the sheet of shortcuts
    page.get_by_role("tab", name="资料库").click()
    expect(page.locator("#collection .html-container")).to_be_visible()


def evaluation(page: Page) -> None:
    page.get_by_role("tab", name="评测").click()
    expect(page.locator("#start")).to_be_visible()


def settings(page: Page) -> None:
    page.locator("[data-settings=open]").click()
    expect(page.get_by_role("dialog", name="设置")).to_be_visible()


def scope(page: Page) -> None:
    page.keyboard.press("Escape")  # the settings
    page.get_by_role("button", name="范围").click()
    page.locator("#limits input[type=date]").first.fill("2024-05-01")
    expect(page.locator("#limits form")).to_be_visible()


def refused(page: Page) -> None:
    page.locator("#limits button[type=submit]").click()
    expect(page.locator(".chips [data-drop]")).to_be_visible()
    ask(page, "明天天气怎么样？")
    expect_answered(page, "明天天气怎么样？")


def thumbs(page: Page) -> None:
    page.locator("#live [data-act=down]").click()
    expect(page.locator("#live .why")).to_be_visible()


def editing(page: Page) -> None:
    page.locator("#live [data-act=edit]").click()
    expect(page.locator("#editing .editing")).to_be_visible()


def talks(page: Page) -> None:
    page.locator("[data-talks=toggle]").click()
    expect(page.locator("#talk-list .entries li")).to_have_count(1)


def lost(page: Page) -> None:
    page.locator("[data-talks=close]").click()
    page.context.set_offline(True)
    expect(page.locator(".lost")).to_be_visible()


READ = (nothing, source, card, shortcuts, library, evaluation)
AROUND = (settings, scope, refused, thumbs, editing, talks, lost)
"""One after the other on one page, which takes long to open."""


@pytest.mark.parametrize(
    ("states", "scheme", "size"),
    [
        (READ, "light", "wide"),
        (AROUND, "dark", "phone"),
        pytest.param(READ, "dark", "wide", marks=pytest.mark.long),
        pytest.param(READ, "dark", "phone", marks=pytest.mark.long),
        pytest.param(READ, "light", "phone", marks=pytest.mark.long),
        pytest.param(AROUND, "dark", "wide", marks=pytest.mark.long),
        pytest.param(AROUND, "light", "wide", marks=pytest.mark.long),
        pytest.param(AROUND, "light", "phone", marks=pytest.mark.long),
    ],
)
def test_axe_finds_no_serious_fault(
    browser: Browser,
    url: str,
    states: tuple[Callable[[Page], None], ...],
    scheme: str,
    size: str,
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        locale="zh-CN",
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = open_page(context, url)
    found = []
    for state in states:
        state(page)
        found += [f"{state.__name__}: {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)
    context.close()


def test_axe_would_find_a_fault(browser: Browser, url: str) -> None:
    context = browser.new_context(locale="zh-CN")
    page = open_page(context, url)
    page.evaluate("document.querySelector('.masthead .held').style.color = '#bbb'")
    page.evaluate("document.querySelector('#head').append(document.createElement('button'))")
    assert {one.split(" ")[0] for one in faults(page)} == {"button-name", "color-contrast"}
    context.close()
