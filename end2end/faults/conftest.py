from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger import Ledger

from stack import Gateway, Mock, scratch


@pytest.fixture
def directory() -> Iterator[Path]:
    with scratch() as directory:
        yield Path(directory)


@pytest.fixture
def mock(directory: Path) -> Iterator[Mock]:
    mock = Mock(directory)
    yield mock
    mock.check()
    mock.kill()


@pytest.fixture
def gateway(directory: Path, mock: Mock) -> Iterator[Gateway]:
    gateway = Gateway(directory, mock.url)
    yield gateway
    try:
        gateway.check()
        assert "panicked" not in gateway.output()
        assert gateway.stop() == 0
    finally:
        if gateway.alive():
            gateway.kill()


@pytest.fixture
def ledger(gateway: Gateway) -> Ledger:
    return Ledger(gateway)
