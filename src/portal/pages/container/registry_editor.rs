//! Rows of registries: a server, a user, and a password that is hidden until it is asked for.

use leptos::prelude::*;

use super::registry_rows::RegistryRow;
use crate::portal::components::{EditedRow, PasswordInput, RowNumber, RowsEditor, TextInput};
use crate::portal::i18n::msg;

#[derive(Clone, Copy)]
struct Row {
    server: RwSignal<String>,
    user: RwSignal<String>,
    password: RwSignal<String>,
}

impl EditedRow for Row {
    type Typed = RegistryRow;

    fn new(row: RegistryRow) -> Row {
        Row { server: RwSignal::new(row.server), user: RwSignal::new(row.user), password: RwSignal::new(row.password) }
    }

    fn get(self) -> RegistryRow {
        RegistryRow { server: self.server.get(), user: self.user.get(), password: self.password.get() }
    }
}

/// Edits `registries`; the field around it is a group and names them.
#[component]
pub fn RegistryEditor(registries: RwSignal<Vec<RegistryRow>>) -> impl IntoView {
    let controls = |(row, number): (Row, RowNumber)| {
        let example = Signal::stored(Some("docker.io".to_owned()));
        view! {
            <TextInput value=row.server code=true label=number.label(msg::REGISTRY_SERVER) placeholder=example/>
            <TextInput value=row.user code=true label=number.label(msg::REGISTRY_USER)/>
            <PasswordInput value=row.password label=number.label(msg::REGISTRY_PASSWORD) toggle=number.label(msg::REGISTRY_SHOW_PASSWORD)/>
        }
        .into_any()
    };
    view! { <RowsEditor typed=registries add=msg::REGISTRY_ADD wide=true controls=Callback::new(controls)/> }
}
