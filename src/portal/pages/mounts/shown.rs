//! Mounts of a pool, in words.

use leptos::prelude::*;

use crate::api::MountConfiguration;
use crate::portal::i18n::{Msg, msg, tx};

/// Nothing for a pool without mounts. Their secrets are not known here.
#[component]
pub fn Mounts(#[prop(into)] mounts: Signal<Vec<MountConfiguration>>) -> impl IntoView {
    let row = |mount: MountConfiguration| {
        let (kind, source, options) = words(&mount);
        let path = mount.relative_path().unwrap_or_default().to_owned();
        view! { <tr><th scope="row"><code>{path}</code></th><td>{tx(kind)}</td><td><code>{source}</code></td><td><code>{options}</code></td></tr> }
    };
    view! {
        <Show when=move || !mounts.with(Vec::is_empty)>
            <section class="section">
                <h2 class="section__title">{tx(msg::MOUNTS)}</h2>
                <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::MOUNTS)>
                    <table>
                        <thead><tr>
                            <th scope="col">{tx(msg::MOUNT_PATH_SHOWN)}</th>
                            <th scope="col">{tx(msg::MOUNT_KIND_SHOWN)}</th>
                            <th scope="col">{tx(msg::MOUNT_SOURCE_SHOWN)}</th>
                            <th scope="col">{tx(msg::MOUNT_OPTIONS_SHOWN)}</th>
                        </tr></thead>
                        <tbody>{move || mounts.get().into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        </Show>
    }
}

/// What kind it is, from where, and its options.
fn words(mount: &MountConfiguration) -> (Msg, String, String) {
    if let Some(nfs) = &mount.nfs_mount_configuration {
        return (msg::MOUNT_NFS, nfs.source.clone(), nfs.mount_options.clone().unwrap_or_default());
    }
    if let Some(cifs) = &mount.cifs_mount_configuration {
        return (msg::MOUNT_SMB, cifs.source.clone(), cifs.mount_options.clone().unwrap_or_default());
    }
    if let Some(share) = &mount.azure_file_share_configuration {
        return (msg::MOUNT_SHARE, share.azure_file_url.clone(), share.mount_options.clone().unwrap_or_default());
    }
    let blob = mount.azure_blob_file_system_configuration.as_ref();
    let source = blob.map(|blob| format!("{}/{}", blob.account_name, blob.container_name)).unwrap_or_default();
    (msg::MOUNT_BLOB, source, blob.and_then(|blob| blob.blobfuse_options.clone()).unwrap_or_default())
}
