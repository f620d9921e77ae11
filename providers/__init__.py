"""Whom we trust to say who somebody is: a mapping goes in, an identity comes out, and no request, database or
session is ever seen here."""
