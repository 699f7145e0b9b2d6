import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stack import Gateway, Mock, scratch  # noqa: E402


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with scratch() as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def mock(directory: Path) -> Iterator[Mock]:
    mock = Mock(directory)
    yield mock
    mock.check()
    mock.kill()


@pytest.fixture(scope="module")
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
