"""Exports as text: what opens a file, what a batch of items becomes, and what closes it."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

Item = Mapping[str, Any]
Column = tuple[str, ...]  # the keys that lead to a value

_encode: Final = msgspec.json.Encoder().encode
# Cells that a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# YAML 1.2, 5.1; JSON lets them pass.
_NO_YAML: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_DEEPEST: Final = 32  # levels of an XML element; what is deeper is JSON


class Format(msgspec.Struct, frozen=True):
    """A kind of file; `batch` is given an array as JSON, and told whether nothing came before."""

    media: str
    opening: Callable[[Sequence[Column]], str]
    batch: Callable[[bytes, Sequence[Column], bool], bytes]
    closing: str
    nothing: str = ""  # at the end of a file without any item


def _json(value: object) -> str:
    return _encode(value).decode()


def _json_batch(array: bytes, _: Sequence[Column], first: bool) -> bytes:
    items = array[1:-1]
    return items if first or not items else b"," + items


Made = Callable[[Sequence[Item], Sequence[Column]], str]


def _of_items(made: Made) -> Callable[[bytes, Sequence[Column], bool], bytes]:
    """A batch that is made of the values."""
    read = msgspec.json.Decoder(list[dict[str, Any]]).decode
    return lambda array, columns, _: made(read(array), columns).encode()


def _csv_row(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # RFC 4180
    return line.getvalue()


def _cell(item: Item, column: Column) -> object:
    value: Any = item
    for key in column:
        value = None if value is None else value[key]
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULAS) else value
    return "" if value is None else _json(value)


def _csv_batch(items: Sequence[Item], columns: Sequence[Column]) -> str:
    return "".join(_csv_row([_cell(item, column) for column in columns]) for item in items)


def _xml(name: str, value: Any, depth: int = 0) -> str:
    tag, opened = (name, name) if _NAME.fullmatch(name) else ("entry", f"entry key={quoteattr(_legal(name))}")
    if value is None or value in ([], {}):
        return f"<{opened}/>"
    if isinstance(value, dict | list) and depth < _DEEPEST:
        pairs = value.items() if isinstance(value, dict) else [("item", one) for one in value]
        inner = "".join(_xml(key, one, depth + 1) for key, one in pairs)
    else:
        inner = escape(_legal(value if isinstance(value, str) else _json(value)), {"\r": "&#13;"})
    return f"<{opened}>{inner}</{tag}>"


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _xml_batch(items: Sequence[Item], _: Sequence[Column]) -> str:
    return "".join(_xml("item", item) + "\n" for item in items)


def _yaml_batch(items: Sequence[Item], _: Sequence[Column]) -> str:
    """Values in JSON, which YAML 1.2 holds; keys too, so that none is taken for a truth or a number."""
    lines: list[str] = []
    for item in items:
        for place, (key, value) in enumerate(item.items()):
            lines.append(f"{'  ' if place else '- '}{_json(key)}: {_json(value)}\n")
    return _NO_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", "".join(lines))


FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format(
        "text/csv",
        lambda columns: _csv_row([".".join(one) for one in columns]),
        _of_items(_csv_batch),
        "",
    ),
    "json": Format("application/json", lambda _: "[", _json_batch, "]"),
    "xml": Format(
        "text/xml",
        lambda _: '<?xml version="1.0" encoding="UTF-8"?>\n<data>\n',
        _of_items(_xml_batch),
        "</data>\n",
    ),
    "yaml": Format("text/yaml", lambda _: "", _of_items(_yaml_batch), "", "[]\n"),
}
