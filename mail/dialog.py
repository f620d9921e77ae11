"""One open SMTP connection, handed one letter after another."""

from email.message import EmailMessage
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from mail.contract import Delivery, GiveUp, Pause, Retry, Sent
from mail.envelope import wire
from mail.replies import MALFORMED, judge, scrub

CLOSING = 421  # RFC 5321 section 3.8: the server ends the conversation, whatever was said before


class Unusable(Exception):
    """The connection cannot carry any letter; `outcome` says what that means for the one that waits."""

    def __init__(self, outcome: Retry | Pause) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Lost(Unusable):
    """The server went away before it was given the letter: nothing was delivered."""


class Line:
    """An open connection and the command that it is at."""

    def __init__(self, client: SMTP) -> None:
        self.client = client
        self.stage: Literal["ready", "MAIL", "RCPT", "DATA"] = "ready"

    @property
    def ready(self) -> bool:
        """True when another letter may be handed over."""
        return self.stage == "ready" and self.client.is_connected

    async def carry(self, message: EmailMessage, sender: str, recipient: str) -> Delivery:
        """Hand over one message to one mailbox. Raises Lost when the server left before it had the text."""
        international = not (sender.isascii() and recipient.isascii())
        if international and not self.client.supports_extension("smtputf8"):
            return GiveUp("the mail server cannot carry addresses outside ASCII", "5.6.7")
        try:
            reply = await self._hand_over(message, sender, recipient, international)
        except SMTPResponseException as refused:
            return await self._refused(refused)
        except (ConnectionError, TimeoutError) as broken:
            self.client.close()
            if self.stage == "DATA":
                return Retry("the connection broke before the letter was acknowledged", uncertain=True)
            raise Lost(Retry("the mail server went away in mid-sentence")) from broken
        self.stage = "ready"
        return Sent(scrub(reply))

    async def _hand_over(self, message: EmailMessage, sender: str, recipient: str, utf8: bool) -> str:
        # RFC 6152: eight bits only to a server that takes them. RFC 6531: UTF-8 headers only with SMTPUTF8.
        options = ["SMTPUTF8"] if utf8 else []
        eight = self.client.supports_extension("8bitmime")
        options += ["BODY=8BITMIME"] if eight else []
        content = wire(message, utf8, eight)
        if self.client.supports_extension("size"):
            options.append(f"SIZE={len(content)}")
        encoding = "utf-8" if utf8 else "ascii"
        self.stage = "MAIL"
        await self.client.mail(sender, options=options, encoding=encoding)
        self.stage = "RCPT"
        await self.client.rcpt(recipient, encoding=encoding)
        self.stage = "DATA"
        return (await self.client.data(content)).message

    async def _refused(self, refused: SMTPResponseException) -> Delivery:
        stage, code, text = self.stage, refused.code, refused.message
        if code in {CLOSING, MALFORMED}:
            self.client.close()
        if code == CLOSING and stage != "DATA":
            raise Lost(Retry("the mail server closed the connection", str(code), scrub(text)))
        await self._reset()
        if stage == "DATA" and 200 <= code < 300:
            return Sent(scrub(text))
        outcome = judge(stage, code, text)
        if stage == "DATA" and code == MALFORMED and isinstance(outcome, Retry):
            return Retry(outcome.reason, reply=outcome.reply, alert=True, uncertain=True)
        return outcome

    async def _reset(self) -> None:
        try:
            await self.client.rset()
            self.stage = "ready"
        except (SMTPException, OSError):
            self.client.close()
