"""File systems that a pool's nodes mount, as a Batch user writes them."""

from azure.batch import BatchClient, models

from python15.test_pool_settings import make_pool


def test_mounts_are_given_back_without_their_secrets(client: BatchClient) -> None:
    nfs = models.NfsMountConfiguration(source="nas:/a", relative_mount_path="data", mount_options="-o vers=4,ro")
    cifs = models.CifsMountConfiguration(
        username="anna", source="//nas/s", relative_mount_path="smb", mount_options="-o vers=3.0", password="secret"
    )
    share = models.AzureFileShareConfiguration(
        account_name="acc",
        azure_file_url="https://acc.file.core.windows.net/s",
        account_key="secret",
        relative_mount_path="share",
        mount_options="-o vers=3.0,dir_mode=0777",
    )
    blobs = models.AzureBlobFileSystemConfiguration(
        account_name="acc", container_name="c", relative_mount_path="blobs", sas_key="secret", blobfuse_options="-o ro"
    )
    pool = make_pool(
        client,
        mount_configuration=[
            models.MountConfiguration(nfs_mount_configuration=nfs),
            models.MountConfiguration(cifs_mount_configuration=cifs),
            models.MountConfiguration(azure_file_share_configuration=share),
            models.MountConfiguration(azure_blob_file_system_configuration=blobs),
        ],
    )
    found = pool.mount_configuration
    assert found[0].nfs_mount_configuration == nfs
    assert (found[1].cifs_mount_configuration.username, found[1].cifs_mount_configuration.password) == ("anna", None)
    assert found[2].azure_file_share_configuration.account_key is None
    assert found[3].azure_blob_file_system_configuration.sas_key is None
