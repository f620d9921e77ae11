"""Origins: what browsers compare of two addresses (RFC 6454)."""

from urllib.parse import urlsplit


def origin(url: str) -> str:
    """Scheme, host and port as one text; empty where an address names no host, or is none at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
