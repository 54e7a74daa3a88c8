"""A task that runs on two nodes at once, and its subtask."""

from azure.batch import BatchClient, models

from support.waiting import until


def sh(script: str) -> str:
    return f"/bin/sh -c '{script}'"


def test_a_task_runs_on_two_nodes(client: BatchClient) -> None:
    image = models.BatchVmImageReference(
        publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts", version="latest"
    )
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="pool",
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
            ),
            target_dedicated_nodes=2,
            enable_inter_node_communication=True,
        )
    )
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    settings = models.MultiInstanceSettings(
        number_of_instances=2,
        coordination_command_line=sh("echo ready on $AZ_BATCH_NODE_ID > $AZ_BATCH_TASK_SHARED_DIR/note"),
    )
    command = sh("cat $AZ_BATCH_TASK_SHARED_DIR/note; echo $AZ_BATCH_NODE_LIST")
    client.create_task(
        "job", models.BatchTaskCreateOptions(id="task", command_line=command, multi_instance_settings=settings)
    )
    until("the task completes", lambda: client.get_task("job", "task").state == models.BatchTaskState.COMPLETED)
    task = client.get_task("job", "task")
    assert task.multi_instance_settings.number_of_instances == 2
    assert task.execution_info.exit_code == 0
    out = b"".join(client.download_task_file("job", "task", "stdout.txt")).decode().split("\n")
    assert out[0] == f"ready on {task.node_info.node_id}" and out[1] == "127.0.0.1;127.0.0.1"
    subtasks = list(client.list_subtasks("job", "task"))
    assert [(s.id, s.state, s.exit_code) for s in subtasks] == [(1, models.BatchSubtaskState.COMPLETED, 0)]
    assert subtasks[0].node_info.node_id != task.node_info.node_id
