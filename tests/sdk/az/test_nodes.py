"""Single nodes and settings of pools by `az batch`."""

from support.azure_cli import Az
from support.waiting import until

POOL = ("--pool-id", "pool")


def make_pool(az: Az, nodes: int = 1) -> None:
    image = "canonical:0001-com-ubuntu-server-jammy:22_04-lts"
    az(
        "pool create",
        *("--id", "pool", "--vm-size", "standard_d2s_v3", "--target-dedicated-nodes", str(nodes)),
        *("--image", image, "--node-agent-sku-id", "batch.node.ubuntu 22.04"),
    )


def in_state(az: Az, state: str) -> list[str]:
    return [node["id"] for node in az("node list", *POOL) if node["state"] == state]


def test_a_node_is_rebooted_and_its_scheduling_switched(az: Az) -> None:
    make_pool(az)
    node = until("a node is idle", lambda: in_state(az, "idle"))[0]
    of = (*POOL, "--node-id", node)
    before = az("node show", *of)
    az("node reboot", *of, "--node-reboot-option", "terminate")
    until("it is idle again", lambda: in_state(az, "idle"))
    after = az("node show", *of)
    assert (after["id"], after["lastBootTime"] > before["lastBootTime"]) == (node, True)
    # With --node-disable-scheduling-option, az 2.91 sends the option inside an option of the same name, which is none.
    az("node scheduling disable", *of)
    assert in_state(az, "offline") == [node]
    az("node scheduling enable", *of)
    assert in_state(az, "idle") == [node]


def test_settings_of_a_pool_are_changed(az: Az) -> None:
    make_pool(az, nodes=0)
    az("pool set", *POOL, "--start-task-command-line", "/bin/true", "--metadata", "a=b")
    pool = az("pool show", *POOL)
    assert (pool["startTask"]["commandLine"], pool["metadata"]) == ("/bin/true", [{"name": "a", "value": "b"}])
    az("pool reset", *POOL, "--metadata", "c=d")
    pool = az("pool show", *POOL)
    assert (pool.get("startTask"), pool["metadata"]) == (None, [{"name": "c", "value": "d"}])
    assert az("pool usage-metrics list") == []
