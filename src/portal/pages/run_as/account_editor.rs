//! Rows of accounts: a name, a password that is hidden until it is asked for, a level, and ids.

use leptos::prelude::*;

use super::account_rows::AccountRow;
use crate::api::ElevationLevel;
use crate::portal::components::{EditedRow, PasswordInput, RowNumber, RowsEditor, Select, TextInput};
use crate::portal::i18n::{msg, t};

#[derive(Clone, Copy)]
struct Row {
    name: RwSignal<String>,
    password: RwSignal<String>,
    level: RwSignal<String>,
    ids: RwSignal<String>,
}

impl EditedRow for Row {
    type Typed = AccountRow;

    fn new(row: AccountRow) -> Row {
        let level = if row.level.is_empty() { ElevationLevel::NonAdmin.to_string() } else { row.level };
        Row {
            name: RwSignal::new(row.name),
            password: RwSignal::new(row.password),
            level: RwSignal::new(level),
            ids: RwSignal::new(row.ids),
        }
    }

    fn get(self) -> AccountRow {
        AccountRow {
            name: self.name.get(),
            password: self.password.get(),
            level: self.level.get(),
            ids: self.ids.get(),
        }
    }
}

/// Edits `accounts`; the field around it is a group and names them.
#[component]
pub fn AccountEditor(accounts: RwSignal<Vec<AccountRow>>) -> impl IntoView {
    let controls = |(row, number): (Row, RowNumber)| {
        let example = Signal::derive(|| Some(t(msg::POOL_USER_IDS_EXAMPLE).to_owned()));
        view! {
            <TextInput value=row.name code=true label=number.label(msg::POOL_USER_NAME)/>
            <PasswordInput value=row.password label=number.label(msg::POOL_USER_PASSWORD) toggle=number.label(msg::POOL_USER_SHOW_PASSWORD)/>
            <Select value=row.level options=Signal::derive(levels) label=number.label(msg::POOL_USER_LEVEL)/>
            <TextInput value=row.ids code=true label=number.label(msg::POOL_USER_IDS) placeholder=example/>
        }
        .into_any()
    };
    view! { <RowsEditor typed=accounts add=msg::POOL_USER_ADD wide=true controls=Callback::new(controls)/> }
}

fn levels() -> Vec<(String, String)> {
    let text = |level: ElevationLevel| match level {
        ElevationLevel::NonAdmin => msg::LEVEL_NONADMIN,
        ElevationLevel::Admin => msg::LEVEL_ADMIN,
    };
    ElevationLevel::ALL.iter().map(|level| (level.to_string(), t(text(*level)).to_owned())).collect()
}
