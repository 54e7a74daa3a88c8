"""The Azure CLI, as a user at a shell has it: account, key and endpoint are variables, or it has signed in."""

import json
import os
import pathlib
import subprocess
import sys

from support.server import Account, Server

AZ = pathlib.Path(sys.executable).with_name("az")


class Refused(Exception):
    """`az` ended with another exit code than 0."""

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(f"exit code {exit_code}: {message}")
        self.exit_code = exit_code
        self.message = message


def run(environment: dict[str, str], *words: str) -> object:
    """`az WORDS`; what it prints as JSON, or None."""
    done = subprocess.run(
        [AZ, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refused(done.returncode, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None


def environment(folder: pathlib.Path, **variables: str) -> dict[str, str]:
    """Without what the user of these tests has set, and with a folder for its settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    return inherited | {
        "AZURE_CONFIG_DIR": str(folder / "az"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_NO_COLOR": "yes",
        **variables,
    }


class Az:
    def __init__(self, account: Account, folder: pathlib.Path, **variables: str) -> None:
        self._environment = environment(
            folder,
            AZURE_BATCH_ACCOUNT=account.name,
            AZURE_BATCH_ACCESS_KEY=account.primary,
            AZURE_BATCH_ENDPOINT=account.url,
            **variables,
        )
        self.folder = folder

    def __call__(self, command: str, *words: str) -> object:
        """`az batch COMMAND WORDS`; what it prints as JSON, or None."""
        return run(self._environment, "batch", *command.split(), *words)

    def with_file(self, command: str, body: object) -> object:
        """`az batch COMMAND --json-file FILE`."""
        file = self.folder / "body.json"
        file.write_text(json.dumps(body))
        return self(command, "--json-file", str(file))


class SignedInAz:
    """The CLI in a cloud of its own: the server, which is the sign-in and the management plane of it."""

    def __init__(self, server: Server, folder: pathlib.Path) -> None:
        self.server = server
        self._environment = environment(folder, REQUESTS_CA_BUNDLE=server.authority)

    def __call__(self, command: str, *words: str) -> object:
        """`az COMMAND WORDS`."""
        return run(self._environment, *command.split(), *words)

    def _register(self) -> None:
        self("cloud register", "--name", "Fournil", "--endpoint-resource-manager", self.server.url)
        self("cloud set", "--name", "Fournil")
        self("config set", "core.instance_discovery=false", "--only-show-errors")

    def log_in_by_identity(self, secret: str) -> None:
        """As on a machine with a managed identity; the secret stands for it."""
        self._environment |= {"IDENTITY_ENDPOINT": f"{self.server.url}/msi/token", "IDENTITY_HEADER": secret}
        self._register()
        self("login", "--identity")

    def log_in(self, client_id: str, secret: str) -> None:
        self._register()
        credentials = ["--username", client_id, "--password", secret, "--tenant", "fournil"]
        self("login", "--service-principal", *credentials)
