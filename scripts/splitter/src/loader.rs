//! The script that loads what was split off.
//!
//! The splitter makes a file of what each set of areas shares, and most of these are tiny. They travel together, in one file
//! after the other, so that an area is a few requests and not dozens.

use std::collections::BTreeMap;

use eyre::{Result, ensure};

/// Files below this many bytes travel together.
const SMALL: usize = 16 * 1024;

/// Given the address of the small files, gives one of them.
const TOGETHER: &str = r#"let together;
function part(from, to) {
    if (together === undefined) {
        const coming = fetch(new URL("TOGETHER", import.meta.url)).then(answer => {
            if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
            return answer.arrayBuffer();
        });
        // As with the others: a failure is not kept.
        coming.catch(() => { if (together === coming) together = undefined; });
        together = coming;
    }
    return together.then(bytes => bytes.slice(from, to));
}
"#;

/// What an area's loader does in the script that the splitter writes; a build with assertions wraps the call.
fn alone(file: &str, wrap: &str) -> String {
    format!(
        "    const src = fetch(new URL(\"./{file}\", import.meta.url));
    src.catch(() => {{}});
    return async (imports) => {wrap}(WebAssembly.instantiateStreaming(src, imports));
"
    )
}

fn together(from: usize, to: usize, wrap: &str) -> String {
    format!(
        "    const src = part({from}, {to});
    src.catch(() => {{}});
    return async (imports) => {wrap}(WebAssembly.instantiate(await src, imports));
"
    )
}

/// What could not be loaded is said on the page, or was only loaded in advance: for the console it is no error.
const REPORT: (&str, &str) = ("console.error(e);", "console.warn(e);");

/// Parts by their file names, which the script knows; gives what is to be written under which name by `name`, which makes a
/// name of a stem, an ending and contents.
pub fn lay_out(
    loader: &str,
    parts: BTreeMap<String, Vec<u8>>,
    name: impl Fn(&str, &str, &[u8]) -> String,
) -> Result<(String, Vec<(String, Vec<u8>)>)> {
    ensure!(loader.contains(REPORT.0), "the script of the splitter is not as it was in its last version");
    let (mut loader, mut files, mut small) = (loader.replace(REPORT.0, REPORT.1), Vec::new(), Vec::new());
    let wrap = if loader.contains("function debugWrap(") { "debugWrap" } else { "" };
    for (file, wasm) in parts {
        let before = alone(&file, wrap);
        if !loader.contains(&before) {
            // One that turned out empty is never asked for.
            ensure!(!loader.contains(&file), "the loader of {file} is not as it was in the splitter's last version");
            continue;
        }
        let after = if wasm.len() < SMALL {
            let from = small.len();
            small.extend_from_slice(&wasm);
            together(from, small.len(), wrap)
        } else {
            let named = name(file.trim_end_matches(".wasm"), ".wasm", &wasm);
            files.push((named.clone(), wasm));
            alone(&named, wrap)
        };
        loader = loader.replace(&before, &after);
    }
    if !small.is_empty() {
        let named = name("shared", ".bin", &small);
        loader.push_str(&TOGETHER.replace("TOGETHER", &format!("./{named}")));
        files.push((named, small));
    }
    Ok((loader, files))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(stem: &str, ending: &str, contents: &[u8]) -> String {
        format!("{stem}-{}{ending}", contents.len())
    }

    #[test]
    fn small_files_travel_together_and_large_ones_alone() {
        let parts: BTreeMap<_, _> = [("a.wasm", 3), ("b.wasm", 5), ("big.wasm", SMALL)]
            .into_iter()
            .map(|(file, len)| (file.to_owned(), vec![0; len]))
            .collect();
        let script: String =
            [REPORT.0.to_owned()].into_iter().chain(parts.keys().map(|file| alone(file, ""))).collect();
        let (loader, files) = lay_out(&script, parts, named).unwrap();
        assert!(loader.contains("part(0, 3)") && loader.contains("part(3, 8)"), "{loader}");
        assert!(loader.contains("./big-16384.wasm") && loader.contains("./shared-8.bin"), "{loader}");
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["big-16384.wasm", "shared-8.bin"]);
    }

    #[test]
    fn a_part_that_the_script_loads_in_another_way_is_an_error() {
        let parts = || BTreeMap::from([("a.wasm".to_owned(), vec![])]);
        assert!(lay_out(&format!("{} import(\"./a.wasm\")", REPORT.0), parts(), named).is_err());
        assert!(lay_out("", parts(), named).is_err());
        assert!(lay_out(REPORT.0, parts(), named).unwrap().1.is_empty());
    }
}
