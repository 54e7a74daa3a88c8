"""What a job promises beyond its tasks, by the older client."""

from azure.batch import BatchServiceClient, models

from python14.test_life import make_pool
from support.waiting import until


def is_completed(client: BatchServiceClient) -> bool:
    return client.job.get("job").state == models.JobState.completed


def test_dependencies_preparation_and_release(client: BatchServiceClient) -> None:
    make_pool(client)
    client.job.add(
        models.JobAddParameter(
            id="job",
            pool_info=models.PoolInformation(pool_id="pool"),
            uses_task_dependencies=True,
            on_task_failure=models.OnTaskFailure.perform_exit_options_job_action,
            job_preparation_task=models.JobPreparationTask(command_line="/bin/true"),
            job_release_task=models.JobReleaseTask(command_line="/bin/false"),
        )
    )
    end_job = models.ExitConditions(
        exit_codes=[models.ExitCodeMapping(code=0, exit_options=models.ExitOptions(job_action="terminate"))]
    )
    after = models.TaskDependencies(task_ids=["first"])
    client.task.add_collection(
        "job",
        [
            models.TaskAddParameter(id="second", command_line="/bin/true", depends_on=after, exit_conditions=end_job),
            models.TaskAddParameter(id="first", command_line="/bin/true"),
        ],
    )
    until("the job ends with its second task", lambda: is_completed(client))
    job = client.job.get("job", models.JobGetOptions(expand="stats"))
    assert job.execution_info.terminate_reason == "TaskFailed"
    assert job.stats.num_succeeded_tasks == 2
    nodes = list(client.job.list_preparation_and_release_task_status("job"))
    assert [node.job_preparation_task_execution_info.exit_code for node in nodes] == [0]
    assert [node.job_release_task_execution_info.exit_code for node in nodes] == [1]
