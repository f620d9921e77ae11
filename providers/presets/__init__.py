"""Providers that need no addresses: a file each, with where it is and how it describes people.

A preset is settings of one of the two protocols whose methods answer for a vendor. What a person looks like
there is read by pure functions, from profiles as the vendors document them.
"""
