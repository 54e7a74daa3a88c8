"""Starts the release server on a free port with a data folder of its own, and cleans up after it."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from dataclasses import dataclass

READY = re.compile(r"^Fournil is ready at (\S+)$")
START_SECONDS = 30
STOP_SECONDS = 10
# Every process that comes from a test carries it, so that none is left behind.
MARK = "FOURNIL_TEST_RUN"
ROOT = pathlib.Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Account:
    """A Batch account of the server under test."""

    name: str
    # What the clients are given as the account's endpoint: the listener itself; SharedKey says which account is meant.
    url: str
    primary: str
    secondary: str
    subscription_id: str
    resource_group: str


class Server:
    """A running `fournil serve`."""

    def __init__(self, *args: str) -> None:
        self.data_dir = tempfile.mkdtemp(prefix="fournil-test-")
        self._mark = uuid.uuid4().hex
        self._lines: list[str] = []
        self._ready = threading.Event()
        self.url = ""
        self._process = subprocess.Popen(
            [binary(), "serve", "--listen", "127.0.0.1:0", "--data-dir", self.data_dir, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, MARK: self._mark},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(START_SECONDS) or not self.url:
            self.stop()
            raise RuntimeError("the server did not get ready:\n" + self.logs())

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.append(line)
            if found := READY.match(line.rstrip("\n")):
                self.url = found[1]
                self._ready.set()
        self._ready.set()

    @property
    def authority(self) -> str:
        """The certificate that clients must trust when the server was started with --tls-self-signed."""
        return str(pathlib.Path(self.data_dir) / "tls" / "ca.pem")

    def logs(self) -> str:
        return "".join(self._lines)

    def admin(self, *words: str, text: str | None = None) -> dict:
        """`fournil admin …` on this server's data; returns what it prints as JSON."""
        done = subprocess.run(
            [binary(), "admin", "--data-dir", self.data_dir, *words, "--json"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"fournil admin {' '.join(words)} ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def create_account(self, name: str) -> Account:
        account = self.admin("account", "create", name, "--location", "local")
        keys = self.admin("key", "list", name)
        return Account(
            name=name,
            url=self.url,
            primary=keys["primary"],
            secondary=keys["secondary"],
            subscription_id=account["subscriptionId"],
            resource_group=account["resourceGroup"],
        )

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._kill_leftovers()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def _kill_leftovers(self) -> None:
        # Node agents and their tasks outlive the server on purpose; a test's end is theirs too.
        for process in pathlib.Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid() and self._is_ours(process):
                with contextlib.suppress(OSError):
                    os.kill(int(process.name), signal.SIGKILL)

    def _is_ours(self, process: pathlib.Path) -> bool:
        with contextlib.suppress(OSError):
            if f"{MARK}={self._mark}".encode() in (process / "environ").read_bytes():
                return True
        with contextlib.suppress(OSError):
            if self.data_dir.encode() in (process / "cmdline").read_bytes():
                return True
        with contextlib.suppress(OSError):
            return f"{os.readlink(process / 'cwd')}/".startswith(f"{self.data_dir}/")
        return False


def binary() -> str:
    """The program under test: FOURNIL_BIN, or the release build of this checkout."""
    if "FOURNIL_BIN" not in os.environ:
        found = subprocess.run([ROOT / "scripts" / "binary"], capture_output=True, text=True, check=True)
        os.environ["FOURNIL_BIN"] = found.stdout.strip()
    return os.environ["FOURNIL_BIN"]
