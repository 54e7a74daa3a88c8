"""`az login` to the server itself, and the commands that need it."""

import pathlib

import pytest

from support.azure_cli import Refused, SignedInAz
from support.server import Server


@pytest.fixture(scope="module")
def az(tls_server: Server, tmp_path_factory: pytest.TempPathFactory) -> SignedInAz:
    tls_server.admin("user", "create", "cli", "--role", "Contributor", "--password-stdin", text="correct horse battery\n")
    made = tls_server.admin("token", "create", "--user", "cli")
    az = SignedInAz(tls_server, tmp_path_factory.mktemp("az"))
    az.log_in("cli", made["token"])
    return az


def test_the_subscription_is_there(az: SignedInAz) -> None:
    (found,) = az("account list")
    assert (found["name"], found["state"], found["user"]["name"]) == ("Fournil", "Enabled", "cli")


def test_an_account_lives_from_creation_to_deletion(az: SignedInAz) -> None:
    of = ["--name", "cliacc", "--resource-group", "lab"]
    made = az("batch account create", *of, "--location", "local", "--tags", "team=ocean")
    assert (made["name"], made["provisioningState"], made["tags"]) == ("cliacc", "Succeeded", {"team": "ocean"})
    assert az("batch account show", *of)["accountEndpoint"] == az.server.url.removeprefix("https://")
    assert [account["name"] for account in az("batch account list", "--resource-group", "lab")] == ["cliacc"]
    keys = az("batch account keys list", *of)
    new = az("batch account keys renew", *of, "--key-name", "primary")
    assert new["primary"] != keys["primary"] and new["secondary"] == keys["secondary"]
    changed = az("batch account set", *of, "--tags", "team=sky")
    assert changed["tags"] == {"team": "sky"}

    # With the keys, the data plane is open.
    az("batch account login", *of, "--shared-key-auth")
    assert az("batch pool list") == []
    az("batch account delete", *of, "--yes")
    with pytest.raises(Refused) as refused:
        az("batch account show", *of)
    assert refused.value.exit_code == 3


def test_a_location_has_quotas(az: SignedInAz) -> None:
    assert az("batch location quotas show", "--location", "local")["accountQuota"] > 0


def test_a_group_is_made_and_found(az: SignedInAz) -> None:
    made = az("group create", "--name", "team", "--location", "local")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert "team" in [group["name"] for group in az("group list")]
    assert az("group exists", "--name", "nobody") is False


def test_a_wrong_secret_is_refused(tls_server: Server, tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refused) as refused:
        SignedInAz(tls_server, tmp_path).log_in("cli", "fnl_wrong")
    assert "personal access token" in refused.value.message


def test_a_managed_identity_logs_in(tls_server: Server, tmp_path: pathlib.Path) -> None:
    az = SignedInAz(tls_server, tmp_path)
    tls_server.admin("user", "create", "robot", "--role", "Reader", "--password-stdin", text="correct horse battery\n")
    az.log_in_by_identity(tls_server.admin("token", "create", "--user", "robot")["token"])
    assert az("batch location quotas show", "--location", "local")["accountQuota"] > 0
    with pytest.raises(Refused):
        az("group create", "--name", "robots", "--location", "local")


def test_a_role_is_assigned_listed_and_taken_away(tls_server: Server, tmp_path: pathlib.Path) -> None:
    az = SignedInAz(tls_server, tmp_path)
    tls_server.admin("user", "create", "boss", "--role", "Owner", "--password-stdin", text="correct horse battery\n")
    az.log_in("boss", tls_server.admin("token", "create", "--user", "boss")["token"])
    tls_server.admin("user", "create", "grace", "--role", "None", "--password-stdin", text="correct horse battery\n")
    (grace,) = [user for user in tls_server.admin("user", "list") if user["name"] == "grace"]
    az("group create", "--name", "lab", "--location", "local")
    (account,) = az("account list")
    scope = f"/subscriptions/{account['id']}/resourceGroups/lab"

    principal = ["--assignee-object-id", grace["principalId"], "--assignee-principal-type", "User"]
    made = az("role assignment create", *principal, "--role", "Azure Batch Job Submitter", "--scope", scope)
    assert (made["principalId"], made["scope"].lower()) == (grace["principalId"], scope.lower())
    # There is no directory that could tell names.
    hers = ["--scope", scope, "--assignee-object-id", grace["principalId"], "--fill-principal-name", "false"]
    listed = az("role assignment list", *hers)
    assert [(row["name"], row["roleDefinitionName"]) for row in listed] == [(made["name"], "Azure Batch Job Submitter")]
    names = [role["roleName"] for role in az("role definition list", "--scope", scope)]
    assert "Owner" in names and "Azure Batch Data Contributor" in names
    az("role assignment delete", "--ids", made["id"])
    assert az("role assignment list", *hers) == []
    az("group delete", "--name", "lab", "--yes")
    assert az("group exists", "--name", "lab") is False
