"""What packet filters do, read back from their own text: rules and, of these, what passes."""
