"""Job schedules: jobs by the clock, and what goes with them."""

import datetime

import pytest
from azure.batch import BatchServiceClient, models

from support.waiting import until
from test_life import make_pool

HOUR = datetime.timedelta(hours=1)


def make_schedule(client: BatchServiceClient, **times: object) -> None:
    client.job_schedule.add(
        models.JobScheduleAddParameter(
            id="nightly",
            schedule=models.Schedule(**times),
            job_specification=models.JobSpecification(
                pool_info=models.PoolInformation(pool_id="pool"),
                constraints=models.JobConstraints(max_wall_clock_time=HOUR),
            ),
        )
    )


def state(client: BatchServiceClient) -> models.JobScheduleState:
    return client.job_schedule.get("nightly").state


def has_job(client: BatchServiceClient, number: int) -> bool:
    recent = client.job_schedule.get("nightly").execution_info.recent_job
    return recent is not None and recent.id == f"nightly:job-{number}"


def test_a_schedule_makes_a_job_whose_tasks_run(client: BatchServiceClient) -> None:
    make_pool(client)
    make_schedule(client, recurrence_interval=HOUR)
    until("the first job", lambda: has_job(client, 1))
    schedule = client.job_schedule.get("nightly")
    assert schedule.schedule.recurrence_interval == HOUR
    assert schedule.job_specification.constraints.max_wall_clock_time == HOUR
    job = "nightly:job-1"
    client.task.add(job, models.TaskAddParameter(id="one", command_line="/bin/true"))
    until("its task completes", lambda: client.task.get(job, "one").state == models.TaskState.completed)
    assert client.task.get(job, "one").node_info.task_root_directory == "workitems/nightly/job-1/one"
    client.job.patch(job, models.JobPatchParameter(on_all_tasks_complete="terminatejob"))
    until("the job ends", lambda: client.job.get(job).state == models.JobState.completed)
    assert [j.id for j in client.job.list_from_job_schedule("nightly")] == [job]
    # A new schedule without an interval: one job, now.
    client.job_schedule.patch("nightly", models.JobSchedulePatchParameter(schedule=models.Schedule()))
    until("the second job", lambda: has_job(client, 2))
    client.job.terminate("nightly:job-2")
    until("the schedule completes", lambda: state(client) == models.JobScheduleState.completed)
    options = models.JobListFromJobScheduleOptions(filter="executionInfo/endTime gt DateTime'2020-01-01T00:00:00Z'")
    assert len(list(client.job.list_from_job_schedule("nightly", options))) == 2


def test_a_schedule_is_disabled_enabled_terminated_and_deleted(client: BatchServiceClient) -> None:
    make_schedule(client, recurrence_interval=HOUR)
    until("the first job", lambda: has_job(client, 1))
    client.job_schedule.disable("nightly")
    assert state(client) == models.JobScheduleState.disabled
    client.job_schedule.enable("nightly")
    assert state(client) == models.JobScheduleState.active
    client.job_schedule.terminate("nightly")
    until("it completes", lambda: state(client) == models.JobScheduleState.completed)
    assert client.job.get("nightly:job-1").execution_info.terminate_reason == "TerminateJobSchedule"
    assert client.job_schedule.exists("nightly")
    client.job_schedule.delete("nightly")
    until("it is gone", lambda: not client.job_schedule.exists("nightly"))
    assert list(client.job.list()) == []


def test_a_schedule_is_replaced_if_nobody_else_changed_it(client: BatchServiceClient) -> None:
    start = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
    make_schedule(client, do_not_run_until=start)
    schedule = client.job_schedule.get("nightly")
    assert schedule.execution_info.next_run_time == start
    update = models.JobScheduleUpdateParameter(
        schedule=models.Schedule(do_not_run_until=start + HOUR), job_specification=schedule.job_specification
    )
    options = models.JobScheduleUpdateOptions(if_match=schedule.e_tag)
    client.job_schedule.update("nightly", update, options)
    assert client.job_schedule.get("nightly").execution_info.next_run_time == start + HOUR
    with pytest.raises(models.BatchErrorException) as refused:
        client.job_schedule.update("nightly", update, options)
    assert refused.value.error.code == "ConditionNotMet"


def test_schedules_are_listed_filtered_and_selected(client: BatchServiceClient) -> None:
    make_schedule(client, do_not_run_until=datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
    options = models.JobScheduleListOptions(filter="startswith(id,'night') and state eq 'active'", select="id,state")
    found = list(client.job_schedule.list(options))
    assert [(s.id, s.job_specification) for s in found] == [("nightly", None)]
    with pytest.raises(models.BatchErrorException) as refused:
        make_schedule(client)
    assert refused.value.error.code == "JobScheduleExists"
