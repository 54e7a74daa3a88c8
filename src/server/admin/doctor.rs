//! Whether what is stored is sound: the file itself, and the rules that its rows keep.

use crate::store::{Result, Store, doctor};

/// Sentences that say what is wrong; none when all is well.
pub async fn problems(store: &Store) -> Result<Vec<String>> {
    let mut problems: Vec<String> =
        store.integrity().await?.into_iter().map(|text| format!("the database file is damaged: {text}")).collect();
    // The rows of a damaged file cannot be trusted to be read.
    if problems.is_empty() {
        problems = doctor::broken_rules(&mut *store.read().await?).await?;
    }
    Ok(problems)
}
