"""How the demo tells what goes on: headings, requests and answers, a table; secrets only by their beginning."""

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2

LONGEST = 240  # characters of a body
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
# 128 random bits and more in base64: tokens, codes, states; no name of ours has capitals or digits and is so long.
_OPAQUE = re.compile(r"(?<![\w.-])(?=[a-z_.~-]*[A-Z0-9])[A-Za-z0-9_.~-]{22,}")
_PASSWORDS = re.compile(r'("password": ?"|\bpassword=)[^"&]*')
_COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_SHOWN = ("authorization", "content-type", "cookie", "origin")  # headers that say something here
_SHOWN_OF_OTHERS = ("authorization", "content-type")
_JSON = ("application/json", "application/scim+json", "application/health+json")


def say(text: str = "", *, colour: str = "") -> None:
    """Print a line, in colour where somebody sees it."""
    print(f"\x1b[{colour}m{text}\x1b[0m" if colour and _COLOURED and text else text, flush=True)


def heading(number: int, text: str) -> None:
    """Begin a part."""
    say()
    say(f"{number}. {text}", colour="1")


def note(text: str) -> None:
    """Say in a sentence what is going on."""
    say(f"   {text}", colour="2")


def good(text: str) -> None:
    """Say what has just been proven."""
    say(f"   + {text}", colour="32")


def command(text: str, output: str = "") -> None:
    """Tell of a command line and what it printed."""
    say(f"   $ {text}", colour="36")
    for line in output.splitlines():
        say(f"     {shorten(line)}")


class Wire:
    """Tells what goes over the wire; `home` is idbridge's address, whose paths stand alone."""

    def __init__(self, home: str) -> None:
        self._home = urlsplit(home).netloc

    async def exchange(self, response: httpx2.Response) -> None:
        """Tell of a request and its answer; made to be a hook of a client's."""
        await response.aread()
        request = response.request
        url = str(request.url)
        self.asked(request.method, url, request.headers, request.content.decode())
        cookies = response.headers.get_list("set-cookie") if self._is_home(url) else []
        self.answered(response.status_code, response.headers, response.text, cookies)

    def asked(self, method: str, url: str, headers: Mapping[str, str], body: str) -> None:
        """Tell of a request. Of what others are sent, cookies are left out: they are none of ours."""
        say(f"   > {method} {self._address(url)}", colour="36")
        for name in _SHOWN if self._is_home(url) else _SHOWN_OF_OTHERS:
            if value := headers.get(name):
                say(f"     {name}: {shorten(value)}", colour="2")
        if body:
            say(f"     {_cut(shorten(_spread(body) if _is_form(headers) else body))}")

    def answered(
        self, status: int, headers: Mapping[str, str], body: str, cookies: Sequence[str] = ()
    ) -> None:
        """Tell of an answer; of a page only its title."""
        location = headers.get("location")
        to = f" to {self._address(location)}" if location else ""
        say(f"   < {status}{to}", colour="33" if status >= 400 else "36")
        for cookie in cookies:
            say(f"     set-cookie: {shorten(cookie)}", colour="2")
        if summary := _summary(headers, body):
            say(f"     {summary}")

    def _is_home(self, url: str) -> bool:
        return urlsplit(url).netloc == self._home

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        query = shorten(unquote(parts.query.replace("+", " ")))
        place = "" if parts.netloc == self._home else parts.netloc
        return _cut(f"{place}{shorten(parts.path)}{'?' if query else ''}{query}")


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    """Print rows below each other, a column for each name."""
    lines = [list(columns)]
    lines += [[_cell(row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for place, line in enumerate(lines):
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        say("   " + "  ".join(cells).rstrip(), colour="1" if place == 0 else "")


def document(name: str, value: object) -> None:
    """Print a JSON document with a name before it."""
    say(f"   {name}  {_cut(shorten(json.dumps(value, ensure_ascii=False)), 2 * LONGEST)}")


def shorten(text: str) -> str:
    """The text without its secrets: of tokens only the beginning, of passwords nothing."""
    text = _PASSWORDS.sub(r"\1********", text)
    return _OPAQUE.sub(lambda found: found[0] if _UUID.match(found[0]) else f"{found[0][:12]}...", text)


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 4]} ..."


def _cell(value: object) -> str:
    return "null" if value is None else shorten(str(value))


def _is_form(headers: Mapping[str, str]) -> bool:
    return (headers.get("content-type") or "").startswith("application/x-www-form-urlencoded")


def _spread(form: str) -> str:
    return "&".join(f"{name}={value}" for name, value in parse_qsl(form, keep_blank_values=True))


def _summary(headers: Mapping[str, str], body: str) -> str:
    kind = (headers.get("content-type") or "").partition(";")[0]
    if kind == "text/html":
        title = re.search(r"<title>(.*?)</title>", body, re.DOTALL)
        return f"a page: {title[1].strip()}" if title else ""
    return _cut(shorten(body)) if kind in _JSON else ""
