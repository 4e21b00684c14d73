"""The `ringfence` command."""


def main() -> None:
    """Run the command line."""
