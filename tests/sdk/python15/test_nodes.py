"""What a Batch user does to single nodes, with the pollers of the client."""

import pytest
from azure.batch import BatchClient, models
from azure.batch.models import _models
from azure.core.exceptions import ResourceExistsError

from support.waiting import until

FAST = {"polling_interval": 0.1}


def make_pool(client: BatchClient) -> str:
    """A pool of one node; its id once it is idle."""
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="pool",
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04"
            ),
            target_dedicated_nodes=1,
            start_task=models.BatchStartTask(command_line="/bin/true"),
        )
    )
    return until("a node is idle", lambda: next((node.id for node in client.list_nodes("pool") if is_idle(node)), None))


def is_idle(node: models.BatchNode) -> bool:
    return node.state == models.BatchNodeState.IDLE


def until_idle(client: BatchClient, node: str) -> models.BatchNode:
    return until("the node is idle again", lambda: next(filter(is_idle, [client.get_node("pool", node)]), None))


def test_a_node_is_rebooted_and_reimaged(client: BatchClient) -> None:
    node = make_pool(client)
    first = client.get_node("pool", node)
    assert first.virtual_machine_info.image_reference.offer == "ubuntu-24_04-lts"
    options = _models.BatchNodeRebootOptions(node_reboot_kind="requeue")
    client.begin_reboot_node("pool", node, options, **FAST).result()
    rebooted = until_idle(client, node)
    assert rebooted.last_boot_time > first.last_boot_time
    assert rebooted.start_task_info.start_time > first.start_task_info.start_time
    options = _models.BatchNodeReimageOptions(node_reimage_option="terminate")
    client.begin_reimage_node("pool", node, options, **FAST).result()
    assert until_idle(client, node).last_boot_time > rebooted.last_boot_time


def test_a_node_is_deallocated_and_started(client: BatchClient) -> None:
    node = make_pool(client)
    options = _models.BatchNodeDeallocateOptions(node_deallocate_option="requeue")
    client.begin_deallocate_node("pool", node, options, **FAST).result()
    assert client.get_node("pool", node).state == models.BatchNodeState.DEALLOCATED
    counts = next(iter(client.list_pool_node_counts()))
    assert (counts.dedicated.deallocated, counts.dedicated.total) == (1, 1)
    client.begin_start_node("pool", node, **FAST).result()
    until_idle(client, node)


def test_scheduling_on_a_node_is_switched(client: BatchClient) -> None:
    node = make_pool(client)
    options = models.BatchNodeDisableSchedulingOptions(
        node_disable_scheduling_option=models.BatchNodeDisableSchedulingOption.TASK_COMPLETION
    )
    client.disable_node_scheduling("pool", node, options)
    found = client.get_node("pool", node)
    assert (found.state, found.scheduling_state) == (models.BatchNodeState.OFFLINE, models.SchedulingState.DISABLED)
    with pytest.raises(ResourceExistsError) as refused:
        client.disable_node_scheduling("pool", node, options)
    assert "NodeAlreadyInTargetSchedulingState" in str(refused.value)
    client.enable_node_scheduling("pool", node)
    assert client.get_node("pool", node).state == models.BatchNodeState.IDLE
