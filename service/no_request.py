"""What is no request that can be read, or is too much of one, is refused before there is anybody to ask."""

import msgspec

HEAD_BYTES = 65_536  # of request line and headers together, and of what follows a body
URL_BYTES = 49_152
HEADERS = 100
# Clients of every language read JSON alone; of these the 9/10 generations' is the one that most expect.
REFUSALS = {
    400: ("Bad Request", "INVALID_REQUEST", "This is no request that can be understood."),
    414: (
        "URI Too Long",
        "URI_TOO_LONG",
        f"The address is longer than {URL_BYTES} bytes. The method SEARCH asks a longer question in a body.",
    ),
    431: (
        "Request Header Fields Too Large",
        "HEADERS_TOO_LARGE",
        f"There are more than {HEADERS} headers, or more than {HEAD_BYTES} bytes of them.",
    ),
}


class NoRequest(Exception):
    """Stops the parser from within its callbacks."""


def refusal(status: int) -> bytes:
    """The answer that such a connection ends with."""
    reason, code, message = REFUSALS[status]
    body = msgspec.json.encode({"errors": [{"message": message, "extensions": {"code": code}}]})
    head = f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json; charset=utf-8\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body
