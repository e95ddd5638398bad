"""A connection to a Dask cluster. Dask is imported only by whoever asks for one."""

from typing import Any

PATIENCE = 10  # seconds until a scheduler that does not answer is given up


def connect(address: str) -> Any:  # noqa: ANN401 (a distributed.Client)
    """A client of the scheduler at `address`. ConnectionError, for people: dask is not installed, or nobody answers."""
    try:
        from distributed import Client
    except ImportError:
        raise ConnectionError("a cluster needs dask: pip install distributed") from None
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no Dask scheduler answers at {address}: {error}") from None
