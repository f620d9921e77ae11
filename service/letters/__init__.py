"""Letter -> message: looks up what the letter is about, mints its token only then, picks the language."""

from collections.abc import Callable, Container, Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

from mail.catalogue import in_words
from mail.contract import Letter
from mail.message import write
from mail.sheets import calm
from mail.tongues import nearest
from service.database import Database, now
from service.letters.kinds import KINDS, Facts
from service.letters.ticket import Ticket

__all__ = ["Letters", "Ticket", "with_token"]

SIGN_IN: Final = "/admin/login"
_DEFAULT: Final = "default"  # the project whose pages stand at the root: DEFAULT in service.users.projects
Way = Literal["password", "sign-on", "either"]
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Letters:
    """Writes every kind of letter. `mint` signs a ticket's token; `public_url` is where our pages are.

    `labels`: what people know providers by, where that is not the name; `passwords`: whether there may be
    any, `sign_on`: the projects whose people may also sign on elsewhere.
    """

    def __init__(
        self,
        database: Database,
        *,
        sender: Address,
        public_url: str,
        mint: Callable[[Ticket], str],
        labels: Mapping[str, str] = _NONE,
        passwords: bool = True,
        sign_on: Container[str] = (),
        clock: Callable[[], str] = now,
    ) -> None:
        self._database = database
        self._sender = sender
        self._home = public_url.rstrip("/")
        self._mint = mint
        self._labels = labels
        self._passwords = passwords
        self._sign_on = sign_on
        self._clock = clock

    async def compose(self, letter: Letter) -> EmailMessage:
        """Write the message. Raises mail's Obsolete when nobody needs it, LookupError for an unknown kind.

        An unknown kind comes from a newer replica; the letter waits until one of those has it.
        """
        return self.write(letter, await self._database.read(KINDS[letter.kind], letter, self._clock()))

    def write(self, letter: Letter, facts: Facts) -> EmailMessage:
        """Write what is known of a letter."""
        place = urlsplit(self._home).netloc
        shown = calm(facts.project) or place
        sender = self._sender
        if not sender.display_name:
            sender = Address(shown, sender.username, sender.domain)
        language = nearest(facts.language, facts.head.language)
        provider = facts.words.get("provider")
        values = {
            **facts.words,
            "provider": self._labels.get(provider, provider) if provider else None,
            **{name: in_words(moment, language) for name, moment in facts.moments.items()},
            "way": self._way(letter, facts),
            "link": self._link(letter, facts),
            "project": shown,
            "home": self._home,
            "place": place,
        }
        return write(letter, values, sender=sender, lang=language, head=facts.head)

    def _way(self, letter: Letter, facts: Facts) -> Way:
        """How the account is opened that a letter speaks of. A page elsewhere asks for a password."""
        if facts.words.get("provider") or not self._passwords:
            return "sign-on"
        return "either" if letter.project in self._sign_on and facts.url is None else "password"

    def _link(self, letter: Letter, facts: Facts) -> str | None:
        if not facts.opens:
            return None
        if facts.ticket is None:
            within = "" if letter.project == _DEFAULT else f"/{letter.project}"
            return self._home + within + SIGN_IN
        return with_token(facts.url or self._home + facts.ticket.page, self._mint(facts.ticket))


def with_token(url: str, token: str) -> str:
    """Give `url` with `token` in its query, instead of one that was there; the rest stays as written."""
    parts = urlsplit(url)
    others = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != "token"]
    return urlunsplit(parts._replace(query="&".join([*others, f"token={token}"])))
