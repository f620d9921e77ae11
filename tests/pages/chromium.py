"""A real browser without a window: Chromium, told what to do through its debugging pipe."""

import asyncio
import base64
import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

Scheme = Literal["light", "dark"]
PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_SWITCHES = """
    --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync
    --disable-component-update --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe
"""
_ON_THREE_AND_FOUR = 'exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null'  # where the browser wants its pipes
_SECONDS = 30


class Wire:
    """Messages to the browser and back: JSON, each ended by NUL, on two pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._to = process.stdin
        self._reader = process.stdout
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._events: list[tuple[str, str | None, asyncio.Future[Any]]] = []
        self.complaints: list[str] = []  # what the browser did not let a page do
        self.listening = asyncio.create_task(self._listen())

    async def ask(self, method: str, session: str | None = None, **params: object) -> Any:
        """One command, and what it came to."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._to.write(json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(_SECONDS):
            return await future

    def next_event(self, name: str, session: str | None) -> asyncio.Future[Any]:
        """What the browser says the next time that this happens."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._events.append((name, session, future))
        return future

    async def _listen(self) -> None:
        while True:
            line = await self._reader.readuntil(b"\0")
            self._hear(json.loads(line[:-1]))

    def _hear(self, message: dict[str, Any]) -> None:
        if "id" in message:
            future = self._waiting.pop(message["id"])
            if "error" in message:
                future.set_exception(AssertionError(message["error"]))
            else:
                future.set_result(message["result"])
            return
        if message["method"] == "Log.entryAdded" and message["params"]["entry"]["source"] == "security":
            self.complaints.append(message["params"]["entry"]["text"])
        happened = (message["method"], message.get("sessionId"))
        for event in [event for event in self._events if event[:2] == happened]:
            self._events.remove(event)
            event[2].set_result(message["params"])


class Tab:
    """One page of the browser."""

    def __init__(self, wire: Wire, session: str) -> None:
        self._wire = wire
        self._session = session

    @property
    def complaints(self) -> list[str]:
        """What the browser did not let a page do, in its own words."""
        return self._wire.complaints

    async def tell(self, method: str, **params: object) -> Any:
        return await self._wire.ask(method, self._session, **params)

    async def show_as(self, width: int, scheme: Scheme, height: int = 800) -> None:
        """A screen of this width in CSS pixels, and the person's choice of light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 500}
        await self.tell("Emulation.setDeviceMetricsOverride", **size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.tell("Emulation.setEmulatedMedia", features=[feature])

    async def visit(self, url: str) -> None:
        """Go to an address and wait until its page is there."""
        loaded = self._wire.next_event("Page.loadEventFired", self._session)
        gone = await self.tell("Page.navigate", url=url)
        assert "errorText" not in gone, gone
        await asyncio.wait_for(loaded, _SECONDS)

    async def run(self, script: str) -> Any:
        """The value of an expression, awaited."""
        told = await self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def becomes(self, script: str, expected: str) -> None:
        """Wait until an expression has this value: in the next frame, or on the page that a script leads to."""
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
                except AssertionError as gone:  # the page that was looked at has been left
                    assert "navigated" in str(gone) or "destroyed" in str(gone), gone

    async def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        await self.tell("Input.insertText", text=text)

    async def press(self, key: Literal["Tab", "Enter"], *, leaves: bool = False) -> None:
        """Press a key; `leaves` waits for the page that it leads to."""
        loaded = self._wire.next_event("Page.loadEventFired", self._session) if leaves else None
        code, text = {"Tab": (9, ""), "Enter": (13, "\r")}[key]
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.tell("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        if loaded is not None:
            await asyncio.wait_for(loaded, _SECONDS)
        else:
            await self.tell("Input.dispatchKeyEvent", type="keyUp", **named)

    async def picture(self) -> bytes:
        """The whole page as PNG."""
        shot = await self.tell("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@asynccontextmanager
async def fresh_tab(wire: Wire) -> AsyncIterator[Tab]:
    """A tab of a person who was never here before; it is closed with the block."""
    person = (await wire.ask("Target.createBrowserContext"))["browserContextId"]
    target = await wire.ask("Target.createTarget", url="about:blank", browserContextId=person)
    attached = await wire.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    tab = Tab(wire, attached["sessionId"])
    await tab.tell("Page.enable")
    await tab.tell("Log.enable")
    wire.complaints.clear()
    yield tab
    await wire.ask("Target.disposeBrowserContext", browserContextId=person)


@asynccontextmanager
async def chromium() -> AsyncIterator[Wire]:
    """A browser; it ends with the block."""
    assert PROGRAM is not None
    home = tempfile.mkdtemp(prefix="chromium-")
    switches = [
        *_SWITCHES.split(),
        f"--user-data-dir={home}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", _ON_THREE_AND_FOUR, PROGRAM, *switches, start_new_session=True, limit=2**26,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    wire = Wire(process)
    try:
        yield wire
    finally:
        wire.listening.cancel()
        os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()
        shutil.rmtree(home, ignore_errors=True)
