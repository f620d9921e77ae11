"""The core: what happens to users, in our own words; each verb is a unit of work for the database's doors."""
