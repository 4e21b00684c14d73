"""The relay between telephones and data: mail goes through it, and the directory is read there.

What decides is pure; the sockets are in thin runners. These modules are also deployed as plain
files and run by the system's own Python, so they import nothing but the standard library, each
other and, in the runners that speak SMTP, Debian's python3-aiosmtpd.
"""
