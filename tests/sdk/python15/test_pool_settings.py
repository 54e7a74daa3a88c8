"""Settings of pools as a Batch user writes and changes them."""

import datetime

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError


def machine(**settings: object) -> models.VirtualMachineConfiguration:
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    return models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04", **settings
    )


def make_pool(client: BatchClient, **settings: object) -> models.BatchPool:
    options = {"virtual_machine_configuration": machine(), "target_dedicated_nodes": 0, **settings}
    client.create_pool(models.BatchPoolCreateOptions(id="pool", vm_size="standard_d2s_v3", **options))
    return client.get_pool("pool")


def test_settings_of_a_cloud_are_given_back(client: BatchClient) -> None:
    disk = models.BatchOsDisk(
        caching=models.CachingType.READ_WRITE,
        managed_disk=models.ManagedDisk(storage_account_type=models.StorageAccountType.PREMIUM_LRS),
    )
    profile = models.SecurityProfile(
        security_type=models.SecurityTypes.TRUSTED_LAUNCH,
        encryption_at_host=True,
        uefi_settings=models.BatchUefiSettings(secure_boot_enabled=True, vtpm_enabled=True),
    )
    policy = models.UpgradePolicy(
        mode=models.UpgradeMode.ROLLING,
        rolling_upgrade_policy=models.RollingUpgradePolicy(pause_time_between_batches=datetime.timedelta(seconds=5)),
    )
    pool = make_pool(
        client,
        virtual_machine_configuration=machine(os_disk=disk, security_profile=profile),
        upgrade_policy=policy,
        network_configuration=models.NetworkConfiguration(enable_accelerated_networking=True),
    )
    found = pool.virtual_machine_configuration
    assert found.os_disk == disk
    assert found.security_profile == profile
    assert pool.upgrade_policy.rolling_upgrade_policy.pause_time_between_batches == datetime.timedelta(seconds=5)
    assert pool.network_configuration.enable_accelerated_networking


def test_an_empty_pool_is_changed(client: BatchClient) -> None:
    make_pool(client)
    change = models.BatchPoolUpdateOptions(
        display_name="new",
        vm_size="standard_d4s_v3",
        task_slots_per_node=16,
        task_scheduling_policy=models.BatchTaskSchedulingPolicy(
            node_fill_type=models.BatchNodeFillType.PACK, job_default_order=models.BatchJobDefaultOrder.CREATION_TIME
        ),
        metadata=[models.BatchMetadataItem(name="a", value="b")],
    )
    client.update_pool("pool", change)
    pool = client.get_pool("pool")
    assert (pool.display_name, pool.vm_size, pool.task_slots_per_node) == ("new", "standard_d4s_v3", 16)
    assert pool.task_scheduling_policy == change.task_scheduling_policy
    client.replace_pool_properties(
        "pool", models.BatchPoolReplaceOptions(application_package_references=[], metadata=[])
    )
    assert not client.get_pool("pool").metadata


def test_containers_are_given_back_without_passwords(client: BatchClient) -> None:
    registry = models.ContainerRegistryReference(registry_server="r.io", username="u", password="s3cret")
    containers = models.BatchContainerConfiguration(
        type=models.ContainerType.DOCKER_COMPATIBLE, container_image_names=["busybox"], container_registries=[registry]
    )
    pool = make_pool(client, virtual_machine_configuration=machine(container_configuration=containers))
    found = pool.virtual_machine_configuration.container_configuration
    assert (found.type, found.container_image_names) == ("dockerCompatible", ["busybox"])
    assert (found.container_registries[0].username, found.container_registries[0].password) == ("u", None)

    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    settings = models.BatchTaskContainerSettings(
        image_name="busybox",
        container_run_options="--rm -e A=1",
        working_directory=models.ContainerWorkingDirectory.CONTAINER_IMAGE_DEFAULT,
        container_host_batch_bind_mounts=[models.ContainerHostBatchBindMountEntry(source="Task", is_read_only=True)],
    )
    task = models.BatchTaskCreateOptions(id="t", command_line="", container_settings=settings)
    client.create_task("job", task)
    assert client.get_task("job", "t").container_settings == settings
    settings.container_run_options = "--privileged"
    task.id = "u"
    with pytest.raises(HttpResponseError, match="--privileged"):
        client.create_task("job", task)


def test_usage_and_statistics_are_read(client: BatchClient) -> None:
    make_pool(client)
    stats = client.get_pool("pool", expand=["stats"]).pool_statistics
    assert stats.usage_statistics.dedicated_core_time == datetime.timedelta()
    assert list(client.list_pool_usage_metrics()) == []
