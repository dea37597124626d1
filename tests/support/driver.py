"""Driving the page in Chromium: what a user does, and what is waited for."""

from __future__ import annotations

import re
import shutil
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
"""The shell opens a page with half the work of the whole browser."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 40_000
"""Milliseconds. What is waited for comes; on a busy machine not soon."""
expect.set_options(timeout=PATIENCE)
VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
FRAMES = """() => new Promise((done) => {
  const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : done());
  next(3);
})"""
"""Until the page has scrolled to its end and then to an answer, a frame each."""
COUNT = "南湖园区累计有27个算法通过备案，占全省的31%。"


def open_page(context: BrowserContext, url: str, requests: list[str] | None = None) -> Page:
    page = context.new_page()
    if requests is not None:
        page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    expect(page.locator(".examples button").first).to_be_visible()
    expect(page.locator(".titles").first).to_be_attached()
    return page


def ask(page: Page, question: str) -> None:
    page.locator("#box textarea").fill(question)
    page.keyboard.press("Enter")


def last_turn(page: Page) -> Locator:
    return page.locator("#live .turn")


def expect_answered(page: Page, question: str) -> None:
    expect(last_turn(page).locator(".question")).to_have_text(question)
    expect(last_turn(page).locator(".timings")).to_be_visible()
    expect(page.locator("#send")).to_be_visible()


def in_view(page: Page, inner: str, outer: str) -> bool:
    """Whether the first element stands inside the visible part of the second."""
    return bool(
        page.evaluate(
            """([inner, outer]) => {
                const a = document.querySelector(inner).getBoundingClientRect();
                const b = document.querySelector(outer).getBoundingClientRect();
                return a.top >= b.top && a.bottom <= Math.min(b.bottom, innerHeight)
                    && a.left >= b.left && a.right <= b.right && a.height > 0;
            }""",
            [inner, outer],
        )
    )


def assert_same_origin(requests: list[str], url: str) -> None:
    home = urlsplit(url).netloc
    elsewhere = [one for one in requests if urlsplit(one).netloc not in (home, "")]
    assert not elsewhere


def rgb(page: Page, selector: str, name: str) -> tuple[float, float, float]:
    """A colour as painted: of the nearest parent that has one, blended over what is below."""
    found = page.locator(selector).first.evaluate(
        """(node, name) => {
            const layers = [];
            for (let at = node; at; at = at.parentElement) {
                layers.push(getComputedStyle(at)[name]);
                if (name === 'color') break;
            }
            return layers;
        }""",
        name,
    )
    red = green = blue = 0.0
    for layer in reversed(found):
        numbers = [float(one) for one in re.findall(r"[\d.]+", layer)]
        share = numbers[3] if len(numbers) > 3 else 1.0
        red, green, blue = (
            new * share + old * (1 - share)
            for new, old in zip(numbers[:3], (red, green, blue), strict=True)
        )
    return red, green, blue


def luminance(colour: tuple[float, float, float]) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    linear = [
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
        for one in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
