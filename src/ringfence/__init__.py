"""Ringfence: one site file in; a running, hardened IP telephony system out; and proof."""

__version__ = "0.1.0"
