"""Job schedules: jobs by the clock, and what goes with them."""

import datetime

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from support.waiting import until
from test_life import FAST, make_pool

HOUR = datetime.timedelta(hours=1)


def specification(**settings: object) -> models.BatchJobSpecification:
    return models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="pool"), **settings)


def make_schedule(client: BatchClient, name: str = "nightly", **times: object) -> None:
    client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(
            id=name,
            display_name="Nightly",
            schedule=models.BatchJobScheduleConfiguration(**times),
            job_specification=specification(priority=7),
            metadata=[models.BatchMetadataItem(name="team", value="sea")],
        )
    )


def recent_job(client: BatchClient) -> str | None:
    job = client.get_job_schedule("nightly").execution_info.recent_job
    return job.id if job else None


def test_a_schedule_makes_a_job_whose_tasks_run(client: BatchClient) -> None:
    make_pool(client)
    make_schedule(client, recurrence_interval=HOUR, start_window=HOUR)
    until("the first job", lambda: recent_job(client) == "nightly:job-1")
    schedule = client.get_job_schedule("nightly", expand=["stats"])
    assert (schedule.state, schedule.display_name) == (models.BatchJobScheduleState.ACTIVE, "Nightly")
    assert (schedule.schedule.recurrence_interval, schedule.schedule.start_window) == (HOUR, HOUR)
    assert (schedule.job_specification.priority, schedule.metadata[0].value) == (7, "sea")
    first = schedule.creation_time
    assert abs(schedule.execution_info.next_run_time - first - HOUR) < datetime.timedelta(seconds=5)

    # The colon is percent-encoded by the client.
    job = client.get_job("nightly:job-1")
    assert (job.priority, job.pool_info.pool_id) == (7, "pool")
    command = "/bin/sh -c 'echo $AZ_BATCH_JOB_ID; pwd'"
    client.create_task("nightly:job-1", models.BatchTaskCreateOptions(id="one", command_line=command))

    def done() -> models.BatchTask | None:
        found = client.get_task("nightly:job-1", "one")
        return found if found.state == models.BatchTaskState.COMPLETED else None

    task = until("its task completes", done)
    assert task.node_info.task_root_directory == "workitems/nightly/job-1/one"
    output = b"".join(client.download_task_file("nightly:job-1", "one", "stdout.txt")).decode().split()
    assert output[0] == "nightly:job-1"
    assert output[1].endswith("/workitems/nightly/job-1/one/wd")
    path = f"{task.node_info.task_root_directory}/stdout.txt"
    assert b"".join(client.download_node_file("pool", task.node_info.node_id, path)).startswith(b"nightly:job-1")

    client.update_job("nightly:job-1", models.BatchJobUpdateOptions(all_tasks_complete_mode="terminatejob"))
    ended = until("the job ends", lambda: client.get_job("nightly:job-1").state == models.BatchJobState.COMPLETED)
    assert ended and recent_job(client) == "nightly:job-1"
    completed = list(client.list_jobs_from_schedule("nightly", filter="state eq 'completed'", select=["id"]))
    assert [job.id for job in completed] == ["nightly:job-1"]


def test_a_schedule_is_disabled_enabled_terminated_and_deleted(client: BatchClient) -> None:
    make_schedule(client, recurrence_interval=HOUR)
    until("the first job", lambda: recent_job(client) == "nightly:job-1")
    client.disable_job_schedule("nightly")
    assert client.get_job_schedule("nightly").state == models.BatchJobScheduleState.DISABLED
    with pytest.raises(HttpResponseError) as refused:
        client.disable_job_schedule("nightly")
    assert refused.value.error.code == "JobScheduleDisabled"
    client.enable_job_schedule("nightly")
    client.begin_terminate_job_schedule("nightly", force=True, **FAST).result()
    ended = client.get_job_schedule("nightly")
    assert ended.state == models.BatchJobScheduleState.COMPLETED
    assert ended.previous_state == models.BatchJobScheduleState.TERMINATING
    assert ended.execution_info.end_time is not None and ended.execution_info.next_run_time is None
    job = client.get_job("nightly:job-1")
    assert (job.state, job.execution_info.termination_reason) == ("completed", "TerminateJobSchedule")
    client.begin_delete_job_schedule("nightly", **FAST).result()
    with pytest.raises(ResourceNotFoundError):
        client.get_job("nightly:job-1")
    assert list(client.list_job_schedules()) == []


def test_a_schedule_is_changed_in_place(client: BatchClient) -> None:
    start = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    make_schedule(client, do_not_run_until=start)
    assert client.get_job_schedule("nightly").execution_info.next_run_time == start
    update = models.BatchJobScheduleUpdateOptions(job_specification=specification(priority=1))
    client.update_job_schedule("nightly", update)
    schedule = client.get_job_schedule("nightly")
    assert (schedule.job_specification.priority, schedule.schedule.do_not_run_until) == (1, start)
    stale = schedule.etag
    schedule.schedule = models.BatchJobScheduleConfiguration(do_not_run_until=start + HOUR)
    schedule.metadata = []
    matching = {"etag": stale, "match_condition": MatchConditions.IfNotModified}
    client.replace_job_schedule("nightly", schedule, **matching)
    changed = client.get_job_schedule("nightly")
    assert changed.execution_info.next_run_time == start + HOUR
    assert (changed.job_specification.priority, changed.metadata or []) == (1, [])
    with pytest.raises(ResourceModifiedError):
        client.replace_job_schedule("nightly", schedule, **matching)


def test_schedules_are_found_by_id_state_and_time(client: BatchClient) -> None:
    start = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    for n in range(5):
        make_schedule(client, f"s{n}", do_not_run_until=start + n * HOUR)
    client.disable_job_schedule("s3")
    assert [s.id for s in client.list_job_schedules(max_results=2)] == ["s0", "s1", "s2", "s3", "s4"]
    late = "schedule/doNotRunUntil ge DateTime'2100-01-01T03:00:00Z'"
    assert [s.id for s in client.list_job_schedules(filter=late, max_results=1)] == ["s3", "s4"]
    disabled = list(client.list_job_schedules(filter="state eq 'disabled'", select=["id", "state"]))
    assert [(s.id, s.state) for s in disabled] == [("s3", models.BatchJobScheduleState.DISABLED)]
    assert client.job_schedule_exists("s0")


def test_jobs_and_schedules_share_their_ids(client: BatchClient) -> None:
    make_schedule(client, do_not_run_until=datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
    pool = models.BatchPoolInfo(pool_id="pool")
    with pytest.raises(ResourceExistsError) as refused:
        make_schedule(client)
    assert refused.value.error.code == "JobScheduleExists"
    with pytest.raises(ResourceExistsError) as refused:
        client.create_job(models.BatchJobCreateOptions(id="nightly", pool_info=pool))
    assert refused.value.error.code == "JobScheduleWithSameIdExists"
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=pool))
    with pytest.raises(ResourceExistsError) as refused:
        make_schedule(client, "job")
    assert refused.value.error.code == "JobWithSameIdExists"
