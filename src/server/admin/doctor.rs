//! Whether what is stored is sound: the file itself, the rules that its rows keep, and the files of blobs that they name.

use crate::service::Context;
use crate::store::{self, Result, Store, doctor};

/// At most so many examples of blobs' files that are missing.
const EXAMPLES: usize = 20;

/// Sentences that say what is wrong; none when all is well.
pub async fn problems(cx: &Context) -> Result<Vec<String>> {
    let mut problems = problems_of_store(&cx.store).await?;
    if problems.is_empty() {
        let files = store::storage::all_files(&mut *cx.store.read().await?).await?;
        let missing = cx.blobs.missing(&files);
        problems.extend(missing.iter().take(EXAMPLES).map(|file| format!("a blob's file is not there: {file}")));
    }
    Ok(problems)
}

/// The same of a database alone.
pub async fn problems_of_store(store: &Store) -> Result<Vec<String>> {
    let mut problems: Vec<String> =
        store.integrity().await?.into_iter().map(|text| format!("the database file is damaged: {text}")).collect();
    // The rows of a damaged file cannot be trusted to be read.
    if problems.is_empty() {
        problems = doctor::broken_rules(&mut *store.read().await?).await?;
    }
    Ok(problems)
}
