"""`idbridge check`: names every mistake in the configuration at once, and what the good ones come to."""

from argparse import Namespace

from service.commands import tell
from service.commands.setting import configured
from service.database.url import sqlite_path


def run(options: Namespace) -> None:
    """Run the command. It opens nothing and writes nothing."""
    config = configured(keep=False, warn=tell)
    file = sqlite_path(config.database_url)
    facts = {
        "public address": config.public_url,
        "listens on": f"{config.host} port {config.port}",
        "database": f"SQLite, {file}" if file else "PostgreSQL",
        "letters": f"to {config.smtp.host} port {config.smtp.port}, TLS {config.smtp.security}"
        if config.smtp
        else f"kept in {config.data_dir / 'outbox'}",
        "sign-on": ", ".join(config.providers) or "no providers",
    }
    for name, fact in facts.items():
        tell(f"{name:15} {fact}")
    tell("The configuration is good.")
