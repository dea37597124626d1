"""A browser for the whole session, and a page of the scripted assistant for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.driver import ARGUMENTS, CHROMIUM, PATIENCE, VIEWPORT, open_page
from tests.support.scripted_backend import ScriptedBackend, Stage, serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    # a browser of the system speaks to 127.0.0.1 whatever proxy the shell names
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    with sync_playwright() as playwright:
        yield (
            opened := playwright.chromium.launch(
                executable_path=CHROMIUM, args=ARGUMENTS, env=environment
            )
        )
        opened.close()


@pytest.fixture
def backend() -> Iterator[ScriptedBackend]:
    scripted = ScriptedBackend()
    yield scripted
    scripted.go.set()


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    """A server for all tests that need nothing of its settings, and its address."""
    shared = Stage()
    with serving(shared) as address:
        yield shared, address


@pytest.fixture
def url(backend: ScriptedBackend, stage: tuple[Stage, str]) -> str:
    shared, address = stage
    shared.actor = backend
    return address


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="zh-CN", viewport=VIEWPORT, reduced_motion="reduce")
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, url: str, requests: list[str]) -> Page:
    return open_page(context, url, requests)
