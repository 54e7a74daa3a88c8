//! The panel that asks for a version and its zip file, and the uploads that it began. They go on while the application's page
//! is open.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::create::hint;
use super::form;
use super::page::ApplicationContext;
use crate::api::{self, Code};
use crate::domain::permission::Permission;
use crate::portal::components::{
    Button, ButtonKind, ErrorBar, Field, FieldErrors, FileInput, FormErrors, Icon, SidePanel, TextInput,
    use_query_param,
};
use crate::portal::i18n::{Msg, msg, t, tf, tx};
use crate::portal::pages::refusal;
use crate::portal::pages::route_ids::ApplicationRef;
use crate::portal::pages::uploads::{self, Target, Upload, UploadRow, UploadState};
use crate::portal::state::{use_notifications, use_session};
use crate::server_fns::application_package_create;

/// Uploads of the page.
#[derive(Clone, Copy)]
pub struct Uploads {
    all: RwSignal<Vec<Upload>>,
    /// The page: what an upload holds lives as long, and longer than the panel that began it.
    page: StoredValue<Option<Owner>>,
}

impl Uploads {
    pub fn new() -> Uploads {
        Uploads { all: RwSignal::new(Vec::new()), page: StoredValue::new(Owner::current()) }
    }

    fn add(self, new: impl FnOnce() -> Upload) -> Option<Upload> {
        let upload = self.page.try_get_value().flatten()?.with(new);
        self.all.update(|all| all.push(upload.clone()));
        Some(upload)
    }
}

#[component]
pub fn UploadList() -> impl IntoView {
    let all = expect_context::<ApplicationContext>().uploads.all;
    view! {
        <Show when=move || !all.with(Vec::is_empty)>
            <section class="upload">
                <p class="form__note">{tx(msg::VERSION_UPLOAD_NOTE)}</p>
                <ul class="upload__list" aria-label=move || t(msg::UPLOADS)>
                    <For each=move || all.get() key=|upload| upload.id let:upload><li><UploadRow upload/></li></For>
                </ul>
            </section>
        </Show>
    }
}

#[component]
pub fn UploadPanel(open: RwSignal<bool>, here: ApplicationRef) -> impl IntoView {
    let here = StoredValue::new(here);
    // Of a version that is there, its name.
    let version = use_query_param("version");
    let title = move || match version.get() {
        name if name.is_empty() => t(msg::VERSION_ADD).to_owned(),
        name => tf(msg::VERSION_UPLOAD_TITLE, &[("version", &name)]),
    };
    view! {
        <SidePanel open title=Signal::derive(title)>
            <UploadForm open here=here.get_value() there=version.get_untracked()/>
        </SidePanel>
    }
}

#[component]
fn UploadForm(
    open: RwSignal<bool>,
    here: ApplicationRef,
    /// The version that gets another content; empty for a new one.
    there: String,
) -> impl IntoView {
    let context = expect_context::<ApplicationContext>();
    let (session, notifications) = (use_session(), use_notifications());
    let is_new = there.is_empty();
    let version = RwSignal::new(there);
    let file = StoredValue::new_local(None::<web_sys::File>);
    let (has_file, is_no_zip) = (RwSignal::new(false), RwSignal::new(false));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let check = move || {
        let mut errors = FieldErrors::default();
        errors.take(form::VERSION, version.with(|version| form::version(version)));
        if !has_file.get() {
            errors.add(form::FILE, msg::FIELD_REQUIRED);
        } else if is_no_zip.get() {
            errors.add(form::FILE, msg::VERSION_NO_ZIP);
        }
        errors
    };
    let errors = FormErrors::provide(Signal::derive(check), error.into());
    let choose = move |chosen: Option<web_sys::File>| {
        has_file.set(chosen.is_some());
        is_no_zip.set(false);
        file.set_value(chosen.clone());
        spawn_local(async move {
            let is_zip = match chosen {
                Some(file) => begins_as_zip(&file).await,
                None => true,
            };
            is_no_zip.try_set(!is_zip);
        });
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if pending.get_untracked() || !errors.check() {
            return;
        }
        let (Some(file), ApplicationRef { account, application }) = (file.get_value(), here.clone()) else { return };
        let version = version.with_untracked(|version| version.trim().to_owned());
        pending.set(true);
        error.set(None);
        spawn_local(async move {
            if is_new {
                let made = application_package_create(account.clone(), application.clone(), version.clone()).await;
                pending.try_set(false);
                if let Err(refused) = made {
                    session.observe(&refused);
                    error.try_set(Some(named(refused)));
                    return;
                }
            }
            let name = format!("{application} {version}");
            let target = Target::Package { account, application, version };
            let Some(upload) = context.uploads.add(|| Upload::new(file, name.clone(), target)) else { return };
            context.packages.reload();
            open.try_set(false);
            match uploads::send(upload.clone()).await {
                Ok(()) => {
                    upload.state.try_set(UploadState::Done);
                    notifications.done(tf(msg::VERSION_ACTIVATED, &[("name", &name)]));
                }
                Err(refused) => {
                    session.observe(&refused);
                    upload.state.try_set(UploadState::Failed(refused));
                }
            }
            if upload.state.try_get_untracked().is_some() {
                context.reload();
            }
        });
    };
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    view! {
        <form class="form" on:submit=submit novalidate>
            <p>{tx(lead(is_new))}</p>
            {move || errors.above_form().map(|error| view! { <ErrorBar error/> })}
            {is_new.then(|| view! {
                <Field name=form::VERSION label=msg::VERSION hint=hint(msg::VERSION_RULE) required=true><TextInput value=version code=true/></Field>
            })}
            <Field name=form::FILE label=msg::VERSION_FILE hint=hint(msg::VERSION_FILE_HINT) required=true><FileInput accept=".zip,application/zip" on_choose=choose/></Field>
            <div class="dialog__actions">
                <Button label=msg::VERSION_UPLOAD icon=Icon::Upload kind=ButtonKind::Primary submit=true pending refusal/>
                <Button label=msg::CANCEL on_press=move || open.set(false)/>
            </div>
        </form>
    }
}

const fn lead(is_new: bool) -> Msg {
    if is_new { msg::VERSION_ADD_LEAD } else { msg::VERSION_REPLACE_LEAD }
}

/// The only condition of the call is that there is no such version.
fn named(error: api::Error) -> api::Error {
    match error.code {
        Code::ConditionNotMet => api::Error::invalid_property(form::VERSION, "", t(msg::VERSION_EXISTS)),
        _ => error,
    }
}

/// Whether the first bytes are those of a zip file: better said before gigabytes are sent than by every node.
async fn begins_as_zip(file: &web_sys::File) -> bool {
    let Ok(head) = file.slice_with_f64_and_f64(0.0, 4.0) else { return true };
    let Ok(buffer) = JsFuture::from(head.array_buffer()).await else { return true };
    is_zip_head(&js_sys::Uint8Array::new(&buffer).to_vec())
}

/// A local file header, or the end of a zip file that holds nothing. Source: APPNOTE.TXT, 4.3.7 and 4.3.16.
fn is_zip_head(head: &[u8]) -> bool {
    matches!(head, b"PK\x03\x04" | b"PK\x05\x06")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_file_is_known_by_its_first_bytes() {
        assert!(is_zip_head(b"PK\x03\x04") && is_zip_head(b"PK\x05\x06"));
        for other in [&b"\x1f\x8b\x08\x00"[..], b"PK", b"", b"<htm"] {
            assert!(!is_zip_head(other), "{other:?}");
        }
    }
}
