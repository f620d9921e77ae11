"""SQLite: one thread that writes, a few connections that read."""
