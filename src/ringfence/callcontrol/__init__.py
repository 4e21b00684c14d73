"""What decides inside Kamailio: pure policy, asked once a dialog, and the shim that asks it.

These modules are also deployed as plain files and run by the interpreter inside Kamailio, so they
import nothing but the standard library and each other.
"""
