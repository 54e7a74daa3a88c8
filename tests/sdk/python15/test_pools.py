from azure.batch import BatchClient


def test_a_new_account_has_no_pools(client: BatchClient) -> None:
    assert list(client.list_pools()) == []
