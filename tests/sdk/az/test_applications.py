"""`az batch application`: what a shell does with packages."""

import pathlib

import pytest

from support.azure_cli import Refused, SignedInAz
from support.packages import zip_file
from support.server import Server


@pytest.fixture(scope="module")
def az(tls_server: Server, tmp_path_factory: pytest.TempPathFactory) -> SignedInAz:
    tls_server.admin("user", "create", "packer", "--role", "Contributor", "--password-stdin", text="correct horse battery\n")
    made = tls_server.admin("token", "create", "--user", "packer")
    az = SignedInAz(tls_server, tmp_path_factory.mktemp("az"))
    az.log_in("packer", made["token"])
    return az


def test_a_package_is_uploaded_by_one_command(az: SignedInAz, tmp_path: pathlib.Path) -> None:
    of = ["--name", "cliapps", "--resource-group", "lab"]
    # Given a name alone, the CLI asks for the account's resource, and no management plane of Azure Storage is here.
    storage = "/subscriptions/any/resourceGroups/any/providers/Microsoft.Storage/storageAccounts/fournil"
    az("batch account create", *of, "--location", "local", "--storage-account", storage)
    application = [*of, "--application-name", "tool"]
    file = tmp_path / "tool.zip"
    file.write_bytes(zip_file())
    version = [*application, "--version-name", "1.0"]
    made = az("batch application package create", *version, "--package-file", str(file))
    assert (made["name"], made["state"]) == ("1.0", "Active")
    az("batch application set", *application, "--default-version", "1.0", "--display-name", "The Tool")
    shown = az("batch application show", *application)
    assert (shown["displayName"], shown["defaultVersion"]) == ("The Tool", "1.0")
    assert [found["name"] for found in az("batch application list", *of)] == ["tool"]
    assert [found["name"] for found in az("batch application package list", *application)] == ["1.0"]
    az("batch account login", *of, "--shared-key-auth")
    (summary,) = az("batch application summary list")
    assert (summary["id"], summary["versions"]) == ("tool", ["1.0"])
    assert az("batch application summary show", "--application-id", "tool")["displayName"] == "The Tool"
    with pytest.raises(Refused) as refused:
        az("batch application delete", *application, "--yes")
    assert "ApplicationNotEmpty" in refused.value.message
    az("batch application package delete", *version, "--yes")
    az("batch application delete", *application, "--yes")
    assert az("batch application list", *of) == []
    az("batch account delete", *of, "--yes")
