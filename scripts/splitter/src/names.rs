//! Puts the files into the folder of the portal, each named after what is in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use eyre::{ContextCompat, Result, ensure};
use sha2::{Digest, Sha256};

use crate::compact::compact;
use crate::loader::lay_out;
use crate::{LOADER, PROGRAM, style};

pub fn place(dist: &Path, glue: &Path, parts: Vec<PathBuf>) -> Result<()> {
    let loader = fs::read_to_string(glue.join(format!("{LOADER}.js")))?;
    let mut by_name = BTreeMap::new();
    for part in parts {
        let name = part.file_name().and_then(|name| name.to_str()).wrap_err("a part has a name")?;
        by_name.insert(name.to_owned(), compact(&fs::read(&part)?)?);
    }
    let name = |stem: &str, ending: &str, contents: &[u8]| format!("{stem}-{}{ending}", hash_of(&[contents]));
    let (loader, files) = lay_out(&loader, by_name, name)?;
    for (name, contents) in files {
        fs::write(dist.join(name), contents)?;
    }
    let program = fs::read(glue.join(format!("{PROGRAM}_bg.wasm")))?;
    let script = fs::read_to_string(glue.join(format!("{PROGRAM}.js")))?;
    // The two scripts name each other, so one hash is for both; the program goes with them.
    let hash = hash_of(&[&program, script.as_bytes(), loader.as_bytes()]);
    let script = replace(&script, &format!("from \"./{LOADER}.js\""), &format!("from \"./{LOADER}-{hash}.js\""))?;
    let loader = replace(&loader, &format!("from \"./{PROGRAM}.js\""), &format!("from \"./{PROGRAM}-{hash}.js\""))?;

    let index = fs::read_to_string(dist.join("index.html"))?;
    let before = trunks_name(&index).wrap_err("index.html names no program")?;
    for suffix in [".js", "_bg.wasm"] {
        fs::remove_file(dist.join(format!("{before}{suffix}")))?;
    }
    let index = index.replace(&before, &format!("{PROGRAM}-{hash}"));
    let index =
        replace(&index, "<link rel=\"modulepreload\"", &format!("{}<link rel=\"modulepreload\"", preload(&hash)))?;
    let index = style::join(dist, &index, |style| name("style", ".css", style))?;
    fs::write(dist.join(format!("{PROGRAM}-{hash}_bg.wasm")), program)?;
    fs::write(dist.join(format!("{PROGRAM}-{hash}.js")), script)?;
    fs::write(dist.join(format!("{LOADER}-{hash}.js")), loader)?;
    fs::write(dist.join("index.html"), index)?;
    Ok(())
}

fn preload(hash: &str) -> String {
    format!("<link rel=\"modulepreload\" href=\"/{LOADER}-{hash}.js\" crossorigin=\"anonymous\">")
}

fn hash_of(contents: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for content in contents {
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// As Trunk has named the program: `portal-0123456789abcdef`.
fn trunks_name(index: &str) -> Option<String> {
    let from = index.find(&format!("/{PROGRAM}-"))? + 1;
    let name = index[from..].split(['.', '_', '\'', '"']).next()?;
    Some(name.to_owned())
}

/// Fails where there is nothing to replace: then a tool writes something else than it did.
fn replace(text: &str, from: &str, to: &str) -> Result<String> {
    ensure!(text.contains(from), "{from} is expected");
    Ok(text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunks_name_is_read_off_the_page() {
        let page = "<script>import init from '/portal-aaa802012a732c06.js';</script>";
        assert_eq!(trunks_name(page).as_deref(), Some("portal-aaa802012a732c06"));
        assert_eq!(trunks_name("<html></html>"), None);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert_eq!(replace("a b b", "b", "c").unwrap(), "a c c");
        assert!(replace("a b", "x", "c").is_err());
    }

    #[test]
    fn a_hash_knows_where_one_file_ends() {
        assert_ne!(hash_of(&[b"ab", b"c"]), hash_of(&[b"a", b"bc"]));
    }
}
