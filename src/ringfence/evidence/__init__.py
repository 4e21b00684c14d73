"""Evidence: signed statements in a log that only grows, and packs that anyone can verify."""
