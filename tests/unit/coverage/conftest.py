"""One thread for matrix products: several, waiting for each other on busy cores, take ten times as long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Keep matrix products on one thread."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
