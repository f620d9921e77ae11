"""Who calls us: a room per language. Litestar lives here and above, never below."""
