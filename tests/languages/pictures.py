"""Pictures for tests, made on the spot, and the requests that carry them."""

from io import BytesIO
from typing import Any

from PIL import Image

from tests.served import Served


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    """A picture with a slope of colours, so that it cannot be encoded as nothing."""
    target = BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(target, kind, **options)
    return target.getvalue()


async def upload(
    house: Served,
    data: bytes,
    *,
    token: str | None = "",
    name: str = "me.png",
    media: str = "image/png",
    fields: dict[str, str] | None = None,
    method: str = "POST",
    path: str = "/files",
) -> Any:
    """The answer to one file, with the fields before it."""
    parts: list[tuple[str, Any]] = [(key, (None, value)) for key, value in (fields or {}).items()]
    return await house.ask(method, path, token=token, files=[*parts, ("file", (name, data, media))])


async def uploaded(house: Served, *, token: str | None = "", **more: Any) -> str:
    """The key of a file that was taken."""
    answer = await upload(house, picture(), token=token, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])
