"""Configurations of access switches: a writer and a strict reader for each platform."""
