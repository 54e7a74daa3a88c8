"""Nodes, certificates and settings of pools with the client of version 14."""

import base64

import pytest
from azure.batch import BatchServiceClient, models

from support.waiting import until

THUMBPRINT = "00112233445566778899aabbccddeeff00112233"


def make_pool(client: BatchServiceClient, nodes: int = 1, **settings: object) -> None:
    image = models.ImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    client.pool.add(
        models.PoolAddParameter(
            id="pool",
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=machine,
            target_dedicated_nodes=nodes,
            **settings,
        )
    )


def idle(client: BatchServiceClient) -> models.ComputeNode | None:
    return next((node for node in client.compute_node.list("pool") if node.state == "idle"), None)


def test_a_node_is_rebooted_and_reimaged(client: BatchServiceClient) -> None:
    make_pool(client)
    node = until("a node is idle", lambda: idle(client))
    for order in (client.compute_node.reboot, client.compute_node.reimage):
        before = client.compute_node.get("pool", node.id).last_boot_time
        order("pool", node.id)
        assert client.compute_node.get("pool", node.id).state in ("rebooting", "reimaging", "starting")
        again = until("it is idle again", lambda: idle(client))
        assert (again.id, again.last_boot_time > before) == (node.id, True)


def test_scheduling_on_a_node_is_switched(client: BatchServiceClient) -> None:
    make_pool(client)
    node = until("a node is idle", lambda: idle(client)).id
    client.compute_node.disable_scheduling("pool", node, node_disable_scheduling_option="taskcompletion")
    assert client.compute_node.get("pool", node).state == "offline"
    with pytest.raises(models.BatchErrorException) as refused:
        client.compute_node.disable_scheduling("pool", node)
    assert refused.value.error.code == "NodeAlreadyInTargetSchedulingState"
    client.compute_node.enable_scheduling("pool", node)
    assert client.compute_node.get("pool", node).state == "idle"


def test_a_certificate_is_added_named_and_deleted(client: BatchServiceClient) -> None:
    client.certificate.add(
        models.CertificateAddParameter(
            thumbprint=THUMBPRINT,
            thumbprint_algorithm="sha1",
            data=base64.b64encode(b"not a real one").decode(),
            certificate_format="pfx",
            password="p",
        )
    )
    assert [found.thumbprint for found in client.certificate.list()] == [THUMBPRINT]
    reference = models.CertificateReference(thumbprint=THUMBPRINT, thumbprint_algorithm="sha1")
    make_pool(client, nodes=0, certificate_references=[reference])
    client.certificate.delete("sha1", THUMBPRINT)
    failed = client.certificate.get("sha1", THUMBPRINT)
    assert (failed.state, failed.previous_state) == ("deletefailed", "deleting")
    assert failed.delete_certificate_error.values[0].value == "pool"
    client.certificate.cancel_deletion("sha1", THUMBPRINT)
    assert client.certificate.get("sha1", THUMBPRINT).state == "active"
    client.pool.patch("pool", models.PoolPatchParameter(certificate_references=[]))
    client.certificate.delete("sha1", THUMBPRINT)
    with pytest.raises(models.BatchErrorException) as gone:
        client.certificate.get("sha1", THUMBPRINT)
    assert gone.value.error.code == "CertificateNotFound"


def test_usage_and_statistics_are_read(client: BatchServiceClient) -> None:
    make_pool(client, nodes=0)
    pool = client.pool.get("pool", pool_get_options=models.PoolGetOptions(expand="stats"))
    assert pool.stats.usage_stats.dedicated_core_time.total_seconds() == 0
    assert list(client.pool.list_usage_metrics()) == []
