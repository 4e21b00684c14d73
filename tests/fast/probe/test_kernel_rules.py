"""Listings of a kernel's rules are compared table by table, whatever came first."""

import json

from ringfence.probe.running.files import _canonical

INFO = {"metainfo": {"json_schema_version": 1}}


def table(name: str, *marks: int) -> list[dict[str, object]]:
    """A table with a rule for each mark, as the kernel lists it."""
    of: dict[str, object] = {"family": "inet", "table": name}
    rules: list[dict[str, object]] = [
        {"rule": of | {"chain": "forward", "handle": 9, "expr": [mark]}} for mark in marks
    ]
    return [
        {"table": {"family": "inet", "name": name, "handle": len(name)}},
        {"chain": of | {"name": "forward", "handle": 1}},
        *rules,
    ]


def listing(*tables: list[dict[str, object]]) -> str:
    return json.dumps({"nftables": [INFO, *(entry for each in tables for entry in each)]})


def test_tables_may_be_loaded_in_any_order() -> None:
    one, other = table("ringfence", 1, 2), table("priorities", 3)

    assert _canonical(listing(one, other)) == _canonical(listing(other, one))


def test_the_rules_of_a_table_may_not() -> None:
    assert _canonical(listing(table("a", 1, 2))) != _canonical(listing(table("a", 2, 1)))
    assert _canonical(listing(table("a", 1), table("b", 2))) != _canonical(
        listing(table("a", 2), table("b", 1))
    )
