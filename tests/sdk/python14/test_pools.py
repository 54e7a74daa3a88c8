from azure.batch import BatchServiceClient


def test_a_new_account_has_no_pools(client: BatchServiceClient) -> None:
    assert list(client.pool.list()) == []
