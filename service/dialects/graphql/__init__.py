"""GraphQL as a dialect: its schema and its selections, made of the tables that every language is made of."""
