"""Directories that take a password: the little of LDAP version 3 (RFC 4511) that a sign-in needs.

Written here on purpose: of the libraries ldap3 blocks its thread and has had no release since 2021, and those
around OpenLDAP's own need its headers and a compiler where idbridge is installed. We send four requests.
"""
