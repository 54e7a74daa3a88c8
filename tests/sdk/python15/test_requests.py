"""Files, filters with pages, and conditions: what requests say beside their bodies."""

import datetime

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError

from support.waiting import until


def make_job(client: BatchClient) -> None:
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))


def test_files_of_nodes_are_listed_read_and_deleted(client: BatchClient) -> None:
    client.create_pool(models.BatchPoolCreateOptions(id="pool", vm_size="local_1", target_dedicated_nodes=1))
    make_job(client)
    command = "/bin/sh -c 'mkdir d; echo one > d/1.txt; echo two > 2.txt'"
    client.create_task("job", models.BatchTaskCreateOptions(id="t", command_line=command))
    until("it completes", lambda: client.get_task("job", "t").state == models.BatchTaskState.COMPLETED)
    done = client.get_task("job", "t").node_info
    root = done.task_root_directory
    chosen = {"recursive": True, "filter": f"startswith(name,'{root}/wd')"}
    files = list(client.list_node_files("pool", done.node_id, **chosen))
    assert [file.name for file in files] == [f"{root}/wd", f"{root}/wd/2.txt", f"{root}/wd/d", f"{root}/wd/d/1.txt"]
    assert [file.is_directory for file in files] == [True, False, True, False]
    path = f"{root}/wd/2.txt"
    assert b"".join(client.download_node_file("pool", done.node_id, path, ocp_range="bytes=1-2")) == b"wo"
    assert client.get_node_file_properties("pool", done.node_id, path).content_length == 4
    later = files[1].properties.last_modified + datetime.timedelta(seconds=1)
    with pytest.raises(HttpResponseError) as refused:
        b"".join(client.download_task_file("job", "t", "wd/2.txt", if_modified_since=later))
    assert refused.value.status_code == 304
    client.delete_task_file("job", "t", "wd/d", recursive=True)
    left = [file.name for file in client.list_task_files("job", "t", recursive=True)]
    assert "wd/2.txt" in left and "wd/d" not in left
    # The client does not read the body of such an answer, which says FileNotFound.
    with pytest.raises(ResourceNotFoundError):
        b"".join(client.download_task_file("job", "t", "wd/d/1.txt"))


def test_filtered_lists_go_over_pages(client: BatchClient) -> None:
    make_job(client)
    tasks = [models.BatchTaskCreateOptions(id=f"{n % 2}{n:02}", command_line="/bin/true") for n in range(50)]
    client.create_tasks("job", tasks)
    chosen = {"filter": "startswith(id,'1') and state eq 'active'", "select": ["id"], "max_results": 7}
    pages = [[task.id for task in page] for page in client.list_tasks("job", **chosen).by_page()]
    assert [len(page) for page in pages] == [7, 7, 7, 4]
    assert [task for page in pages for task in page] == [f"1{n:02}" for n in range(1, 50, 2)]
    with pytest.raises(HttpResponseError) as refused:
        list(client.list_tasks("job", filter="state le 'active' or"))
    assert (refused.value.status_code, "InvalidQueryParameterValue" in str(refused.value)) == (400, True)


def test_conditions_are_kept(client: BatchClient) -> None:
    make_job(client)
    old = client.get_job("job")
    same = {"etag": old.etag, "match_condition": MatchConditions.IfNotModified}
    client.update_job("job", models.BatchJobUpdateOptions(priority=1), **same)
    with pytest.raises(ResourceModifiedError):
        client.update_job("job", models.BatchJobUpdateOptions(priority=2), **same)
    now = client.get_job("job")
    with pytest.raises(HttpResponseError) as refused:
        client.get_job("job", etag=now.etag, match_condition=MatchConditions.IfModified)
    assert refused.value.status_code == 304
    with pytest.raises(HttpResponseError) as refused:
        client.begin_delete_job("job", if_unmodified_since=now.last_modified - datetime.timedelta(days=1))
    assert (refused.value.status_code, "ConditionNotMet" in str(refused.value)) == (412, True)
    client.begin_delete_job("job", etag=now.etag, match_condition=MatchConditions.IfNotModified, polling_interval=0.1).result()
    assert list(client.list_jobs()) == []
