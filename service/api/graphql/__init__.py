"""GraphQL at `/graphql/system`: every field is a request of the REST rooms, asked within this one."""
