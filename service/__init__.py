"""Us: who calls us (api, pages), what we keep (users, database), and the dictionaries between (dialects)."""
