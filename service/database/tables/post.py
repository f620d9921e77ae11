"""The tables of the mail, declared by `mail` itself."""

from mail import allowance, letter_rows
from service.database.tables.ground import metadata
from service.database.types import Document, Key, Moment, Words

letters = letter_rows.declare(metadata, key=Key, moment=Moment, document=Document, words=Words)

letter_windows = allowance.declare(metadata, moment=Moment, words=Words)
