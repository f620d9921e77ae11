"""`idbridge mail test`: one letter, sent now; what the mail server answers is said in plain words."""

import asyncio
from argparse import Namespace

from mail.addresses import BadAddress, mailbox
from mail.contract import Delivery, GiveUp, Pause, Retry, Sent
from service import post
from service.commands import Failure, tell
from service.commands.setting import configured, opened
from service.config import Config
from service.letters import samples


def run(options: Namespace) -> None:
    """Run the command; exit status 1 when the letter was not taken."""
    try:
        mailbox(options.to)
    except BadAddress as problem:
        raise Failure(f"A letter cannot go there: {problem}.") from None
    config = configured()
    outcome = asyncio.run(_send(config, options.to, options.project))
    where = config.smtp.host if config.smtp else str(config.data_dir / "outbox")
    if isinstance(outcome, Sent):
        tell(f"{where} has taken the letter to {options.to}: {outcome.reply}")
        return
    code = f" ({outcome.code})" if outcome.code else ""
    said = f"The server said: {outcome.reply}" if outcome.reply else "The server said nothing."
    raise Failure(f"{where} has not taken the letter: {outcome.reason}{code}.", f"{said} {_advice(outcome)}")


def _advice(outcome: Retry | GiveUp | Pause) -> str:
    match outcome:
        case Pause():
            return (
                "No letter goes out until EMAIL_FROM, EMAIL_SMTP_USER, EMAIL_SMTP_PASSWORD and "
                "EMAIL_SMTP_SECURE are as that server wants them."
            )
        case Retry(outage=True):
            return "Does this machine reach EMAIL_SMTP_HOST at EMAIL_SMTP_PORT? Letters wait until it does."
        case Retry():
            return "It would be tried again by itself."
        case GiveUp():
            return "It would not be tried again."


async def _send(config: Config, recipient: str, project: str) -> Delivery:
    async with opened(config) as database, post.carrier(config) as sender:
        facts = await database.read(samples.facts, "test", project, "en")
        letter = samples.letter("test", project, recipient)
        message = post.desk(config, database).write(letter, facts)
        return await sender.send(recipient, message)
