"""Pools that come and go with a job or a job schedule."""

import datetime

import pytest
from azure.batch import BatchClient, models
from azure.batch.models import _models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from support.waiting import until
from test_life import FAST


def auto_pool(lifetime: models.BatchPoolLifetimeOption, **settings: object) -> models.BatchPoolInfo:
    pool = models.BatchPoolSpecification(vm_size="local_1", target_dedicated_nodes=1)
    return models.BatchPoolInfo(
        auto_pool_specification=models.BatchAutoPoolSpecification(
            auto_pool_id_prefix="auto", pool_lifetime_option=lifetime, pool=pool, **settings
        )
    )


def is_gone(client: BatchClient, pool: str) -> bool:
    try:
        client.get_pool(pool)
    except ResourceNotFoundError:
        return True
    return False


def test_a_job_runs_on_a_pool_of_its_own(client: BatchClient) -> None:
    info = auto_pool(models.BatchPoolLifetimeOption.JOB)
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=info))
    job = client.get_job("job")
    pool = job.execution_info.pool_id
    assert pool.startswith("auto_") and job.pool_info.pool_id is None
    assert job.pool_info.auto_pool_specification.keep_alive is False
    client.create_task("job", models.BatchTaskCreateOptions(id="t", command_line="/bin/sh -c 'echo $AZ_BATCH_POOL_ID'"))
    until("the task ends", lambda: client.get_task("job", "t").state == models.BatchTaskState.COMPLETED)
    assert b"".join(client.download_task_file("job", "t", "stdout.txt")).decode().strip() == pool
    # This version of the client does not export the model of these options.
    client.begin_terminate_job("job", _models.BatchJobTerminateOptions(termination_reason="done"), **FAST).result()
    until("the pool goes", lambda: is_gone(client, pool))


def test_a_job_without_a_pool_says_why(client: BatchClient) -> None:
    info = auto_pool(models.BatchPoolLifetimeOption.JOB)
    info.auto_pool_specification.pool.vm_size = "none_such"
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=info))
    job = client.get_job("job")
    assert job.state == models.BatchJobState.COMPLETED
    assert job.execution_info.scheduling_error.code == "InvalidPropertyValue"
    with pytest.raises(HttpResponseError) as refused:
        wrong = auto_pool(models.BatchPoolLifetimeOption.JOB_SCHEDULE)
        client.create_job(models.BatchJobCreateOptions(id="other", pool_info=wrong))
    assert refused.value.error.code == "InvalidPropertyValue"


def test_the_jobs_of_a_schedule_share_a_pool(client: BatchClient) -> None:
    schedule = models.BatchJobScheduleConfiguration(recurrence_interval=datetime.timedelta(hours=1))
    info = auto_pool(models.BatchPoolLifetimeOption.JOB_SCHEDULE)
    specification = models.BatchJobSpecification(pool_info=info)
    client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(id="nightly", schedule=schedule, job_specification=specification)
    )
    until("the first job", lambda: client.get_job_schedule("nightly").execution_info.recent_job)
    pool = client.get_job("nightly:job-1").execution_info.pool_id
    assert client.get_pool(pool).target_dedicated_nodes == 1
    client.begin_delete_job_schedule("nightly", **FAST).result()
    until("the pool goes", lambda: is_gone(client, pool))
