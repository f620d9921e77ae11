"""PostgreSQL: units awaited on a lean list of asyncpg connections."""
