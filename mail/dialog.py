"""One open SMTP connection, handed one letter after another."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from email.message import EmailMessage
from re import compile as pattern
from typing import Final, Literal

from mail.contract import Delivery, GiveUp, Pause, Retry, Sent
from mail.conversation import Conversation, Reply
from mail.envelope import wire
from mail.replies import MALFORMED, judge, scrub

Stage = Literal["ready", "MAIL", "RCPT", "DATA", "END", "RSET"]  # END: of the text

CLOSING: Final = 421  # RFC 5321 section 3.8: the server ends the conversation, whatever was said before
_FINAL: Final = {CLOSING, MALFORMED}
_GO_ON: Final = 354
# The first digit says it: RFC 5321 section 4.2.1.
_GOOD: Final[Mapping[Stage, int]] = {"MAIL": 2, "RCPT": 2, "DATA": 3, "END": 2, "RSET": 2}
_ANY_END: Final = pattern(rb"\r\n|\r|\n")


class Unusable(Exception):
    """The connection cannot carry any letter; `outcome` says what that means for the one that waits."""

    def __init__(self, outcome: Retry | Pause) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Lost(Unusable):
    """The server went away before it was given the letter: nothing was delivered."""


class Line:
    """An open connection and the command that it is at; `offers`: the server's extensions, in lower case."""

    def __init__(self, conversation: Conversation, offers: Collection[str]) -> None:
        self._talk = conversation
        self._offers = offers
        self._stage: Stage = "ready"
        self._is_half_said = False  # a letter was refused in the middle, and its sender may still be noted

    @property
    def ready(self) -> bool:
        """True when another letter may be handed over."""
        return self._stage == "ready" and self._talk.is_open

    @property
    def uncertain(self) -> bool:
        """True when the server has the text of a letter and has not said what became of it."""
        return self._stage == "END"

    async def carry(self, message: EmailMessage, sender: str, recipient: str) -> Delivery:
        """Hand over one message to one mailbox. Raises Lost when the server left before it had the text."""
        international = not (sender.isascii() and recipient.isascii())
        if international and "smtputf8" not in self._offers:
            return GiveUp("the mail server cannot carry addresses outside ASCII", "5.6.7")
        # RFC 6152: eight bits only to a server that takes them. RFC 6531: UTF-8 headers only with SMTPUTF8.
        content = _with_whole_ends(wire(message, international, "8bitmime" in self._offers))
        try:
            refused = await self._propose(self._commands(sender, recipient, international, len(content)))
            if refused is None:
                refused = await self._hand_over(content)
            if self._stage == "END" and _is_good("END", refused):
                self._stage = "ready"
                return Sent(scrub(refused.text))
            return self._judged(refused)
        except ConnectionError as broken:
            self.close()
            if self.uncertain:
                return Retry("the connection broke before the letter was acknowledged", uncertain=True)
            raise Lost(Retry("the mail server went away in mid-sentence")) from broken

    async def quit(self) -> None:
        """Say goodbye, and hang up when that was heard."""
        with suppress(ConnectionError):
            self._talk.say(b"QUIT\r\n")
            await self._talk.hear()
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._talk.close()

    def _commands(self, sender: str, recipient: str, utf8: bool, size: int) -> dict[Stage, bytes]:
        options = " SMTPUTF8" if utf8 else ""
        options += " BODY=8BITMIME" if "8bitmime" in self._offers else ""
        options += f" SIZE={size}" if "size" in self._offers else ""
        given: dict[Stage, str] = {
            "MAIL": f"MAIL FROM:<{sender}>{options}",
            "RCPT": f"RCPT TO:<{recipient}>",
            "DATA": "DATA",
        }
        if not all(command.isprintable() for command in given.values()):
            raise ValueError("a command stays on its line")
        begin: dict[Stage, str] = {"RSET": "RSET"} if self._is_half_said else {}
        return {stage: f"{command}\r\n".encode() for stage, command in (begin | given).items()}

    async def _propose(self, commands: Mapping[Stage, bytes]) -> Reply | None:
        """Say from whom a letter is and for whom; give the reply that refused it, at this stage.

        In one breath where the server can hear it so: that saves two journeys of three.
        """
        together = "pipelining" in self._offers
        if together:
            self._talk.say(b"".join(commands.values()), len(commands))
        for heard, (stage, command) in enumerate(commands.items(), 1):
            self._stage = stage
            if not together:
                self._talk.say(command)
            reply = await self._talk.hear()
            if not _is_good(stage, reply):
                if stage == "RSET":
                    raise ConnectionResetError
                if together and reply.code not in _FINAL:
                    await self._pass_over(len(commands) - heard)
                return reply
        self._is_half_said = False
        return None

    async def _pass_over(self, replies: int) -> None:
        """Hear what else was said to a letter that is refused: of that the first refusal is the reason."""
        with suppress(ConnectionError):
            while replies:
                replies -= 1
                if (await self._talk.hear()).code == _GO_ON and not replies:
                    # RFC 2920 section 3.1: asked for a text that nobody is to have, we give an empty one.
                    self._talk.say(b".\r\n")
                    await self._talk.hear()

    async def _hand_over(self, content: bytes) -> Reply:
        self._stage = "END"
        self._talk.say(_transparent(content))
        return await self._talk.hear()

    def _judged(self, refused: Reply) -> Delivery:
        stage, (code, text) = self._stage, refused
        if code in _FINAL:
            self.close()
        if code == CLOSING and stage != "END":
            raise Lost(Retry("the mail server closed the connection", str(code), scrub(text)))
        self._stage, self._is_half_said = "ready", stage != "END"
        outcome = judge(stage, code, text)
        if stage == "END" and code == MALFORMED and isinstance(outcome, Retry):
            return Retry(outcome.reason, reply=outcome.reply, alert=True, uncertain=True)
        return outcome


def _is_good(stage: Stage, reply: Reply) -> bool:
    return reply.code // 100 == _GOOD[stage]


def _with_whole_ends(content: bytes) -> bytes:
    """RFC 5321 section 2.3.8: lines end with CR LF. Alone, either means another thing to every server."""
    whole = content.count(b"\r\n")
    if not content.count(b"\r") == whole == content.count(b"\n"):
        content = _ANY_END.sub(b"\r\n", content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _transparent(content: bytes) -> bytes:
    """RFC 5321 section 4.5.2: one dot more where a line begins with one, and the dot that ends it all."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if content.startswith(b".") else b"") + stuffed + b".\r\n"
