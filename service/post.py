"""The post office of the house: the worker, what it carries letters with, and the bells that wake it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from mail.addresses import read_sender
from mail.allowance import Allowance
from mail.contract import Pause, Retry, Sender
from mail.folder import Folder
from mail.outbox import POSTED, Outbox
from mail.worker import Worker
from providers.access_token import AccessToken
from providers.contract import Misconfigured, Unreachable
from providers.http import Outbound
from service.config import Config
from service.database import Database, new_key, tables
from service.letters import Letters, Ticket
from service.tokens import Tokens
from service.users import acceptance, registrations, resets

if TYPE_CHECKING:
    from mail.opening import Token

MINTS: Final[Mapping[str, Callable[[Tokens, Ticket], str]]] = {
    "invite": acceptance.mint,
    "reset": resets.mint,
    "verify": registrations.mint,
}


def desk(config: Config, database: Database) -> Letters:
    """Who writes the letters of this house."""
    tokens = Tokens(config.secrets)
    return Letters(
        database,
        sender=read_sender(config.email_from),
        public_url=config.public_url,
        mint=lambda ticket: MINTS[ticket.purpose](tokens, ticket),
        passwords=not config.auth_disable_default,
        sign_on={told.policy.project for told in config.providers.values()},
        labels={name: told.label for name, told in config.providers.items() if told.label},
    )


@asynccontextmanager
async def carrier(config: Config) -> AsyncIterator[Sender]:
    """What letters go out with: the mail server, or a folder as long as none is set."""
    outbound = Outbound(config.outbound_ip_allow_list)
    sender: Sender = Folder(config.data_dir / "outbox")
    if config.smtp is not None:
        from mail.smtp import Smtp  # with aiosmtplib behind it: only where there is a server

        token = _token(AccessToken(config.smtp_grant, outbound)) if config.smtp_grant else None
        sender = Smtp(config.smtp, connections=config.smtp_connections, token=token)
    try:
        yield sender
    finally:
        await sender.close()
        await outbound.shut()


def _token(access: AccessToken) -> "Token":
    """Says in the post's own words why there is no token."""
    from mail.dialog import Unusable

    async def give() -> str:
        try:
            return await access.give()
        except Misconfigured as problem:
            raise Unusable(Pause(f"the sign-in to the mail server: {problem}")) from problem
        except Unreachable as problem:
            raise Unusable(Retry(f"the sign-in to the mail server: {problem}", outage=True)) from problem

    return give


def worker(config: Config, database: Database, sender: Sender) -> Worker:
    """A worker that carries the letters of this house; it begins with run()."""
    allowance = Allowance(
        tables.letter_windows,
        per_recipient=config.email_recipient_limit,
        per_project=config.email_project_limit,
    )
    outbox = Outbox(tables.letters, read_sender(config.email_from).domain, allowance)
    owner = f"{socket.gethostname()}-{os.getpid()}-{new_key()}"
    return Worker(database, outbox, desk(config, database).compose, sender, owner)


@asynccontextmanager
async def working(config: Config, database: Database, *, carries: bool = True) -> AsyncIterator[None]:
    """Carry letters until the block ends; without `carries` only tell the workers elsewhere of new ones."""
    async with carrier(config) as sender:
        own = worker(config, database, sender) if carries else None

        def hear(announced: frozenset[tuple[str, str]]) -> None:
            if any(what == POSTED for what, _ in announced):
                database.ring()
                if own is not None:
                    own.wake()

        database.on_commit(hear)
        if own is None:
            yield
            return
        listening = asyncio.create_task(database.listen(own.wake), name="mail bell")
        task = asyncio.create_task(own.run(), name="mail worker")
        try:
            yield
        finally:
            own.stop()
            await task
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
