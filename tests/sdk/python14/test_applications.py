"""Application packages by the generation before azure-core."""

import pytest
from azure.batch import BatchServiceClient, models

from support.packages import GREETING, Packages, zip_file
from support.server import Account, Server
from support.waiting import until


def test_a_pool_brings_a_package(client: BatchServiceClient, server: Server, account: Account) -> None:
    Packages(server, account).activate("tool", "1.0", zip_file())
    (found,) = client.application.list()
    assert (found.id, found.display_name, found.versions) == ("tool", "The tool", ["1.0"])
    assert client.application.get("tool").versions == ["1.0"]
    with pytest.raises(models.BatchErrorException) as refused:
        client.application.get("none")
    assert refused.value.error.code == "ApplicationNotFound"

    def pool(version: str | None) -> models.PoolAddParameter:
        reference = models.ApplicationPackageReference(application_id="tool", version=version)
        return models.PoolAddParameter(
            id="pool", vm_size="local_1", target_dedicated_nodes=1, application_package_references=[reference]
        )

    with pytest.raises(models.BatchErrorException) as refused:
        client.pool.add(pool(None))
    assert refused.value.error.code == "InvalidApplicationPackageReferences"
    client.pool.add(pool("1.0"))
    client.job.add(models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool")))
    command = "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_tool_1_0/bin/greet'"
    client.task.add("job", models.TaskAddParameter(id="one", command_line=command))
    until("the task completes", lambda: client.task.get("job", "one").state == "completed")
    text = b"".join(client.file.get_from_task("job", "one", "stdout.txt")).decode()
    assert text == f"{GREETING}\n"
