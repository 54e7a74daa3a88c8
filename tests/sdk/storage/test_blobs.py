"""What programs do with blobs."""

import hashlib
import os
from datetime import datetime, timedelta, timezone

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobPrefix,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    ResourceTypes,
    StandardBlobTier,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from support.buckets import Bucket
from support.server import Server


def soon() -> datetime:
    return datetime.now(timezone.utc) + timedelta(hours=1)


def blob_by(storage: BlobServiceClient, container: ContainerClient, name: str, sas: str | None) -> BlobClient:
    """A blob as a signature opens it. Not by its URL: of that libraries take the first part of the path for the account."""
    return BlobClient(storage.url.rstrip("/"), container.container_name, name, credential=sas)


def container_by(storage: BlobServiceClient, container: ContainerClient, sas: str) -> ContainerClient:
    return ContainerClient(storage.url.rstrip("/"), container.container_name, credential=sas)


def key_of(storage: BlobServiceClient) -> str:
    return storage.credential.account_key


def test_a_small_blob_goes_there_and_back(container: ContainerClient) -> None:
    settings = ContentSettings(content_type="text/plain", content_language="fr", cache_control="no-cache")
    made = container.upload_blob("a b/é+%.txt", b"hello", metadata={"kind": "x"}, content_settings=settings)
    found = made.get_blob_properties()
    assert (found.name, found.size, found.metadata) == ("a b/é+%.txt", 5, {"kind": "x"})
    assert found.content_settings.content_type == "text/plain"
    assert found.content_settings.content_language == "fr"
    assert bytes(found.content_settings.content_md5) == hashlib.md5(b"hello").digest()
    assert container.download_blob("a b/é+%.txt").readall() == b"hello"


def test_a_large_blob_goes_in_blocks_and_comes_in_ranges(bucket: Bucket | None, container: ContainerClient) -> None:
    # More than goes up to a bucket in one part.
    data = os.urandom((9 << 20) + 7)
    blob = container.upload_blob("large", data, max_concurrency=3)
    assert blob.get_blob_properties().size == len(data)
    assert blob.download_blob(max_concurrency=3).readall() == data
    assert blob.download_blob(offset=(1 << 20) - 3, length=10).readall() == data[(1 << 20) - 3 : (1 << 20) + 7]
    assert blob.download_blob(offset=len(data) - 2).readall() == data[-2:]
    committed, uncommitted = blob.get_block_list("all")
    # A bucket does not say of which blocks a blob was made.
    assert ([block.size for block in committed], uncommitted) == ([] if bucket else [1 << 20] * 9 + [7], [])


def test_an_empty_blob_is_one_too(container: ContainerClient) -> None:
    blob = container.upload_blob("empty", b"")
    assert blob.get_blob_properties().size == 0
    assert blob.download_blob().readall() == b""


def test_what_is_there_is_not_replaced_unless_asked_for(container: ContainerClient) -> None:
    first = container.upload_blob("a", b"1")
    with pytest.raises(ResourceExistsError) as refused:
        container.upload_blob("a", b"2")
    assert refused.value.error_code == "BlobAlreadyExists"
    etag = first.get_blob_properties().etag
    container.upload_blob("a", b"2", overwrite=True)
    with pytest.raises(ResourceModifiedError):
        first.upload_blob(b"3", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert first.download_blob().readall() == b"2"


def test_lists_come_in_pages_and_as_folders(container: ContainerClient) -> None:
    names = [f"a/{n:02}" for n in range(12)] + ["a/deep/x", "b", "c/1", "c/2", "d&<é"]
    for name in names:
        container.upload_blob(name, b"x")
    pages = list(container.list_blobs(results_per_page=5).by_page())
    sizes = [len(page) for page in ([blob.name for blob in page] for page in pages)]
    assert max(sizes) <= 5
    assert [blob.name for blob in container.list_blobs(results_per_page=5)] == sorted(names, key=str.encode)
    assert [blob.name for blob in container.list_blobs(name_starts_with="a/1")] == ["a/10", "a/11"]
    entries = [(entry.name, isinstance(entry, BlobPrefix)) for entry in container.walk_blobs(results_per_page=1)]
    assert sorted(entries) == [("a/", True), ("b", False), ("c/", True), ("d&<é", False)]
    assert [entry.name for entry in container.walk_blobs(name_starts_with="c/")] == ["c/1", "c/2"]


def test_containers_are_made_listed_and_deleted(storage: BlobServiceClient) -> None:
    made = storage.create_container("made-here", metadata={"team": "ocean"})
    assert made.exists()
    assert made.get_container_properties().metadata == {"team": "ocean"}
    with pytest.raises(ResourceExistsError) as refused:
        storage.create_container("made-here")
    assert refused.value.error_code == "ContainerAlreadyExists"
    assert "made-here" in [found.name for found in storage.list_containers(name_starts_with="made")]
    made.upload_blob("a", b"x")
    made.delete_container()
    assert not made.exists()
    with pytest.raises(ResourceNotFoundError) as missing:
        made.upload_blob("a", b"x")
    assert missing.value.error_code == "ContainerNotFound"
    with pytest.raises(HttpResponseError) as illegal:
        storage.create_container("Not_A_Name")
    assert illegal.value.error_code == "InvalidResourceName"


def test_blobs_are_deleted_and_copied(container: ContainerClient) -> None:
    source = container.upload_blob("from", b"content", metadata={"a": "b"})
    copy = container.get_blob_client("to")
    assert copy.start_copy_from_url(source.url)["copy_status"] == "success"
    source.delete_blob()
    assert not source.exists()
    with pytest.raises(ResourceNotFoundError) as missing:
        source.download_blob()
    assert missing.value.error_code == "BlobNotFound"
    assert copy.download_blob().readall() == b"content"
    assert copy.get_blob_properties().metadata == {"a": "b"}


def test_a_signature_opens_what_it_says(storage: BlobServiceClient, container: ContainerClient) -> None:
    container.upload_blob("in/a.txt", b"secret")
    container.upload_blob("in/b.txt", b"other")
    common = {"account_name": storage.account_name, "container_name": container.container_name}
    common |= {"account_key": key_of(storage), "expiry": soon()}
    read = generate_blob_sas(blob_name="in/a.txt", permission=BlobSasPermissions(read=True), **common)
    assert blob_by(storage, container, "in/a.txt", read).download_blob().readall() == b"secret"
    with pytest.raises(ClientAuthenticationError):
        blob_by(storage, container, "in/b.txt", read).download_blob()
    with pytest.raises(ClientAuthenticationError):
        blob_by(storage, container, "in/a.txt", None).download_blob()
    listing = generate_container_sas(permission=ContainerSasPermissions(read=True, list=True), **common)
    reader = container_by(storage, container, listing)
    assert [blob.name for blob in reader.list_blobs()] == ["in/a.txt", "in/b.txt"]
    with pytest.raises(HttpResponseError) as refused:
        reader.upload_blob("in/c.txt", b"x")
    assert refused.value.error_code == "AuthorizationPermissionMismatch"
    common["expiry"] = datetime.now(timezone.utc) - timedelta(minutes=1)
    old = generate_container_sas(permission=ContainerSasPermissions(read=True, list=True), **common)
    with pytest.raises(ClientAuthenticationError):
        list(container_by(storage, container, old).list_blobs())


def test_a_signature_for_the_account_opens_kinds_of_things(storage: BlobServiceClient) -> None:
    permission = AccountSasPermissions(read=True, write=True, list=True, create=True)
    types = ResourceTypes(service=True, container=True, object=True)
    sas = generate_account_sas(storage.account_name, key_of(storage), types, permission, soon())
    with BlobServiceClient(storage.url, credential=sas) as client:
        made = client.create_container("by-account-sas")
        made.upload_blob("a", b"1")
        assert [blob.name for blob in made.list_blobs()] == ["a"]
        with pytest.raises(HttpResponseError) as refused:
            made.delete_blob("a")
        assert refused.value.error_code == "AuthorizationPermissionMismatch"


def test_a_wrong_key_opens_nothing(storage: BlobServiceClient) -> None:
    credential = {"account_name": storage.account_name, "account_key": "d3Jvbmc="}
    with BlobServiceClient(storage.url.rstrip("/"), credential=credential) as wrong:
        with pytest.raises(ClientAuthenticationError):
            list(wrong.list_containers())


def test_what_is_not_there_is_refused_by_name(container: ContainerClient) -> None:
    blob = container.upload_blob("a", b"1")
    for ask in (
        lambda: blob.acquire_lease(),
        lambda: blob.create_snapshot(),
        lambda: blob.set_blob_tags({"a": "b"}),
        lambda: container.get_blob_client("pages").create_page_blob(512),
        lambda: container.upload_blob("hot", b"1", standard_blob_tier=StandardBlobTier.COOL),
    ):
        with pytest.raises(HttpResponseError) as refused:
            ask()
        assert refused.value.error_code in ("NotImplemented", "UnsupportedHeader")


def test_the_operator_makes_addresses(
    server: Server, place: str, storage: BlobServiceClient, container: ContainerClient
) -> None:
    words = ("storage", "sas", container.container_name, "--account", place)
    made = server.admin(*words, "--permissions", "rwl", "--hours", "1")
    assert made["url"].startswith(f"{container.url.split('?')[0]}?")
    container_by(storage, container, made["sas"]).upload_blob("x/y z", b"1")
    blob = server.admin(*words, "--blob", "x/y z")
    assert blob_by(storage, container, "x/y z", blob["sas"]).download_blob().readall() == b"1"
    assert place in [account["name"] for account in server.admin("storage", "list")]


def test_what_other_programs_put_into_a_bucket_is_seen(
    server: Server, bucket: Bucket | None, storage: BlobServiceClient, container: ContainerClient
) -> None:
    if bucket is None:
        pytest.skip("there is no bucket")
    # The same bucket by another account: what is folder here is container there.
    whole = f"whole{bucket.kind}"
    server.admin("storage", "link", bucket.kind, whole, *bucket.words, "--endpoint", bucket.endpoint, "--secret-file", "-", text=bucket.secret)
    container.upload_blob("a/b.txt", b"seen", metadata={"by": "other"})
    with BlobServiceClient.from_connection_string(server.admin("storage", "key", whole)["connectionString"]) as other:
        assert [found.name for found in other.list_containers()] == ["kept"]
        blob = other.get_blob_client("kept", f"here/{container.container_name}/a/b.txt")
        assert blob.download_blob().readall() == b"seen"
        assert blob.get_blob_properties().metadata == {"by": "other"}
        other.get_blob_client("kept", "here/made-there/c.txt").upload_blob(b"new")
    assert storage.get_container_client("made-there").download_blob("c.txt").readall() == b"new"
    assert "made-there" in [found.name for found in storage.list_containers()]
    # A prefix that is a blob's whole name, as files of tasks have it.
    made_there = storage.get_container_client("made-there")
    assert [found.name for found in made_there.list_blobs(name_starts_with="c.txt")] == ["c.txt"]
    with pytest.raises(HttpResponseError) as refused:
        made_there.upload_blob("a//b", b"x")
    assert refused.value.error_code == "InvalidResourceName"
    server.admin("storage", "unlink", whole)
    assert server.admin("storage", "check", storage.account_name)["state"] == "reachable"
