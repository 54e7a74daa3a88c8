"""The Azure CLI, as a user at a shell has it: account, key and endpoint are variables."""

import json
import os
import pathlib
import subprocess
import sys

from support.server import Account

AZ = pathlib.Path(sys.executable).with_name("az")


class Refused(Exception):
    """`az` ended with another exit code than 0."""

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(f"exit code {exit_code}: {message}")
        self.exit_code = exit_code
        self.message = message


class Az:
    def __init__(self, account: Account, folder: pathlib.Path, **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
        self._environment = inherited | {
            "AZURE_BATCH_ACCOUNT": account.name,
            "AZURE_BATCH_ACCESS_KEY": account.primary,
            "AZURE_BATCH_ENDPOINT": account.url,
            "AZURE_CONFIG_DIR": str(folder / "az"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes",
            **variables,
        }
        self.folder = folder

    def __call__(self, command: str, *words: str) -> object:
        """`az batch COMMAND WORDS`; what it prints as JSON, or None."""
        done = subprocess.run(
            [AZ, "batch", *command.split(), *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Refused(done.returncode, done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def with_file(self, command: str, body: object) -> object:
        """`az batch COMMAND --json-file FILE`."""
        file = self.folder / "body.json"
        file.write_text(json.dumps(body))
        return self(command, "--json-file", str(file))
