"""Buckets to link: Azurite, which is Microsoft's emulator of Azure Storage, and moto's server, which speaks as S3 does."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from azure.storage.blob import BlobServiceClient

from support.server import Server

HERE = pathlib.Path(__file__).resolve().parents[1]
START_SECONDS = 60
# Azurite's own, which everybody knows.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True)
class Bucket:
    """A bucket that can be linked."""

    kind: str
    endpoint: str
    words: tuple[str, ...]
    secret: str

    def link(self, server: Server, name: str | None = None) -> str:
        """Makes a storage account of it, and says what that is called."""
        name = name or f"linked{self.kind}"
        place = ("--endpoint", self.endpoint, "--prefix", "kept/here", "--secret-file", "-")
        server.admin("storage", "link", self.kind, name, *self.words, *place, text=self.secret)
        return name


@contextlib.contextmanager
def azurite() -> Iterator[Bucket]:
    port = free_port()
    program = HERE / "node_modules" / ".bin" / "azurite-blob"
    arguments = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence", "--skipApiVersionCheck"]
    endpoint = f"http://127.0.0.1:{port}/{AZURITE_ACCOUNT}"
    with running([str(program), *arguments, "--silent", "--disableTelemetry"], endpoint):
        credential = {"account_name": AZURITE_ACCOUNT, "account_key": AZURITE_KEY}
        with BlobServiceClient(endpoint, credential=credential) as client:
            client.create_container("bucket")
        yield Bucket("azure", endpoint, ("--account", AZURITE_ACCOUNT, "--container", "bucket"), AZURITE_KEY)


@contextlib.contextmanager
def moto() -> Iterator[Bucket]:
    port = free_port()
    program = HERE / ".venv" / "moto" / "bin" / "moto_server"
    endpoint = f"http://127.0.0.1:{port}"
    with running([str(program), "-H", "127.0.0.1", "-p", str(port)], endpoint):
        # It believes everybody.
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/bucket", method="PUT")).close()
        yield Bucket("s3", endpoint, ("--bucket", "bucket", "--access-key-id", "AKIATEST"), "not-a-secret")


@contextlib.contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not get ready")
            time.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
