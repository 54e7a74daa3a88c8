"""What a Batch user does: a pool, a job, tasks, their output, and the end of it all."""

import io

from azure.batch import BatchServiceClient, models

from support.waiting import until

COMMAND = "/bin/sh -c 'echo hello from $AZ_BATCH_TASK_ID'"


def make_pool(client: BatchServiceClient, nodes: int = 1, **settings: object) -> None:
    image = models.ImageReference(
        publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts", version="latest"
    )
    client.pool.add(
        models.PoolAddParameter(
            id="pool",
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
            ),
            target_dedicated_nodes=nodes,
            task_slots_per_node=8,
            **settings,
        )
    )


def make_job(client: BatchServiceClient) -> None:
    client.job.add(models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool")))


def state(client: BatchServiceClient, name: str) -> models.TaskState:
    return client.task.get("job", name).state


def read(client: BatchServiceClient, name: str, span: str | None = None) -> bytes:
    options = models.FileGetFromTaskOptions(ocp_range=span)
    stream = client.file.get_from_task("job", name, "stdout.txt", options)
    content = io.BytesIO()
    for part in stream:
        content.write(part)
    return content.getvalue()


def test_a_task_runs_and_its_output_is_read(client: BatchServiceClient) -> None:
    make_pool(client)
    make_job(client)
    client.task.add("job", models.TaskAddParameter(id="one", command_line=COMMAND))
    until("the task completes", lambda: state(client, "one") == models.TaskState.completed)
    done = client.task.get("job", "one")
    assert (done.execution_info.exit_code, done.execution_info.result) == (0, models.TaskExecutionResult.success)
    assert read(client, "one") == b"hello from one\n"
    assert read(client, "one", "bytes=6-9") == b"from"
    raw = client.file.get_properties_from_task("job", "one", "stdout.txt", raw=True)
    assert raw.headers["Content-Length"] == "15" or raw.response.headers["Content-Length"] == "15"
    assert "stdout.txt" in [file.name for file in client.file.list_from_task("job", "one", recursive=True)]
    node = next(iter(client.compute_node.list("pool")))
    assert node.id == done.node_info.node_id
    counts = next(iter(client.account.list_pool_node_counts()))
    assert counts.dedicated.total == 1


def test_many_tasks_are_added_counted_and_listed_in_pages(client: BatchServiceClient) -> None:
    make_pool(client)
    make_job(client)
    tasks = [models.TaskAddParameter(id=f"t{n:03}", command_line="/bin/true") for n in range(250)]
    added = client.task.add_collection("job", tasks)
    assert len(added.value) == 250
    until("all complete", lambda: client.job.get_task_counts("job").task_counts.completed == 250)
    options = models.TaskListOptions(select="id,state", filter="state eq 'completed'", max_results=100)
    assert [t.id for t in client.task.list("job", options)] == [f"t{n:03}" for n in range(250)]


def test_a_job_is_disabled_enabled_terminated_and_deleted(client: BatchServiceClient) -> None:
    make_pool(client)
    make_job(client)
    client.task.add("job", models.TaskAddParameter(id="long", command_line="/bin/sleep 600"))
    until("it runs", lambda: state(client, "long") == models.TaskState.running)
    client.job.disable("job", models.DisableJobOption.requeue)
    until("it is disabled", lambda: client.job.get("job").state == models.JobState.disabled)
    client.job.enable("job")
    until("it runs again", lambda: state(client, "long") == models.TaskState.running)
    client.job.patch("job", models.JobPatchParameter(priority=5))
    assert client.job.get("job").priority == 5
    client.task.terminate("job", "long")
    assert client.task.get("job", "long").execution_info.failure_info.code == "TaskEnded"
    client.task.reactivate("job", "long")
    client.job.terminate("job")
    until("it is completed", lambda: client.job.get("job").state == models.JobState.completed)
    client.job.delete("job")
    until("it is gone", lambda: list(client.job.list()) == [])


def test_a_pool_is_resized_changed_and_deleted(client: BatchServiceClient) -> None:
    make_pool(client, nodes=0)
    client.pool.resize("pool", models.PoolResizeParameter(target_dedicated_nodes=1))
    until("it is steady", lambda: client.pool.get("pool").allocation_state == models.AllocationState.steady)
    assert client.pool.get("pool").current_dedicated_nodes == 1
    client.pool.patch("pool", models.PoolPatchParameter(metadata=[models.MetadataItem(name="a", value="b")]))
    client.pool.update_properties(
        "pool",
        models.PoolUpdatePropertiesParameter(
            certificate_references=[], application_package_references=[], metadata=[]
        ),
    )
    assert not client.pool.get("pool").metadata
    assert client.pool.exists("pool")
    client.pool.delete("pool")
    until("it is gone", lambda: not client.pool.exists("pool"))
