"""What the API answers is what its description says: generated requests, none of them a fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from lora_registry.domain.access import Role
from tests.web.conftest import serving
from tests.web.realm import METROPOLIS

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "400"))
"""Of all routes together; `docs/web.md` says how the 2,000 of a release are run."""
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


@pytest.fixture
def site(realm_engine: Engine) -> Iterator[tuple[str, dict[str, str]]]:
    with serving(realm_engine, fresh=False) as server:
        client = server.signed_in(METROPOLIS, Role.ADMIN)
        yield server.url, dict(client.cookies)


@pytest.mark.timeout(600)
def test_no_generated_request_is_a_fault_or_answered_otherwise_than_described(
    site: tuple[str, dict[str, str]],
) -> None:
    url, cookies = site
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 8
    each = max(10, CASES // len(operations))
    for operation in operations:
        assert asked(operation, each, url, cookies) > 0, operation.label


def asked(operation: APIOperation[Any, Any, Any, Any, Any], most: int, url: str, cookies: dict[str, str]) -> int:
    """Ask for an operation in generated ways; return how often."""
    count = 0

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        nonlocal count
        count += 1
        case.call_and_validate(base_url=url, cookies=cookies, checks=CHECKS)

    ask()
    return count
