"""The lab that tests share: brought up once, taken down at the end."""

import os
from collections.abc import Iterator

import pytest
from office import NAME, Office

from ringfence.deploy import lab as labs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without root there is no lab, and a test that cannot run must not look as if it had."""
    if items and os.geteuid() != 0:
        pytest.exit("the lab tests need root: sudo script/test; without: script/test fast", 2)


@pytest.fixture(scope="session", name="running")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    try:
        yield Office(tmp_path_factory.mktemp("credentials"))
    finally:
        labs.down(NAME, print)


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    yield running
    running.hang_up()
