"""The model that tests of limits measure."""

import pytest

from core.model import load_checkpoint
from tests.tiny import make_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    make_checkpoint(folder)
    return load_checkpoint(folder)
