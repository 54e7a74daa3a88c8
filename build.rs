//! Packs `locales/` into tables, so that a missing or misspelt message is a build error, and makes sure that the folder
//! that holds the built portal exists.
//!
//! `locales/en/*.json` and `locales/fr/*.json` are flat objects of message id → text; the ids of all files of a language
//! form one namespace. The text may hold `{name}` placeholders. Both languages must have the same ids, and each message the
//! same placeholders in both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const LANGUAGES: [&str; 2] = ["en", "fr"];

fn main() {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build.rs");
    fs::create_dir_all("dist").expect("the folder of the built portal can be made");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // What refers to what: by that scripts/splitter finds out which functions belong to which file.
        println!("cargo::rustc-link-arg-bin=portal=--emit-relocs");
    }
    let tables = LANGUAGES.map(read_language);
    let [en, fr] = &tables;
    let ids: BTreeSet<_> = en.keys().chain(fr.keys()).collect();
    for id in &ids {
        match (en.get(*id), fr.get(*id)) {
            (Some(a), Some(b)) => {
                assert!(placeholders(a) == placeholders(b), "locales: {id} has other placeholders in fr than in en")
            }
            (Some(_), None) => panic!("locales: {id} is missing in fr"),
            (None, _) => panic!("locales: {id} is missing in en"),
        }
    }
    let mut code = String::new();
    for id in &ids {
        let text = &en[*id];
        // Each with its texts and not as an index of a table, so that a text lies in the file of the portal that shows it.
        let texts = tables.each_ref().map(|table| &table[*id]);
        let _ = writeln!(code, "/// {}\npub const {id}: Msg = Msg(&{texts:?});", text.replace('\n', " "));
    }
    // So that the sentence of an error is found by its code.
    let errors: Vec<_> = ids.iter().filter(|id| id.starts_with("ERROR_")).map(|id| format!("({id:?}, {id})")).collect();
    let _ = writeln!(code, "pub(super) static ERRORS: &[(&str, Msg)] = &[{}];", errors.join(", "));
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("messages.rs"), code).expect("the table of messages can be written");
}

fn read_language(language: &str) -> BTreeMap<String, String> {
    let mut table = BTreeMap::new();
    let folder = format!("locales/{language}");
    let Ok(entries) = fs::read_dir(&folder) else { return table };
    for entry in entries {
        let path = entry.expect("locales can be listed").path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a locale file can be read");
        let file: BTreeMap<String, String> =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for (id, text) in file {
            let legal = id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            assert!(legal, "{}: {id} is not in UPPER_SNAKE_CASE", path.display());
            assert!(table.insert(id.clone(), text).is_none(), "{}: {id} stands in two files", path.display());
        }
    }
    table
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}
