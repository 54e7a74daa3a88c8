"""Lists with filters and chosen properties, over more than a page."""

from support.azure_cli import Az


def test_tasks_are_filtered_and_cut_to_chosen_properties(az: Az) -> None:
    az("job create", "--id", "job", "--pool-id", "none-yet")
    tasks = [{"id": f"t{n:04}", "commandLine": "/bin/true"} for n in range(1100)]
    added = az.with_file("task create --job-id job", tasks)
    assert {task["status"] for task in added} == {"success"} and len(added) == 1100
    # More than a page holds.
    listed = az("task list", "--job-id", "job", "--select", "id")
    assert [task["id"] for task in listed] == [task["id"] for task in tasks]
    assert set(listed[0]) == {"id"}
    some = az("task list", "--job-id", "job", "--filter", "startswith(id,'t002') and state eq 'active'", "--select", "id")
    assert [task["id"] for task in some] == [f"t{n:04}" for n in range(20, 30)]


def test_jobs_pools_and_images_are_filtered(az: Az) -> None:
    for job in ["a", "b"]:
        az("job create", "--id", job, "--pool-id", "none-yet", "--priority", "1")
    az("job disable", "--job-id", "b", "--disable-tasks", "wait")
    assert az("job list", "--filter", "state eq 'active'", "--query", "[].id") == ["a"]
    assert az("job list", "--filter", "id ge 'b'", "--select", "id,priority")[0] == {"id": "b", "priority": 1}
    assert az("pool list", "--filter", "state eq 'deleting'") == []
    skus = az("pool supported-images list", "--filter", "osType eq 'linux'", "--query", "[].nodeAgentSkuId")
    assert "batch.node.ubuntu 22.04" in skus
