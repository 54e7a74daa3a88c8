//! Under whom tasks run: the accounts of a pool in its form and on its page, and whom tasks of all kinds choose.

mod account_editor;
mod account_rows;
mod choice;
mod choice_field;
mod shown;

pub use account_editor::AccountEditor;
pub use account_rows::{AccountRow, accounts};
pub use choice::RunAs;
pub use choice_field::RunAsField;
pub use shown::{UserAccounts, run_as_text};
