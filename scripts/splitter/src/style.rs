//! Joins the style sheets in the page's order: all have to be there before anything is shown, so they are one request.

use std::fs;
use std::path::Path;

use eyre::{ContextCompat, Result, ensure};

const BEFORE: &str = "<link rel=\"stylesheet\" href=\"/";
const AFTER: &str = "\"/>";

/// Gives the page with one sheet, which `name` names, in the place of all; their files in `dist` give way to it.
pub fn join(dist: &Path, index: &str, name: impl Fn(&[u8]) -> String) -> Result<String> {
    let (page, sheets) = without_sheets(index)?;
    let mut style = String::new();
    for sheet in &sheets {
        let path = dist.join(sheet);
        let text = fs::read_to_string(&path)?;
        ensure!(!text.contains("@import"), "{sheet} imports another sheet, which must stand in index.html instead");
        style.push_str(text.trim_end());
        style.push('\n');
        fs::remove_file(path)?;
    }
    let name = name(style.as_bytes());
    fs::write(dist.join(&name), style)?;
    Ok(page.replace(PLACE, &format!("{BEFORE}{name}{AFTER}")))
}

const PLACE: &str = "<!-- style -->";

/// The page with a mark where the first sheet was, and the sheets' names.
fn without_sheets(index: &str) -> Result<(String, Vec<String>)> {
    let mut parts = index.split(BEFORE);
    let mut page = parts.next().unwrap_or_default().to_owned();
    let mut sheets = Vec::new();
    for part in parts {
        let (sheet, rest) = part.split_once(AFTER).wrap_err("a link to a sheet ends as Trunk writes it")?;
        if sheets.is_empty() {
            page.push_str(PLACE);
        } else {
            page.truncate(page.trim_end().len());
        }
        sheets.push(sheet.to_owned());
        page.push_str(rest);
    }
    ensure!(!sheets.is_empty(), "index.html has no style sheets");
    Ok((page, sheets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_are_taken_out_in_their_order() {
        let page = "<head>\n  <link rel=\"stylesheet\" href=\"/a-1.css\"/>\n  <link rel=\"stylesheet\" href=\"/b-2.css\"/>\n</head>";
        let (page, sheets) = without_sheets(page).unwrap();
        assert_eq!(page, "<head>\n  <!-- style -->\n</head>");
        assert_eq!(sheets, ["a-1.css", "b-2.css"]);
        assert!(without_sheets("<head></head>").is_err());
    }
}
