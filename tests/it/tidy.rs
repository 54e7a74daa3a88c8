//! The sources keep the shape that ARCHITECTURE.md promises: who may use whom, where colours and text live, how long
//! a file may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom. An entry `module::part` allows that part only. Each module may use itself.
const MAY_USE: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("domain", &["api"]),
    ("autoscale", &["api"]),
    ("auth", &["api", "domain", "server::clock"]),
    ("trace", &[]),
    ("store", &["api", "domain", "trace", "server::clock", "server::ids"]),
    ("blob", &["api", "domain", "server::clock", "server::ids"]),
    ("service", &["api", "domain", "autoscale", "auth", "store", "blob", "trace", "server::clock", "server::ids"]),
    (
        "scheduler",
        &[
            "api", "domain", "autoscale", "store", "service", "trace", "server::clock", "server::ids",
            "agent::leftovers", "agent::lock", "agent::mount_table", "agent::CONFIG_FILE",
        ],
    ),
    ("rest", &["api", "domain", "auth", "service", "trace", "server::clock", "server::ids", "server::request"]),
    ("arm", &["api", "domain", "auth", "service", "rest::body", "rest::query", "rest::request_info", "rest::trace"]),
    ("server_fns", &["api", "domain", "auth", "service", "server::clock", "server::ids", "server::request"]),
    (
        "agent",
        &[
            "api", "auth::Hasher", "auth::Throttle", "domain::command_line", "domain::container",
            "domain::file_pattern", "domain::mount", "domain::storage", "server::clock", "server::ids",
        ],
    ),
    (
        "server",
        &[
            "api", "domain", "autoscale", "auth", "store", "blob", "service", "scheduler", "rest", "arm", "server_fns",
            "agent", "trace",
        ],
    ),
    ("portal", &["api", "domain", "autoscale", "server_fns"]),
];

/// How many lines a file may have, its tests apart.
const LONGEST_FILE: usize = 400;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Attributes and properties whose value a user reads or hears.
const READ_ALOUD: &[&str] = &[
    "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription", "aria-valuetext", "heading",
    "hint", "label", "message", "placeholder", "summary", "text", "title",
];

/// What stands in views as it is, because it is the same in each language.
const SAME_IN_EACH_LANGUAGE: &[&str] = &["Fournil"];

#[test]
fn modules_use_only_those_they_may_use() {
    let mut wrong = Vec::new();
    for source in sources("src", "rs") {
        let Some(module) = module_of(&source.path) else { continue };
        let Some(allowed) = may_use(&module) else { continue };
        for (line, used) in crate_paths(&source.code()) {
            let first = used.split("::").next().unwrap_or_default();
            if first != module && may_use(first).is_some() && !allowed.contains(&first) && !allowed.contains(&&*used) {
                wrong.push(format!("{}:{line}: {module} may not use {used}", source.path.display()));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn each_module_is_in_the_table_of_who_may_use_whom() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    assert_none(modules.filter(|module| may_use(module).is_none()).map(|module| format!("{module} is not")).collect());
}

#[test]
fn each_stylesheet_is_linked_once() {
    let page = fs::read_to_string(root().join("index.html")).unwrap_or_default();
    let linked: Vec<_> =
        page.match_indices("href=\"").map(|(at, start)| until(&page[at + start.len()..], '"')).collect();
    let mut wrong = Vec::new();
    for sheet in sources("style", "css") {
        let path = sheet.path.display().to_string();
        match linked.iter().filter(|href| href.trim_start_matches(['.', '/']) == path).count() {
            1 => {}
            n => wrong.push(format!("{path} is linked {n} times in index.html")),
        }
    }
    let missing = linked.iter().filter(|href| href.ends_with(".css") && !root().join(href).exists());
    wrong.extend(missing.map(|href| format!("index.html links {href}, which is not there")));
    assert_none(wrong);
}

#[test]
fn colours_and_layers_are_in_tokens_css_only() {
    let mut wrong = Vec::new();
    for sheet in sources("style", "css").into_iter().filter(|sheet| !sheet.path.ends_with("tokens.css")) {
        for (line, property, value) in declarations(&sheet.text) {
            let place = format!("{}:{line}: {property}: {value}", sheet.path.display());
            if let Some(colour) = colour_in(&value) {
                wrong.push(format!("{place} (the colour {colour})"));
            }
            if property == "z-index" && value.contains(|c: char| c.is_ascii_digit()) && !value.contains("var(") {
                wrong.push(format!("{place} (a layer)"));
            }
        }
    }
    assert_none(wrong);
}

#[test]
fn no_source_file_is_too_long() {
    let mut wrong = Vec::new();
    for source in sources("src", "rs") {
        let path = source.path.display().to_string();
        let lines = source.without_tests().lines().count();
        let excused = LONG_FILES.iter().any(|(file, _)| *file == path);
        if lines > LONGEST_FILE && !excused {
            wrong.push(format!("{path} has {lines} lines, more than {LONGEST_FILE}: look for a split"));
        }
        if lines <= LONGEST_FILE && excused {
            wrong.push(format!("{path} has {lines} lines and needs no excuse any more"));
        }
    }
    assert_none(wrong);
}

#[test]
fn views_hold_no_text_of_their_own() {
    let mut wrong = Vec::new();
    for source in sources("src/portal", "rs") {
        for (line, text) in literal_text(source.without_tests()) {
            wrong.push(format!("{}:{line}: {text:?} belongs in locales/", source.path.display()));
        }
    }
    assert_none(wrong);
}

#[test]
fn the_reader_of_paths_sees_every_way_of_naming_a_module() {
    let code = code_of(concat!(
        "use crate::{api::{self, Pool}, domain};\nlet x = crate::store::db::open();\n",
        "// crate::rest\nlet s = \"crate::agent\"; use crate::server::{clock, ids};"
    ));
    let paths: Vec<_> = crate_paths(&code).into_iter().map(|(line, path)| format!("{line} {path}")).collect();
    assert_eq!(paths, ["1 api::self", "1 api::Pool", "1 domain", "2 store::db", "4 server::clock", "4 server::ids"]);
}

#[test]
fn the_reader_of_views_tells_text_from_attributes_and_code() {
    let source = r#"
        fn a() { let b = "not in a view"; view! {
            <p class="note" on:click=move |_| call("code") title="Read">"Hello" {move || t("id")} "·" // "comment"
            <Show when=move || x fallback=|| view! { <b>"Nested"</b> }> <i aria-label=t(X)/> </Show> "{}"</p>
            <h1>"Fournil"</h1>
        } }
        #[cfg(test)]
        mod tests { fn c() { view! { "Test" } } }
    "#;
    let source = Source { path: PathBuf::new(), text: source.to_owned() };
    let found: Vec<_> =
        literal_text(source.without_tests()).into_iter().map(|(line, text)| format!("{line} {text}")).collect();
    assert_eq!(found, ["3 Read", "3 Hello", "4 Nested"]);
}

#[test]
fn the_reader_of_styles_tells_colours_from_selectors() {
    let check = |css: &str, expected: &[&str]| {
        let found: Vec<_> = declarations(css).iter().filter_map(|(_, _, value)| colour_in(value)).collect();
        assert_eq!(found, expected, "{css}");
    };
    check("#add:hover { color: var(--red); transition: color 1s }", &[]);
    check("a { color: #fff; b { background: rgb(0 0 0 / 50%); } }", &["#fff", "rgb("]);
    check("a { /* red */ border: 1px solid Red; fill: currentColor; background: url(\"red.svg\") }", &["red"]);
    check("@media (width > 40rem) { a { color: color-mix(in oklab, var(--a), transparent) } }", &[]);
    check("a { color: CanvasText; outline-color: oklch(50% 0 0) }", &["oklch("]);
}

struct Source {
    /// From the root of the package.
    path: PathBuf,
    text: String,
}

impl Source {
    fn code(&self) -> String {
        code_of(&self.text)
    }

    /// The file up to its module of tests; nothing of it when it is one.
    fn without_tests(&self) -> &str {
        if self.path.ends_with("tests.rs") || self.path.components().any(|part| part.as_os_str() == "tests") {
            return "";
        }
        let is_start = |at: usize| {
            let rest = self.text[at + "#[cfg(test)]".len()..].trim_start();
            rest.starts_with("mod ") && until(rest, '\n').trim_end().ends_with('{') || rest.starts_with("mod tests {")
        };
        let end = self.text.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| is_start(*at));
        &self.text[..end.unwrap_or(self.text.len())]
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder and its sub-folders, by name.
fn sources(folder: &str, extension: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a folder can be listed").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                let text = fs::read_to_string(&path).expect("a source file is text");
                let path = path.strip_prefix(root()).expect("it is under the root").to_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn may_use(module: &str) -> Option<&'static [&'static str]> {
    MAY_USE.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed)
}

/// The top module that a file of `src/` belongs to; none for the programs and `lib.rs`.
fn module_of(path: &Path) -> Option<String> {
    let mut parts = path.components().skip(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let first = parts.next()?;
    if parts.next().is_some() { Some(first) } else { first.strip_suffix(".rs").map(str::to_owned) }
}

fn until(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or(text)
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

enum Piece<'a> {
    Code(&'a str),
    Comment(&'a str),
    /// With its quotes.
    Literal(&'a str),
}

/// Cuts Rust into code, comments and string literals; close enough for sources that compile.
fn pieces(text: &str) -> Vec<(usize, Piece<'_>)> {
    let mut out = Vec::new();
    let (mut at, mut code_from) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let before = text[..at].chars().next_back();
        let length = if rest.starts_with("//") {
            until(rest, '\n').len()
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with('"') {
            quoted(rest)
        } else if rest.starts_with('r') && !before.is_some_and(|c| is_word(c) && c != 'b') && raw(rest).is_some() {
            raw(rest).unwrap_or(1)
        } else {
            // A quote as a character would start a string.
            at += if rest.starts_with("'\"'") { 3 } else { rest.chars().next().map_or(1, char::len_utf8) };
            continue;
        };
        if code_from < at {
            out.push((code_from, Piece::Code(&text[code_from..at])));
        }
        let piece = &rest[..length];
        out.push((at, if piece.starts_with('/') { Piece::Comment(piece) } else { Piece::Literal(piece) }));
        at += length;
        code_from = at;
    }
    if code_from < text.len() {
        out.push((code_from, Piece::Code(&text[code_from..])));
    }
    out
}

/// The length of the string literal that `rest` begins with.
fn quoted(rest: &str) -> usize {
    let mut escaped = true; // The quote it begins with is not its end.
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of the raw string literal that `rest` begins with, if it does.
fn raw(rest: &str) -> Option<usize> {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    let body = rest[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len()))
}

/// The text with comments and literals blanked; lines stay where they are.
fn code_of(text: &str) -> String {
    let blank = |s: &str| s.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect::<String>();
    let keep = |(_, piece): (usize, Piece<'_>)| match piece {
        Piece::Code(code) => code.to_owned(),
        Piece::Comment(other) | Piece::Literal(other) => blank(other),
    };
    pieces(text).into_iter().map(keep).collect()
}

/// What follows each `crate::`, as `module` or `module::part`, with its line.
fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        if code[..at].ends_with(is_word) {
            continue;
        }
        for tree in branches(&code[at + start.len()..]) {
            let (module, rest) = tree.split_at(tree.find(|c| !is_word(c)).unwrap_or(tree.len()));
            let parts = rest.trim_start().strip_prefix("::").map(branches).unwrap_or_default();
            let line = line_of(code, at);
            if parts.is_empty() {
                found.push((line, module.to_owned()));
            }
            for part in parts {
                let part = &part[..part.find(|c| !is_word(c)).unwrap_or(part.len())];
                found.push((line, format!("{module}::{part}")));
            }
        }
    }
    found
}

/// `{a::b, c}` → `a::b` and `c`; anything else → itself.
fn branches(tree: &str) -> Vec<&str> {
    let tree = tree.trim_start();
    let Some(group) = tree.strip_prefix('{') else { return vec![tree] };
    let (mut out, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                out.push(group[from..at].trim());
                from = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    out.retain(|branch| !branch.is_empty());
    out
}

/// Text that a user would read and that stands literally in a `view!`, with its line.
fn literal_text(text: &str) -> Vec<(usize, String)> {
    /// What an open bracket holds: elements, or Rust.
    #[derive(PartialEq)]
    enum Inside {
        View,
        Code,
    }
    let mut found = Vec::new();
    let mut open = Vec::new();
    let mut before = String::new(); // The code just read, comments and literals left out.
    for (at, piece) in pieces(text) {
        match piece {
            Piece::Comment(_) => {}
            Piece::Code(code) => {
                for c in code.chars() {
                    match c {
                        '{' | '(' | '[' if before.trim_end().ends_with("view!") => open.push(Inside::View),
                        '{' | '(' | '[' => open.push(Inside::Code),
                        '}' | ')' | ']' => drop(open.pop()),
                        _ => {}
                    }
                    before.push(c);
                }
            }
            Piece::Literal(literal) => {
                let words = literal.trim_matches(['r', '#', '"']);
                let is_text = words.chars().any(char::is_alphabetic) && !SAME_IN_EACH_LANGUAGE.contains(&words);
                let attribute = before.trim_end().strip_suffix('=').map(|name| {
                    let start = name.rfind(|c: char| !is_word(c) && c != '-' && c != ':').map_or(0, |at| at + 1);
                    name[start..].to_owned()
                });
                let is_read = attribute.is_none_or(|name| READ_ALOUD.contains(&name.trim_start_matches("attr:")));
                if open.last() == Some(&Inside::View) && is_text && is_read {
                    found.push((line_of(text, at), words.to_owned()));
                }
                before.push('"');
            }
        }
    }
    found
}

/// The declarations of a stylesheet: line, property, value in lower case without strings.
fn declarations(css: &str) -> Vec<(usize, String, String)> {
    let mut clean = String::new();
    let mut rest = css;
    // Comments and strings are blanked.
    while let Some(at) = rest.find("/*").into_iter().chain(rest.find(['"', '\''])).min() {
        clean.push_str(&rest[..at]);
        let tail = &rest[at..];
        let end = match tail.chars().next() {
            Some('/') => tail.find("*/").map(|end| end + 2),
            quote => tail[1..].find(quote.unwrap_or('"')).map(|end| end + 2),
        };
        let (gone, after) = tail.split_at(end.unwrap_or(tail.len()));
        clean.extend(gone.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    clean.push_str(rest);

    let mut found = Vec::new();
    let mut from = 0;
    for (at, end) in clean.match_indices(['{', '}', ';']) {
        let piece = &clean[from..at];
        if let Some((property, value)) = piece.split_once(':').filter(|_| end != "{") {
            let line = line_of(&clean, from + piece.len() - piece.trim_start().len());
            found.push((line, property.trim().to_lowercase(), value.trim().to_lowercase()));
        }
        from = at + 1;
    }
    found
}

/// The first literal colour in a value.
fn colour_in(value: &str) -> Option<String> {
    const FUNCTIONS: &[&str] =
        &["rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color", "device-cmyk"];
    let is_part = |c: char| is_word(c) || c == '-' || c == '#';
    let mut at = 0;
    while at < value.len() {
        let rest = &value[at..];
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        at += word.len();
        let is_call = value[at..].starts_with('(');
        let hex = word.strip_prefix('#').is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
        if is_call && FUNCTIONS.contains(&word) {
            return Some(format!("{word}("));
        }
        if hex || !is_call && NAMED_COLOURS.contains(&word) {
            return Some(word.to_owned());
        }
    }
    None
}

/// CSS's named colours, but for those that follow the theme (`currentcolor`, `transparent`, the system colours).
const NAMED_COLOURS: &[&str] = &[
    "aliceblue", "antiquewhite", "aqua", "aquamarine", "azure", "beige", "bisque", "black", "blanchedalmond", "blue",
    "blueviolet", "brown", "burlywood", "cadetblue", "chartreuse", "chocolate", "coral", "cornflowerblue", "cornsilk",
    "crimson", "cyan", "darkblue", "darkcyan", "darkgoldenrod", "darkgray", "darkgreen", "darkgrey", "darkkhaki",
    "darkmagenta", "darkolivegreen", "darkorange", "darkorchid", "darkred", "darksalmon", "darkseagreen",
    "darkslateblue", "darkslategray", "darkslategrey", "darkturquoise", "darkviolet", "deeppink", "deepskyblue",
    "dimgray", "dimgrey", "dodgerblue", "firebrick", "floralwhite", "forestgreen", "fuchsia", "gainsboro",
    "ghostwhite", "gold", "goldenrod", "gray", "green", "greenyellow", "grey", "honeydew", "hotpink", "indianred",
    "indigo", "ivory", "khaki", "lavender", "lavenderblush", "lawngreen", "lemonchiffon", "lightblue", "lightcoral",
    "lightcyan", "lightgoldenrodyellow", "lightgray", "lightgreen", "lightgrey", "lightpink", "lightsalmon",
    "lightseagreen", "lightskyblue", "lightslategray", "lightslategrey", "lightsteelblue", "lightyellow", "lime",
    "limegreen", "linen", "magenta", "maroon", "mediumaquamarine", "mediumblue", "mediumorchid", "mediumpurple",
    "mediumseagreen", "mediumslateblue", "mediumspringgreen", "mediumturquoise", "mediumvioletred", "midnightblue",
    "mintcream", "mistyrose", "moccasin", "navajowhite", "navy", "oldlace", "olive", "olivedrab", "orange",
    "orangered", "orchid", "palegoldenrod", "palegreen", "paleturquoise", "palevioletred", "papayawhip", "peachpuff",
    "peru", "pink", "plum", "powderblue", "purple", "rebeccapurple", "red", "rosybrown", "royalblue", "saddlebrown",
    "salmon", "sandybrown", "seagreen", "seashell", "sienna", "silver", "skyblue", "slateblue", "slategray",
    "slategrey", "snow", "springgreen", "steelblue", "tan", "teal", "thistle", "tomato", "turquoise", "violet",
    "wheat", "white", "whitesmoke", "yellow", "yellowgreen",
];

#[test]
fn the_table_of_who_may_use_whom_has_no_circle() {
    // Parts of `server` that everyone may use (clock, ids, request) use nobody, so they make no circle.
    let table: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut open: Vec<_> = table.keys().copied().collect();
    while let Some(at) = open.iter().position(|module| !table[module].iter().any(|used| open.contains(used))) {
        open.remove(at);
    }
    assert!(open.is_empty(), "these use each other: {open:?}");
}
