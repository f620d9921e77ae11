"""A real browser without a window: Debian's Chromium, driven by Playwright."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from playwright.async_api import Browser, CDPSession, Error, Page, async_playwright

Scheme = Literal["light", "dark"]
PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_SWITCHES = """
    --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync
    --disable-component-update --disable-dev-shm-usage
"""
_SECONDS = 60
_LEFT = ("navigat", "destroyed")  # what Playwright says when a page has been left meanwhile


class Tab:
    """One page of the browser."""

    def __init__(self, page: Page, wire: CDPSession) -> None:
        self._page = page
        self._wire = wire
        self.complaints: list[str] = []  # what the browser did not let a page do, in its own words
        page.set_default_timeout(_SECONDS * 1000)
        wire.on("Log.entryAdded", self._hear)

    def _hear(self, said: dict[str, Any]) -> None:
        if said["entry"]["source"] == "security":
            self.complaints.append(said["entry"]["text"])

    async def tell(self, method: str, **params: object) -> Any:
        """A command of the browser's own protocol, for what has no word in Playwright."""
        return await self._wire.send(method, params)

    async def show_as(self, width: int, scheme: Scheme, height: int = 800) -> None:
        """A screen of this width in CSS pixels, and the person's choice of light or dark."""
        await self._page.set_viewport_size({"width": width, "height": height})
        await self._page.emulate_media(color_scheme=scheme)

    async def begin_with(self, script: str) -> None:
        """Run this before anything else on every page from now on."""
        await self._page.add_init_script(script)

    async def visit(self, url: str) -> None:
        """Go to an address and wait until its page is there."""
        await self._page.goto(url)

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited."""
        return await self._page.evaluate(script)

    async def becomes(self, script: str, expected: str) -> None:
        """Wait until an expression has this value: in the next frame, or on the page that a script leads to.

        Playwright's own waiting needs eval, which the policy of our pages forbids.
        """
        look = f"try {{ is = {script}; }} catch {{ is = null; }}"
        waits = (
            f"new Promise((done) => {{ const look = () => {{ let is; {look}"
            f" is === {json.dumps(expected)} ? done(is) : setTimeout(look, 20); }}; look(); }})"
        )
        async with asyncio.timeout(_SECONDS):
            while True:
                try:
                    assert await self.run(waits) == expected
                    return
                except Error as gone:  # the page that was looked at has been left
                    assert any(word in gone.message for word in _LEFT), gone

    async def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        await self._page.keyboard.insert_text(text)

    async def press(self, key: Literal["Tab", "Enter"], *, leaves: bool = False) -> None:
        """Press a key; `leaves` waits for the page that it leads to."""
        if not leaves:
            await self._page.keyboard.press(key)
            return
        async with self._page.expect_event("load"):
            await self._page.keyboard.press(key)

    async def focus(self, selector: str) -> None:
        """Give the focus to the first that a selector finds."""
        await self.run(f"document.querySelector({json.dumps(selector)}).focus()")

    async def fill(self, selector: str, *texts: str) -> None:
        """Type into a field, and into those behind it; Enter then leads to the next page."""
        await self.focus(selector)
        for place, text in enumerate(texts):
            if place:
                await self.press("Tab")
            await self.type(text)
        await self.press("Enter", leaves=True)

    async def picture(self) -> bytes:
        """The whole page as PNG."""
        return await self._page.screenshot(full_page=True)


@asynccontextmanager
async def fresh_tab(browser: Browser) -> AsyncIterator[Tab]:
    """A tab of a person who was never here before; it is closed with the block."""
    person = await browser.new_context(device_scale_factor=2)
    try:
        page = await person.new_page()
        wire = await person.new_cdp_session(page)
        tab = Tab(page, wire)
        await tab.tell("Log.enable")
        yield tab
    finally:
        await person.close()


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser; it ends with the block."""
    sandboxed = os.geteuid() != 0  # which Chromium cannot be for root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=PROGRAM, args=_SWITCHES.split(), chromium_sandbox=sandboxed
        )
        try:
            yield browser
        finally:
            await browser.close()
