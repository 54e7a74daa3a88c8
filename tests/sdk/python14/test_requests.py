"""Files, filters with pages, and conditions: what requests say beside their bodies."""

import datetime

import pytest
from azure.batch import BatchServiceClient, models

from support.waiting import until


def make_job(client: BatchServiceClient) -> None:
    client.job.add(models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool")))


def code(error: models.BatchErrorException) -> str:
    return error.error.code


def test_files_of_nodes_are_listed_read_and_deleted(client: BatchServiceClient) -> None:
    client.pool.add(models.PoolAddParameter(id="pool", vm_size="local_1", target_dedicated_nodes=1))
    make_job(client)
    command = "/bin/sh -c 'mkdir d; echo one > d/1.txt; echo two > 2.txt'"
    client.task.add("job", models.TaskAddParameter(id="t", command_line=command))
    until("it completes", lambda: client.task.get("job", "t").state == models.TaskState.completed)
    done = client.task.get("job", "t").node_info
    root = done.task_root_directory
    options = models.FileListFromComputeNodeOptions(filter=f"startswith(name,'{root}/wd')")
    files = list(client.file.list_from_compute_node("pool", done.node_id, recursive=True, file_list_from_compute_node_options=options))
    assert [file.name for file in files] == [f"{root}/wd", f"{root}/wd/2.txt", f"{root}/wd/d", f"{root}/wd/d/1.txt"]
    assert [file.is_directory for file in files] == [True, False, True, False]
    assert files[1].properties.content_length == 4
    part = models.FileGetFromComputeNodeOptions(ocp_range="bytes=1-2")
    stream = client.file.get_from_compute_node("pool", done.node_id, f"{root}/wd/2.txt", part)
    assert b"".join(stream) == b"wo"
    modified = files[1].properties.last_modified + datetime.timedelta(seconds=1)
    newer = models.FileGetFromTaskOptions(if_modified_since=modified)
    with pytest.raises(models.BatchErrorException) as refused:
        client.file.get_from_task("job", "t", "wd/2.txt", newer)
    assert refused.value.response.status_code == 304
    client.file.delete_from_task("job", "t", "wd/d", recursive=True)
    left = [file.name for file in client.file.list_from_task("job", "t", recursive=True)]
    assert "wd/2.txt" in left and "wd/d" not in left
    with pytest.raises(models.BatchErrorException) as refused:
        client.file.get_from_task("job", "t", "wd/d/1.txt")
    assert code(refused.value) == "FileNotFound"


def test_filtered_lists_go_over_pages(client: BatchServiceClient) -> None:
    make_job(client)
    tasks = [models.TaskAddParameter(id=f"{n % 2}{n:02}", command_line="/bin/true") for n in range(50)]
    client.task.add_collection("job", tasks)
    options = models.TaskListOptions(filter="startswith(id,'1') and state eq 'active'", select="id", max_results=7)
    listed = list(client.task.list("job", options))
    assert [task.id for task in listed] == [f"1{n:02}" for n in range(1, 50, 2)]
    assert listed[0].state is None
    with pytest.raises(models.BatchErrorException) as refused:
        list(client.task.list("job", models.TaskListOptions(filter="state le 'active' or")))
    assert code(refused.value) == "InvalidQueryParameterValue"
    assert {value.key for value in refused.value.error.values} >= {"QueryParameterName", "Reason"}


def test_conditions_are_kept(client: BatchServiceClient) -> None:
    make_job(client)
    old = client.job.get("job")
    priority = models.JobPatchParameter(priority=1)
    client.job.patch("job", priority, models.JobPatchOptions(if_match=old.e_tag))
    with pytest.raises(models.BatchErrorException) as refused:
        client.job.patch("job", priority, models.JobPatchOptions(if_match=old.e_tag))
    assert (refused.value.response.status_code, code(refused.value)) == (412, "ConditionNotMet")
    now = client.job.get("job")
    with pytest.raises(models.BatchErrorException) as refused:
        client.job.get("job", models.JobGetOptions(if_none_match=now.e_tag))
    assert refused.value.response.status_code == 304
    with pytest.raises(models.BatchErrorException) as refused:
        yesterday = now.last_modified - datetime.timedelta(days=1)
        client.job.delete("job", models.JobDeleteOptions(if_unmodified_since=yesterday))
    assert code(refused.value) == "ConditionNotMet"
    client.job.delete("job", models.JobDeleteOptions(if_match=now.e_tag))
