"""What a job promises beyond its tasks: dependencies, exit conditions, preparation, release, a manager, statistics."""

from azure.batch import BatchClient, models

from python15.test_life import make_pool
from support.waiting import until


def make_job(client: BatchClient, **settings: object) -> None:
    client.create_job(
        models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool"), **settings)
    )


def sh(script: str) -> str:
    return f"/bin/sh -c '{script}'"


def is_completed(client: BatchClient) -> bool:
    return client.get_job("job").state == models.BatchJobState.COMPLETED


def test_dependencies_and_exit_conditions(client: BatchClient) -> None:
    make_pool(client)
    make_job(
        client,
        uses_task_dependencies=True,
        task_failure_mode=models.BatchTaskFailureMode.PERFORM_EXIT_OPTIONS_JOB_ACTION,
    )
    go_on = models.ExitOptions(
        job_action=models.BatchJobActionKind.NONE, dependency_action=models.DependencyAction.SATISFY
    )
    conditions = models.ExitConditions(exit_codes=[models.ExitCodeMapping(code=3, exit_options=go_on)])
    note = "echo $AZ_BATCH_TASK_ID >> $AZ_BATCH_NODE_SHARED_DIR/ran"
    after = models.BatchTaskDependencies(task_ids=["1"], task_id_ranges=[models.BatchTaskIdRange(start=2, end=3)])
    client.create_tasks(
        "job",
        [
            models.BatchTaskCreateOptions(
                id="last", command_line=sh("cat $AZ_BATCH_NODE_SHARED_DIR/ran; exit 9"), depends_on=after
            ),
            *[
                models.BatchTaskCreateOptions(
                    id=str(n), command_line=sh(f"{note}; exit {3 if n == 2 else 0}"), exit_conditions=conditions
                )
                for n in (1, 2, 3)
            ],
        ],
    )
    until("the job ends with the task that fails", lambda: is_completed(client))
    job = client.get_job("job", expand=["stats"])
    assert job.execution_info.termination_reason == "TaskFailed"
    assert (job.job_statistics.succeeded_tasks_count, job.job_statistics.failed_tasks_count) == (2, 2)
    ran = b"".join(client.download_task_file("job", "last", "stdout.txt")).split()
    assert sorted(ran) == [b"1", b"2", b"3"]
    last = client.get_task("job", "last", expand=["stats"])
    assert last.depends_on.task_id_ranges[0].end == 3
    assert last.task_statistics.wall_clock_time.total_seconds() >= 0


def test_preparation_release_and_manager(client: BatchClient) -> None:
    make_pool(client)
    make_job(
        client,
        job_preparation_task=models.BatchJobPreparationTask(command_line=sh("echo ready > data")),
        job_release_task=models.BatchJobReleaseTask(command_line="/bin/true"),
        job_manager_task=models.BatchJobManagerTask(
            id="manager", command_line=sh("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/data")
        ),
    )
    until("the job ends with its manager", lambda: is_completed(client))
    job = client.get_job("job")
    assert job.execution_info.termination_reason == "JMComplete"
    assert job.job_preparation_task.id == "jobpreparation"
    assert b"".join(client.download_task_file("job", "manager", "stdout.txt")) == b"ready\n"
    nodes = list(client.list_job_preparation_and_release_task_status("job"))
    assert len(nodes) == 1
    done = models.BatchTaskExecutionResult.SUCCESS
    assert nodes[0].job_preparation_task_execution_info.result == done
    assert nodes[0].job_release_task_execution_info.result == done
