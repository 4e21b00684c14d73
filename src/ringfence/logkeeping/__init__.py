"""What keeps the log server's files: append-only, for as long as the site says, with room left.

It runs on the log server, as plain files, with the standard library alone.
"""
