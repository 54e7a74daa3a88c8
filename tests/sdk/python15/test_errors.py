"""What a program learns when it is refused."""

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from support.server import Account


def job(name: str = "job") -> models.BatchJobCreateOptions:
    return models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="pool"))


def test_what_is_not_there_is_not_found(client: BatchClient) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        client.get_job("none")
    assert "JobNotFound" in str(refused.value)
    with pytest.raises(ResourceNotFoundError):
        client.get_pool("none")


def test_what_is_there_already_exists(client: BatchClient) -> None:
    client.create_job(job())
    with pytest.raises(ResourceExistsError) as refused:
        client.create_job(job("JOB"))
    assert "JobExists" in str(refused.value)


def test_a_wrong_key_is_refused_with_what_was_to_be_signed(account: Account) -> None:
    wrong = AzureNamedKeyCredential(account.name, "d3Jvbmc=")
    with BatchClient(account.url, wrong) as client, pytest.raises(HttpResponseError) as refused:
        list(client.list_pools())
    assert refused.value.status_code == 403
    assert "AuthenticationFailed" in str(refused.value)


def test_both_keys_open_the_account(account: Account) -> None:
    with BatchClient(account.url, AzureNamedKeyCredential(account.name, account.secondary)) as client:
        assert list(client.list_pools()) == []


def test_a_change_of_what_has_changed_is_refused(client: BatchClient) -> None:
    client.create_job(job())
    old = client.get_job("job")
    client.update_job("job", models.BatchJobUpdateOptions(priority=1))
    with pytest.raises(ResourceModifiedError) as refused:
        change = models.BatchJobUpdateOptions(priority=2)
        client.update_job("job", change, etag=old.etag, match_condition=MatchConditions.IfNotModified)
    assert "ConditionNotMet" in str(refused.value)


def test_a_feature_that_is_not_there_is_refused_by_name(client: BatchClient) -> None:
    client.create_job(job())
    identity = models.BatchNodeIdentityReference(resource_id="/identity")
    registry = models.ContainerRegistryReference(identity_reference=identity)
    container = models.BatchTaskContainerSettings(image_name="ubuntu", registry=registry)
    task = models.BatchTaskCreateOptions(id="t", command_line="x", container_settings=container)
    with pytest.raises(HttpResponseError) as refused:
        client.create_task("job", task)
    assert refused.value.status_code == 400
    assert "UnsupportedProperty" in str(refused.value)


def test_a_filter_that_is_none_is_refused(client: BatchClient) -> None:
    with pytest.raises(HttpResponseError) as refused:
        list(client.list_pools(filter="colour eq 'red'"))
    assert "InvalidQueryParameterValue" in str(refused.value)


def test_images_can_be_picked_from_the_list(client: BatchClient) -> None:
    skus = [image.node_agent_sku_id for image in client.list_supported_images(filter="osType eq 'linux'")]
    assert "batch.node.ubuntu 22.04" in skus
