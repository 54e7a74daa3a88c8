"""Pools by the management plane."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import (
    CertificateCreateOrUpdateParameters,
    DeploymentConfiguration,
    FixedScaleSettings,
    ImageReference,
    MetadataItem,
    Pool,
    ScaleSettings,
    StartTask,
    VirtualMachineConfiguration,
)

from support.server import Account


def test_a_pool_lives_from_creation_to_deletion(client: BatchManagementClient, tls_account: Account) -> None:
    of = (tls_account.resource_group, tls_account.name)
    machine = VirtualMachineConfiguration(
        image_reference=ImageReference(publisher="canonical", offer="jammy", sku="22_04-lts", version="latest"),
        node_agent_sku_id="batch.node.ubuntu 22.04",
    )
    pool = Pool(
        vm_size="LOCAL_1",
        deployment_configuration=DeploymentConfiguration(virtual_machine_configuration=machine),
        scale_settings=ScaleSettings(fixed_scale=FixedScaleSettings(target_dedicated_nodes=0)),
        start_task=StartTask(command_line="/bin/true"),
    )
    made = client.pool.create(*of, "pool", pool)
    assert (made.name, made.allocation_state, made.provisioning_state) == ("pool", "Steady", "Succeeded")
    found = client.pool.get(*of, "POOL")
    assert found.etag == made.etag
    assert found.deployment_configuration.virtual_machine_configuration.node_agent_sku_id == "batch.node.ubuntu 22.04"
    assert [pool.name for pool in client.pool.list_by_batch_account(*of, filter="startswith(name,'p')")] == ["pool"]
    shown, = client.pool.list_by_batch_account(*of, select="properties/vmSize,properties/taskSchedulingPolicy")
    assert (shown.name, shown.vm_size, shown.allocation_state) == ("pool", made.vm_size, None)
    assert shown.task_scheduling_policy.node_fill_type == "Spread"

    change = Pool(metadata=[MetadataItem(name="a", value="b")])
    changed = client.pool.update(*of, "pool", change, if_match=made.etag)
    assert changed.metadata[0].value == "b" and changed.start_task.command_line == "/bin/true"
    with pytest.raises(HttpResponseError) as refused:
        client.pool.update(*of, "pool", change, if_match=made.etag)
    assert refused.value.status_code == 412

    client.pool.begin_delete(*of, "pool").result(60)
    with pytest.raises(ResourceNotFoundError):
        client.pool.get(*of, "pool")


def test_a_certificate_is_added_packed_anew_and_deleted(client: BatchManagementClient, tls_account: Account) -> None:
    of = (tls_account.resource_group, tls_account.name, "sha1-0a1b")
    content = CertificateCreateOrUpdateParameters(data="AAAA", format="Cer")
    made = client.certificate.create(*of, content)
    changed = client.certificate.update(*of, CertificateCreateOrUpdateParameters(data="BBBB", format="Cer"), if_match=made.etag)
    assert (changed.public_data, changed.provisioning_state) == ("BBBB", "Succeeded")
    with pytest.raises(HttpResponseError) as refused:
        client.certificate.update(*of, content, if_match=made.etag)
    assert refused.value.status_code == 412
    client.certificate.begin_delete(*of).result(30)
    with pytest.raises(ResourceNotFoundError):
        client.certificate.get(*of)
