"""The CLI over https: it trusts the server's own authority by a variable, and nothing without it."""

import pathlib

import pytest

from support.azure_cli import Az, Refused
from support.server import Account, Server
from support.waiting import until


def test_a_task_runs_over_https(tls_server: Server, tls_account: Account, tmp_path: pathlib.Path) -> None:
    assert tls_account.url.startswith("https://")
    az = Az(tls_account, tmp_path, REQUESTS_CA_BUNDLE=tls_server.authority)
    size = ["--vm-size", "local_1", "--target-dedicated-nodes", "1"]
    image = ["--image", "canonical:0001-com-ubuntu-server-jammy:22_04-lts", "--node-agent-sku-id", "batch.node.ubuntu 22.04"]
    az("pool create", "--id", "pool", *size, *image)
    az("job create", "--id", "job", "--pool-id", "pool")
    task = ["--job-id", "job", "--task-id", "one"]
    az("task create", *task, "--command-line", "/bin/echo hello")
    until("the task completes", lambda: az("task show", *task, "--query", "state") == "completed")
    az("task file download", *task, "--file-path", "stdout.txt", "--destination", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "hello\n"


def test_an_authority_that_is_not_trusted_is_refused(tls_account: Account, tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refused) as refused:
        Az(tls_account, tmp_path)("pool list")
    assert "CERTIFICATE_VERIFY_FAILED" in refused.value.message
