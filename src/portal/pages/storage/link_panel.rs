//! Makes a storage account of a bucket.

use leptos::prelude::*;

use super::link_form::{BUCKET, ENDPOINT, IDENTITY, LinkFields, NAME, PREFIX, REGION, SECRET};
use crate::api::{BucketKind, StorageAccount, StorageLink};
use crate::portal::components::{Field, Select, SidePanel, TextInput};
use crate::portal::i18n::{Msg, msg, t, tf};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::reading::Reading;
use crate::server_fns::storage_link;

#[component]
pub fn LinkPanel(open: RwSignal<bool>, accounts: Reading<Vec<StorageAccount>>) -> impl IntoView {
    view! {
        <SidePanel open title=Signal::derive(|| t(msg::BUCKET_LINK).to_owned())>
            <Body open accounts/>
        </SidePanel>
    }
}

#[component]
fn Body(open: RwSignal<bool>, accounts: Reading<Vec<StorageAccount>>) -> impl IntoView {
    let fields = LinkFields::new();
    let checked = Memo::new(move |_| fields.get().to_link());
    let done = Signal::derive(move || tf(msg::BUCKET_LINKED, &[("name", fields.name.get().trim())]));
    let send = move |link: StorageLink| async move {
        storage_link(link).await?;
        accounts.reload();
        Ok(())
    };
    let kinds = Signal::derive(|| {
        BucketKind::ALL.iter().map(|kind| (kind.to_string(), t(kind_text(*kind)).to_owned())).collect::<Vec<_>>()
    });
    let of_kind = move |azure: Msg, s3: Msg| {
        Signal::derive(move || t(if fields.kind() == BucketKind::Azure { azure } else { s3 }).to_owned())
    };
    view! {
        <PanelForm open checked send done submit=msg::BUCKET_LINK_THIS>
            <p>{t(msg::BUCKET_LINK_LEAD)}</p>
            <Field name="kind" label=msg::BUCKET_IN><Select value=fields.kind options=kinds/></Field>
            <Field name=NAME label=msg::BUCKET_ACCOUNT hint=hint(msg::BUCKET_ACCOUNT_RULE) required=true>
                <TextInput value=fields.name code=true/>
            </Field>
            <Field name=IDENTITY label=of_kind(msg::BUCKET_AZURE_ACCOUNT, msg::BUCKET_KEY_ID) required=true>
                <TextInput value=fields.identity code=true/>
            </Field>
            <Field name=BUCKET label=of_kind(msg::BUCKET_AZURE_CONTAINER, msg::BUCKET_NAME) hint=hint(msg::BUCKET_NAME_HINT) required=true>
                <TextInput value=fields.bucket code=true/>
            </Field>
            <Show when=move || fields.kind() == BucketKind::S3>
                <Field name=REGION label=msg::BUCKET_REGION hint=hint(msg::BUCKET_REGION_HINT)>
                    <TextInput value=fields.region code=true/>
                </Field>
            </Show>
            <Field name=PREFIX label=msg::BUCKET_PREFIX hint=hint(msg::BUCKET_PREFIX_HINT)>
                <TextInput value=fields.prefix code=true/>
            </Field>
            <Field name=ENDPOINT label=msg::BUCKET_ENDPOINT hint=hint(msg::BUCKET_ENDPOINT_HINT)>
                <TextInput value=fields.endpoint code=true/>
            </Field>
            <Field name=SECRET label=of_kind(msg::BUCKET_AZURE_SECRET, msg::BUCKET_SECRET) hint=hint(msg::BUCKET_SECRET_HINT) required=true>
                <TextInput value=fields.secret kind="password" autocomplete="new-password" code=true/>
            </Field>
        </PanelForm>
    }
}

pub(super) fn hint(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}

pub(super) const fn kind_text(kind: BucketKind) -> Msg {
    match kind {
        BucketKind::Azure => msg::BUCKET_KIND_AZURE,
        BucketKind::S3 => msg::BUCKET_KIND_S3,
    }
}
