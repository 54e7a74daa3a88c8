"""What a program learns when it is refused."""

import pytest
from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials

from support.server import Account


def test_errors_carry_batchs_codes(client: BatchServiceClient) -> None:
    with pytest.raises(models.BatchErrorException) as refused:
        client.job.get("none")
    assert refused.value.error.code == "JobNotFound"
    assert "The specified job does not exist" in refused.value.error.message.value
    job = models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool"))
    client.job.add(job)
    with pytest.raises(models.BatchErrorException) as refused:
        client.job.add(job)
    assert refused.value.error.code == "JobExists"
    assert client.pool.exists("none") is False


def test_a_wrong_key_is_refused(account: Account) -> None:
    client = BatchServiceClient(SharedKeyCredentials(account.name, "d3Jvbmc="), batch_url=account.url)
    with pytest.raises(models.BatchErrorException) as refused:
        list(client.pool.list())
    assert refused.value.error.code == "AuthenticationFailed"
    assert refused.value.error.values[0].key == "AuthenticationErrorDetail"


def test_a_task_that_exists_does_not_hold_back_the_others(client: BatchServiceClient) -> None:
    client.job.add(models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool")))
    task = models.TaskAddParameter(id="a", command_line="/bin/true")
    client.task.add("job", task)
    other = models.TaskAddParameter(id="b", command_line="/bin/true")
    results = {r.task_id: r.status for r in client.task.add_collection("job", [task, other]).value}
    assert results["b"] == models.TaskAddStatus.success
    assert [t.id for t in client.task.list("job")] == ["a", "b"]
