"""What tests of the use cases share."""

from collections.abc import AsyncIterator

import pytest
from tests.service.standing import Standing, standing


@pytest.fixture
async def installation() -> AsyncIterator[Standing]:
    """An installation without network or disk."""
    async with standing() as one:
        yield one
