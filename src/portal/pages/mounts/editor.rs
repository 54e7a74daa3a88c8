//! Rows of mounts: what, where, from where, by whom, and with which options.

use leptos::prelude::*;

use super::rows::{BLOB_KEY, BLOB_SAS, KINDS, MountRow, NFS, SHARE, SMB};
use crate::portal::components::{EditedRow, RowNumber, RowsEditor, Select, TextInput};
use crate::portal::i18n::{Msg, msg, t};

#[derive(Clone, Copy)]
struct Row {
    kind: RwSignal<String>,
    path: RwSignal<String>,
    source: RwSignal<String>,
    account: RwSignal<String>,
    secret: RwSignal<String>,
    options: RwSignal<String>,
}

impl EditedRow for Row {
    type Typed = MountRow;

    fn new(row: MountRow) -> Row {
        Row {
            kind: RwSignal::new(row.kind),
            path: RwSignal::new(row.path),
            source: RwSignal::new(row.source),
            account: RwSignal::new(row.account),
            secret: RwSignal::new(row.secret),
            options: RwSignal::new(row.options),
        }
    }

    fn get(self) -> MountRow {
        MountRow {
            kind: self.kind.get(),
            path: self.path.get(),
            source: self.source.get(),
            account: self.account.get(),
            secret: self.secret.get(),
            options: self.options.get(),
        }
    }
}

/// Edits `mounts`; the field around it is a group and names them.
#[component]
pub fn MountEditor(mounts: RwSignal<Vec<MountRow>>) -> impl IntoView {
    let kinds = || KINDS.map(|(key, text)| (key.to_owned(), t(text).to_owned())).to_vec();
    let controls = move |(row, number): (Row, RowNumber)| {
        let by_kind =
            move |of: fn(&str) -> Msg| Signal::derive(move || Some(t(row.kind.with(|kind| of(kind))).to_owned()));
        let example = |message: Msg| Signal::derive(move || Some(t(message).to_owned()));
        view! {
            <Select value=row.kind options=Signal::derive(kinds) label=number.label(msg::MOUNT_KIND)/>
            <TextInput value=row.path code=true label=number.label(msg::MOUNT_PATH) placeholder=example(msg::MOUNT_PATH_EXAMPLE)/>
            <TextInput value=row.source code=true label=number.label(msg::MOUNT_SOURCE) placeholder=by_kind(source_example)/>
            <Show when=move || row.kind.with(|kind| kind != NFS)>
                <TextInput value=row.account code=true label=number.label(msg::MOUNT_ACCOUNT) placeholder=by_kind(account_example)/>
                <TextInput value=row.secret kind="password" autocomplete="new-password" label=number.label(msg::MOUNT_SECRET) placeholder=by_kind(secret_example)/>
            </Show>
            <TextInput value=row.options code=true label=number.label(msg::MOUNT_OPTIONS) placeholder=example(msg::MOUNT_OPTIONS_EXAMPLE)/>
        }
        .into_any()
    };
    view! { <RowsEditor typed=mounts add=msg::MOUNT_ADD wide=true controls=Callback::new(controls)/> }
}

fn source_example(kind: &str) -> Msg {
    match kind {
        SMB => msg::MOUNT_SMB_EXAMPLE,
        SHARE => msg::MOUNT_SHARE_EXAMPLE,
        BLOB_KEY | BLOB_SAS => msg::MOUNT_CONTAINER,
        _ => msg::MOUNT_NFS_EXAMPLE,
    }
}

fn account_example(kind: &str) -> Msg {
    if kind == SMB { msg::MOUNT_USER } else { msg::MOUNT_STORAGE_ACCOUNT }
}

fn secret_example(kind: &str) -> Msg {
    match kind {
        SMB => msg::MOUNT_PASSWORD,
        BLOB_SAS => msg::MOUNT_SAS,
        _ => msg::MOUNT_KEY,
    }
}
