"""What the use cases need to keep of the installation itself."""

from typing import Protocol


class Meta(Protocol):
    """Small facts about the installation (key check value, installation id)."""

    async def get(self, key: str) -> str | None: ...
    async def put(self, key: str, value: str) -> None: ...
    async def put_first(self, key: str, value: str) -> str:
        """Put a value unless the key has one; return the one it has then, in every process."""
        ...

    async def replace(self, key: str, value: str, *, expected: str) -> bool:
        """Put a value if the key still has the expected one; False otherwise."""
        ...
