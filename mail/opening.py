"""How an SMTP connection comes about: connect, start TLS as the settings demand, sign in."""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import cast

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPHeloError, SMTPResponseException

from mail.contract import Pause, Retry
from mail.conversation import Conversation
from mail.dialog import Line, Unusable
from mail.replies import MALFORMED, scrub
from mail.settings import Security, Settings

# Gives a good access token for XOAUTH2; raises Unusable when there is none to be had.
Token = Callable[[], Awaitable[str]]


async def open_line(
    settings: Settings, tls: ssl.SSLContext, patience: float, token: Token | None = None
) -> Line:
    """Connect, start TLS as the settings demand, sign in. Raises Unusable; `patience`: seconds for each step.

    With `token` the sign-in is XOAUTH2, over TLS alone.

    Nothing that fails here has to do with the letter that waits.
    """
    client = SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=await asyncio.to_thread(_own_name),
        timeout=patience,
        use_tls=settings.security == "implicit",
        start_tls=False,  # aiosmtplib's own STARTTLS passes over a server that does not offer it
        tls_context=tls,
    )
    try:
        await client.connect()
        await _greet(client)
        secure = settings.security == "implicit" or await _start_tls(client, settings.security)
        if settings.user is not None:
            bare = secure or settings.security == "never"
            if token is not None:
                await _sign_in_by_token(client, settings.user, token, secure)
            else:
                await _sign_in(client, settings.user, settings.password or "", bare)
    except (SMTPException, OSError, ValueError) as problem:
        client.close()
        raise Unusable(_explain(problem)) from problem
    except BaseException:
        client.close()
        raise
    return _line(client)


def _line(client: SMTP) -> Line:
    if client.transport is None:
        raise Unusable(Retry("the mail server closed the connection", outage=True))
    return Line(Conversation(cast(asyncio.Transport, client.transport)), frozenset(client.esmtp_extensions))


async def _greet(client: SMTP) -> None:
    try:
        await client.ehlo()
    except SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()  # RFC 5321 section 3.2: for servers from before EHLO


async def _start_tls(client: SMTP, security: Security) -> bool:
    """True when the connection is encrypted afterwards."""
    if security == "never":
        return False
    if not client.supports_extension("starttls"):
        if security == "required":
            raise Unusable(Pause("the mail server offers no STARTTLS, and nothing is sent in clear"))
        return False
    try:
        await client.starttls()
    except SMTPResponseException as refused:
        outcome = Pause("the mail server does not start TLS", str(refused.code), scrub(refused.message))
        raise Unusable(outcome) from refused
    await _greet(client)  # RFC 3207 section 4.2: what was said in clear counts for nothing
    return True


async def _sign_in(client: SMTP, user: str, password: str, bare: bool) -> None:
    # One method and one try: three with a wrong password would lock the account three times as fast.
    plain = ("plain", "login") if bare else ()
    methods = [name for name in (*plain, "cram-md5") if name in client.server_auth_methods]
    if not methods:
        missing = "offers no way to sign in" if bare else "would take the password only in clear"
        raise Unusable(Pause(f"the mail server {missing}"))
    sign_in = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
    await sign_in[methods[0]](user, password)


async def _sign_in_by_token(client: SMTP, user: str, token: Token, secure: bool) -> None:
    if not secure:
        raise Unusable(Pause("the mail server would take the access token only in clear"))
    if "xoauth2" not in client.server_auth_methods:
        raise Unusable(Pause("the mail server offers no sign-in with an access token (XOAUTH2)"))
    await client.auth_xoauth2(user, await token())


def _explain(problem: SMTPException | OSError | ValueError) -> Retry | Pause:
    cause = problem if isinstance(problem, ssl.SSLError) else problem.__cause__
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        detail = getattr(cause, "verify_message", None) or cause.reason or "the handshake failed"
        return Pause(f"TLS with the mail server failed: {detail}")
    if isinstance(problem, SMTPAuthenticationError) and not 400 <= problem.code < 500:
        reason = "the mail server refuses our name or password"
        return Pause(reason, str(problem.code), scrub(problem.message))
    if isinstance(problem, SMTPResponseException):
        code = None if problem.code == MALFORMED else str(problem.code)
        temporary = 400 <= problem.code < 500
        reason = "the mail server takes no letters " + ("now" if temporary else "from us")
        return Retry(reason, code, scrub(problem.message), outage=True, alert=not temporary)
    if isinstance(problem, ValueError):  # a host name or a user name that no wire can carry
        return Pause("the mail server's name or our name there is not a valid one")
    if isinstance(problem, TimeoutError):
        return Retry("the mail server does not answer", outage=True)
    return Retry(f"the mail server cannot be reached: {_detail(cause)}", outage=True)


def _detail(cause: BaseException | None) -> str:
    if isinstance(cause, socket.gaierror):
        return "its name is not known"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno)
    return "no connection, or a broken one"


@lru_cache(maxsize=1)
def _own_name() -> str:
    """What EHLO says: our full name, else the address literal that RFC 5321 section 4.1.4 allows instead."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
