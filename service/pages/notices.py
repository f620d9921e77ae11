"""The page of a notice: a row of the table, in the person's language and their project's dress."""

from collections.abc import Mapping
from typing import Final

from litestar import Response

from service.api.calls import Call
from service.pages.notice_table import NOTICES, Name
from service.pages.sheet import Dress, sheet
from service.pages.tongue import say

AGAIN: Final = "Send me a new one"


def notice(
    name: Name,
    call: Call,
    dressed: Dress = Dress(),  # noqa: B008  # a tuple, which nobody can change
    *,
    headers: Mapping[str, str] | None = None,
    token: str = "",
    project: str | None = None,
    **facts: str,
) -> Response[bytes]:
    """The page of this name; `facts` are what its sentences speak of, `token` what its button sends.

    `project`: whose people read it, where the path says another.
    """
    row = NOTICES[name]
    within = f"/{project}" if project not in (None, call.project) else ""
    return sheet(
        "notice",
        call,
        dressed,
        status=row.status,
        headers=headers,
        tone=row.tone,
        picture=row.picture,
        heading=say(call, row.heading),
        sentences=[say(call, sentence, **facts) for sentence in row.sentences],
        action=row.action and {"path": within + row.action[0], "label": say(call, row.action[1])},
        again=row.again and {"path": row.again, "label": say(call, AGAIN), "token": token},
    )
