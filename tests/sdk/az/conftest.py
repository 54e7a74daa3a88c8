"""azure-cli, with its own azure-batch (a beta of 15)."""

import pathlib
from collections.abc import Callable

import pytest

from support.azure_cli import Az, Refused
from support.server import Account


@pytest.fixture
def az(account: Account, tmp_path: pathlib.Path) -> Az:
    return Az(account, tmp_path)


@pytest.fixture
def refused() -> Callable[..., Refused]:
    """How `az` refuses a command."""

    def call(az: Az, command: str, *words: str) -> Refused:
        with pytest.raises(Refused) as caught:
            az(command, *words)
        return caught.value

    return call
