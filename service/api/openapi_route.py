"""One operation of the OpenAPI document, and the parameters that operations take."""

from collections.abc import Mapping
from typing import Final

import msgspec

from service.api.openapi_shapes import Json
from service.users.model import Kind

ONE: Final = ("fields", "alias", "deep")
READ: Final = (*ONE, "export")
LIST: Final = (*READ, "filter", "search", "sort", "limit", "offset", "page", "meta", "aggregate", "groupBy")
TURNED: Final = ("limit", "before")
PARAMETERS: Final[Mapping[str, tuple[str, Json]]] = {
    "fields": ("Words of the answer, as CSV or array; `*` is every one.", {"type": "string"}),
    "alias": ("Other names for fields: an object, as JSON or in brackets.", {"type": "string"}),
    "deep": ("Questions about relations: an object, as JSON or in brackets.", {"type": "string"}),
    "aggregate": ("Counts and sums: an object, as JSON or in brackets.", {"type": "string"}),
    "groupBy": ("Words to group an aggregate by, as CSV or array.", {"type": "string"}),
    "filter": ("A filter object, as JSON or in brackets.", {"type": "string"}),
    "search": ("A text to be found in any text field.", {"type": "string"}),
    "sort": ("Words to sort by, as CSV; `-` before a word turns its order round.", {"type": "string"}),
    "limit": ("Rows of a page; -1 is all.", {"type": "integer", "minimum": -1, "default": 100}),
    "offset": ("Rows to pass over.", {"type": "integer", "minimum": 0}),
    "before": (
        "The key of the last row that was seen.",
        {"type": "string", "format": "uuid"},
    ),
    "page": ("The page, counted from 1; wins over offset.", {"type": "integer", "minimum": 1}),
    "export": ("The answer as a file.", {"type": "string", "enum": ["csv", "json", "xml", "yaml"]}),
    "width": ("Pixels; a side that is left out follows from the other.", {"type": "integer", "minimum": 1}),
    "height": ("Pixels.", {"type": "integer", "minimum": 1}),
    "fit": (
        "How the picture gets this size.",
        {"type": "string", "enum": ["cover", "contain", "inside", "outside"]},
    ),
    "format": (
        "The type of its file; `auto` is one that the caller understands.",
        {"type": "string", "enum": ["auto", "jpg", "png", "webp"]},
    ),
    "quality": ("Of 100.", {"type": "integer", "minimum": 1, "maximum": 100}),
    "withoutEnlargement": ("Whether a small picture stays small.", {"type": "boolean"}),
    "download": ("To be kept and not shown.", {"type": "string"}),
    "token": ("What the letter brought.", {"type": "string"}),
    "redirect": ("Where to go afterwards.", {"type": "string"}),
    "length": ("Characters.", {"type": "integer", "minimum": 1, "maximum": 500, "default": 32}),
    "meta": ("`total_count`, `filter_count` or `*`.", {"type": "string"}),
}


class Route(msgspec.Struct, frozen=True):
    """One operation: what goes in and what comes out, by the names of schemas.

    With `media` the answer is what it says and stands in no envelope; `answer` is then its schema, if any.
    """

    method: str
    path: str
    summary: str
    tag: str
    answer: str | None = None  # None: 204
    body: str | None = None
    many: bool = False
    parameters: tuple[str, ...] = ()
    public: bool = False
    key: Kind = "uuid"  # of `{id}` in the path
    media: str | None = None
    sends: str = "application/json"
    status: int | None = None  # of an answer without a body that it may give as well
