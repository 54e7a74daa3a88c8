"""Users of nodes by `az batch node user`."""

from support.azure_cli import Az
from support.waiting import until

from test_nodes import POOL, in_state, make_pool


def test_a_node_user_is_created_and_deleted(az: Az) -> None:
    make_pool(az)
    node = until("a node is idle", lambda: in_state(az, "idle"))[0]
    of = (*POOL, "--node-id", node)
    az("node user create", *of, "--name", "anna", "--password", "correct horse battery")
    settings = az("node remote-login-settings show", *of)
    assert settings["remoteLoginPort"] > 0
    az("node user delete", *of, "--user-name", "anna", "--yes")
