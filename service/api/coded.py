"""Refusals by a word of a standard, where the language of the path has none for them."""


class Refused(Exception):
    """`error` is the word (RFC 6749, 5.2; RFC 8935, 2.4), `told` a sentence for whoever looks into it."""

    def __init__(self, error: str, told: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.told, self.status = error, told, status
