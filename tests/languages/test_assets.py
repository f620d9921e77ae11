"""`/assets/:id`: the bytes, their headers, other sizes; and what is refused before it becomes a picture."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from tests.languages.pictures import picture, upload, uploaded
from tests.served import Served, refusal


def _opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


async def test_bytes_come_with_headers_that_keep_them_bytes(house: Served) -> None:
    file = await uploaded(house, name='a "b" ü.png')
    answer = await house.ask("GET", f"/assets/{file}")
    assert answer.status_code == 200 and _opened(answer.content).size == (40, 30)
    told = {name: answer.headers[name] for name in answer.headers}
    expected = {
        "content-type": "image/png", "content-length": str(len(answer.content)), "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox", "cache-control": "private, no-cache",
        "vary": "Authorization, Cookie",
        "content-disposition": "inline; filename=\"a _b_ _.png\"; filename*=UTF-8''a%20%22b%22%20%C3%BC.png",
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected
    head = await house.ask("HEAD", f"/assets/{file}")
    assert head.content == b"" and head.headers["content-length"] == told["content-length"]
    fresh = await house.ask("GET", f"/assets/{file}", headers={"if-none-match": f'"x", W/{told["etag"]}'})
    assert fresh.status_code == 304 and fresh.content == b"" and fresh.headers["etag"] == told["etag"]
    kept = await house.ask("GET", f"/assets/{file}/me.png?download")
    assert kept.headers["content-disposition"].startswith("attachment;") and kept.content == answer.content
    by_address = await house.ask("GET", f"/assets/{file}?access_token={house.token}", token=None)
    assert by_address.content == answer.content


@pytest.mark.parametrize(
    ("kind", "media"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
async def test_every_kind_is_shown_in_other_sizes(house: Served, kind: str, media: str) -> None:
    mode = "P" if kind == "GIF" else "RGB"
    answer = await upload(house, picture(kind, (400, 200), mode), media=media, name="x")
    file = answer.json()["data"]["id"]
    for query, size in [
        ("width=100", (100, 50)), ("height=50", (100, 50)), ("width=50&height=50", (50, 50)),
        ("width=50&height=50&fit=inside", (50, 25)), ("width=50&height=50&fit=outside", (100, 50)),
        ("width=50&height=50&fit=contain", (50, 50)), ("key=system-small-cover", (64, 64)), ("fit=cover", (400, 200)),
    ]:  # fmt: skip
        shown = await house.ask("GET", f"/assets/{file}?{query}")
        assert (shown.status_code, shown.headers["content-type"], _opened(shown.content).size) == (
            200,
            media,
            size,
        )
    etags = {
        (await house.ask("HEAD", f"/assets/{file}{query}")).headers["etag"]
        for query in ("", "?width=9", "?width=8")
    }
    assert len(etags) == 3
    for query in ("width=0", "width=9999", "width=x", "fit=stretch", "key=nope", "height[a]=1"):
        assert refusal(await house.ask("GET", f"/assets/{file}?{query}")) == (400, "INVALID_QUERY")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_every_kind_is_shown_in_other_formats(house: Served, kind: str) -> None:
    mode = "P" if kind == "GIF" else "RGB"
    sent = await upload(house, picture(kind, (400, 200), mode), media=f"image/{kind.lower()}", name="x")
    path = f"/assets/{sent.json()['data']['id']}"
    kept = (await house.ask("GET", path)).headers
    etags = {kept["etag"]}
    for query, media in (
        ("format=jpg", "image/jpeg"), ("format=png&width=40", "image/png"), ("format=webp", "image/webp"),
        ("format=auto", kept["content-type"]), ("quality=20", kept["content-type"]),
    ):  # fmt: skip
        shown = await house.ask("GET", f"{path}?{query}")
        assert (shown.status_code, shown.headers["content-type"]) == (200, media), query
        assert Image.MIME[str(_opened(shown.content).format)] == media
        etags.add(shown.headers["etag"])
    assert len(etags) == 5  # `auto` was nothing else
    auto = await house.ask(
        "GET", f"{path}?format=auto", headers={"accept": "image/avif,image/webp,*/*;q=0.8"}
    )
    assert (auto.headers["content-type"], auto.headers["vary"]) == (
        "image/webp",
        "Authorization, Cookie, Accept",
    )
    worse, better = [
        (await house.ask("GET", f"{path}?format=webp&quality={one}")).content for one in (1, 100)
    ]
    assert len(worse) <= len(better)


async def test_a_small_picture_stays_small_where_it_is_asked_to(house: Served) -> None:
    path = f"/assets/{await uploaded(house)}"
    for query, size in (
        ("width=80", (80, 60)), ("width=80&withoutEnlargement=true", (40, 30)),
        ("width=80&withoutEnlargement=false", (80, 60)), ("width=20&withoutEnlargement=true", (20, 15)),
    ):  # fmt: skip
        assert _opened((await house.ask("GET", f"{path}?{query}")).content).size == size, query


async def test_what_is_not_made_of_pictures_is_refused(house: Served) -> None:
    path = f"/assets/{await uploaded(house)}"
    for query in (
        "format=tiff",
        "format=avif",
        "format[]=jpg",
        "quality=0",
        "quality=101",
        "quality=x",
        'transforms=[["blur",9]]',
    ):
        assert refusal(await house.ask("GET", f"{path}?{query}")) == (400, "INVALID_QUERY"), query
    for query in ("format=", "quality=", "transforms=", "v=20261122"):
        assert (await house.ask("GET", f"{path}?{query}")).status_code == 200, query


async def test_what_is_kept_is_upright_and_tells_nothing_of_where_it_was_taken(house: Served) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x8298] = "secret place"
    sent = picture("JPEG", (60, 20), exif=exif, comment=b"secret word")
    assert b"secret place" in sent and b"secret word" in sent
    file = (await upload(house, sent, media="image/jpeg")).json()["data"]
    kept = (await house.ask("GET", f"/assets/{file['id']}")).content
    assert (file["width"], file["height"]) == _opened(kept).size == (20, 60)
    assert b"secret" not in kept


async def test_large_pictures_are_made_smaller_and_transparent_ones_stay_so(house: Served) -> None:
    large = (await upload(house, picture("JPEG", (4000, 3000)), media="image/jpeg")).json()["data"]
    assert (large["width"], large["height"]) == (2048, 1536)
    clear = (await upload(house, picture("PNG", (9, 9), "LA"))).json()["data"]["id"]
    assert _opened((await house.ask("GET", f"/assets/{clear}")).content).has_transparency_data
    tail = picture() + b"<script>alert(1)</script>"
    file = (await upload(house, tail)).json()["data"]["id"]
    assert b"script" not in (await house.ask("GET", f"/assets/{file}")).content


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it is as large as this."""
    rows = zlib.compress(b"\0" * 100_000)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _many_scans() -> bytes:
    jpeg = picture("JPEG", progressive=True)
    scan = jpeg[jpeg.index(b"\xff\xda") : jpeg.index(b"\xff", jpeg.index(b"\xff\xda") + 14)]
    return jpeg[:-2] + scan * 100 + jpeg[-2:]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "svg": (SVG, "image/svg+xml", 415), "svg that calls itself png": (SVG, "image/png", 415),
    "words": (b"hello", "text/plain", 415), "nothing": (b"", "image/png", 415), "a bmp": (picture("BMP"), "image/bmp", 415),
    "png that calls itself jpeg": (picture(), "image/jpeg", 415), "a page before the picture": (b"<html>" + picture(), "image/png", 415),
    "a picture cut short": (picture(size=(300, 300))[:-200], "image/png", 400),
    "more pixels than there may be": (_bomb(30_000, 30_000), "image/png", 400),
    "pixels that are not there": (_bomb(4_000, 4_000), "image/png", 400),
    "a jpeg that goes over itself again and again": (_many_scans(), "image/jpeg", 400),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_picture_or_would_burst_is_refused_and_leaves_nothing(
    house: Served, what: str
) -> None:
    data, media, status = REFUSED[what]
    answer = await upload(house, data, media=media)
    code = {415: "UNSUPPORTED_MEDIA_TYPE", 400: "INVALID_PAYLOAD"}[status]
    assert refusal(answer) == (status, code), answer.text
    assert (await house.ask("GET", "/files")).json() == {"data": []}


async def test_a_picture_that_stays_too_large_is_refused(house: Served) -> None:
    noise = Image.effect_noise((1900, 1900), 200)
    target = BytesIO()
    noise.save(target, "PNG")
    assert 2 * 2**20 < len(target.getvalue()) < 10 * 2**20
    answer = await upload(house, target.getvalue())
    assert refusal(answer) == (413, "CONTENT_TOO_LARGE") and "2097152" in answer.text


LINE = b"--b\r\n"
PART = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
BODIES = {
    "json": (b"{}", "application/json", 415), "no body": (b"", "multipart/form-data; boundary=b", 400),
    "no boundary": (b"x", "multipart/form-data", 400), "no type": (b"x", "", 415),
    "no end": (LINE + PART + picture(), "multipart/form-data; boundary=b", 400),
    "no file": (LINE + b'Content-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b", 400),
    "a field that is not known": (
        LINE + b'Content-Disposition: form-data; name="nope"\r\n\r\nx\r\n' + LINE + PART + picture() + b"\r\n--b--\r\n",
        "multipart/form-data; boundary=b", 400,
    ),
    "a field after the file": (
        LINE + PART + picture() + b'\r\n--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b--\r\n',
        "multipart/form-data; boundary=b", 400,
    ),
    "a field without end": (
        LINE + b'Content-Disposition: form-data; name="title"\r\n\r\n' + b"x" * 70_000 + b"\r\n--b--\r\n",
        "multipart/form-data; boundary=b", 400,
    ),
    "parts without end": (
        (LINE + b'Content-Disposition: form-data; name="t"\r\n\r\nx\r\n') * 2 + b"--b--\r\n", "multipart/form-data; boundary=b", 400,
    ),
    "bytes that are no text": (
        LINE + b'Content-Disposition: form-data; name="title"\r\n\r\n\xff\xfe\r\n' + LINE + PART + picture() + b"\r\n--b--\r\n",
        "multipart/form-data; boundary=b", 400,
    ),
    "a body beyond its limit": (LINE + PART + b"x" * (10 * 2**20), "multipart/form-data; boundary=b", 413),
}  # fmt: skip


@pytest.mark.parametrize("what", BODIES)
async def test_bodies_that_are_no_upload_are_refused(house: Served, what: str) -> None:
    body, media, status = BODIES[what]
    answer = await house.ask("POST", "/files", content=body, headers={"content-type": media})
    assert answer.status_code == status, answer.text
    assert (await house.ask("GET", "/files")).json() == {"data": []}
