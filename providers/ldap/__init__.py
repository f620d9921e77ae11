"""Directories that take a password: the little of LDAP version 3 (RFC 4511) that a sign-in needs."""
