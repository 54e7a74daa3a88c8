//! Patterns that say which files of a task are uploaded when it ends.
//!
//! `*` stands for any characters of a name, `?` for one, `[abc]`, `[a-c]` and `[!a]` for one of a set, `**` as a whole name
//! for any number of folders. A name that begins with a dot is met by a pattern that begins with a dot only. Anything else
//! stands for itself; a character with a meaning does so in brackets.
//! Source: OutputFile, filePattern, 2024-07-01.20.0.
//!
//! A pattern is relative to the task's working directory and may begin with one `..`, which is the task's folder; or it is
//! absolute, with variables of the task (`$AZ_BATCH_TASK_DIR/*.log`). Chosen here: no other `..`.

use std::collections::BTreeMap;

/// Compiled, for paths of the same kind: relative to the working directory's parent, or absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`
    Folders,
    Name(Vec<Token>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
    /// One of these ranges, or none of them.
    Set {
        ranges: Vec<(char, char)>,
        inverted: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("it is empty")]
    Empty,
    #[error("it may begin with one `..`, and has none elsewhere")]
    Climbs,
    #[error("a bracket is not closed")]
    OpenBracket,
    #[error("it names a folder, not files")]
    NoFile,
    #[error("it holds a NUL character")]
    Nul,
}

impl FilePattern {
    /// Reads a pattern that has no variables any more.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<FilePattern, BadPattern> {
        if text.is_empty() {
            return Err(BadPattern::Empty);
        }
        if text.contains('\0') {
            return Err(BadPattern::Nul);
        }
        if text.ends_with('/') {
            return Err(BadPattern::NoFile);
        }
        let (in_working_directory, rest) = match text.strip_prefix("../") {
            _ if text.starts_with('/') => (false, text),
            Some(rest) => (false, rest),
            None => (true, text),
        };
        let names: Vec<&str> = rest.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        if names.contains(&"..") {
            return Err(BadPattern::Climbs);
        }
        let wd = in_working_directory.then_some("wd");
        let mut parts: Vec<Part> = wd.into_iter().chain(names).map(Part::parse).collect::<Result<_, _>>()?;
        match parts.last() {
            None => return Err(BadPattern::NoFile),
            // All that is below, and not the folder itself.
            Some(Part::Folders) => parts.push(Part::Name(vec![Token::Any])),
            Some(_) => {}
        }
        Ok(FilePattern { parts })
    }

    /// Whether a path fits: relative to the task's folder (`wd/a.txt`), or absolute without its first slash, as the pattern is.
    pub fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        // Dynamic programming over names: which parts of the pattern may come next. No input makes it slow.
        let mut next = vec![false; self.parts.len() + 1];
        next[0] = true;
        self.skip_folders(&mut next);
        for name in names {
            let mut after = vec![false; self.parts.len() + 1];
            for (index, part) in self.parts.iter().enumerate().filter(|(index, _)| next[*index]) {
                match part {
                    Part::Folders if !name.starts_with('.') => after[index] = true,
                    Part::Name(tokens) if name_matches(tokens, name) => after[index + 1] = true,
                    _ => {}
                }
            }
            self.skip_folders(&mut after);
            next = after;
        }
        next[self.parts.len()]
    }

    /// `**` stands for no folder, too.
    fn skip_folders(&self, next: &mut [bool]) {
        for (index, part) in self.parts.iter().enumerate() {
            if next[index] && *part == Part::Folders {
                next[index + 1] = true;
            }
        }
    }

    /// Without wildcards it names one file.
    pub fn has_wildcard(&self) -> bool {
        self.parts.iter().any(|part| part.literal().is_none())
    }

    /// The folders before the first wildcard: whatever fits lies below them.
    pub fn folder(&self) -> String {
        let folders = &self.parts[..self.parts.len() - 1];
        folders.iter().map_while(Part::literal).collect::<Vec<_>>().join("/")
    }
}

impl Part {
    fn parse(name: &str) -> Result<Part, BadPattern> {
        if name == "**" {
            return Ok(Part::Folders);
        }
        let mut tokens = Vec::new();
        let mut chars = name.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '[' => read_set(&mut chars)?,
                c => Token::Char(c),
            });
        }
        tokens.dedup_by(|a, b| *a == Token::Any && *b == Token::Any);
        Ok(Part::Name(tokens))
    }

    /// The one name that fits; a set of one character is that character.
    fn literal(&self) -> Option<String> {
        let Part::Name(tokens) = self else { return None };
        tokens.iter().map(Token::literal).collect()
    }
}

impl Token {
    fn literal(&self) -> Option<char> {
        match self {
            Token::Char(c) => Some(*c),
            Token::Set { ranges, inverted: false } => match ranges[..] {
                [(from, to)] if from == to => Some(from),
                _ => None,
            },
            _ => None,
        }
    }

    fn fits(&self, c: char) -> bool {
        match self {
            Token::Char(own) => *own == c,
            Token::One | Token::Any => true,
            Token::Set { ranges, inverted } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *inverted,
        }
    }
}

/// What follows an open bracket. A closing bracket that comes first stands for itself.
fn read_set(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, BadPattern> {
    let inverted = chars.next_if_eq(&'!').is_some();
    let mut ranges = Vec::new();
    loop {
        let from = chars.next().ok_or(BadPattern::OpenBracket)?;
        if from == ']' && !ranges.is_empty() {
            return Ok(Token::Set { ranges, inverted });
        }
        let mut ahead = chars.clone();
        let to = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) if to != ']' => {
                *chars = ahead;
                to
            }
            _ => from,
        };
        ranges.push((from, to));
    }
}

fn name_matches(tokens: &[Token], name: &str) -> bool {
    if name.starts_with('.') && tokens.first().and_then(Token::literal) != Some('.') {
        return false;
    }
    let name: Vec<char> = name.chars().collect();
    // The usual match with one place to go back to: the last star.
    let (mut t, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match tokens.get(t) {
            Some(Token::Any) => {
                star = Some((t, n));
                t += 1;
            }
            Some(token) if token.fits(name[n]) => (t, n) = (t + 1, n + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (t, n) = (at + 1, from + 1);
            }
        }
    }
    tokens[t..].iter().all(|token| *token == Token::Any)
}

/// Puts the values of variables in the place of `$NAME` and `${NAME}`. Unknown ones stay as they are: a file may be named so.
pub fn expand(pattern: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (name, length) = variable(&from[1..]);
        match variables.get(name) {
            Some(value) => out.push_str(value),
            None => out.push_str(&from[..=length]),
        }
        rest = &from[1 + length..];
    }
    out + rest
}

/// The name that stands behind a dollar sign, and how much text it takes.
fn variable(text: &str) -> (&str, usize) {
    if let Some((name, _)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return (name, name.len() + 2);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (&text[..end], end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(pattern: &str, path: &str, expected: bool) {
        let compiled = FilePattern::parse(pattern).unwrap();
        assert_eq!(compiled.matches(path), expected, "{path} and {pattern}");
    }

    #[test]
    fn patterns_are_relative_to_the_working_directory() {
        check("a.txt", "wd/a.txt", true);
        check("a.txt", "a.txt", false);
        check("a.txt", "wd/b/a.txt", false);
        check("./b/../a".replace("../", "").as_str(), "wd/b/a", true);
        check("../std*.txt", "stdout.txt", true);
        check("../std*.txt", "wd/stdout.txt", false);
        check("/mnt/*/a", "mnt/x/a", true);
    }

    #[test]
    fn wildcards_stay_within_a_name_and_two_stars_go_through_folders() {
        check("*.txt", "wd/a.txt", true);
        check("*.txt", "wd/b/a.txt", false);
        check("**/*.txt", "wd/a.txt", true);
        check("**/*.txt", "wd/b/c/a.txt", true);
        check("**/*.txt", "wd/b/c/a.png", false);
        check("out/**", "wd/out/b/a", true);
        check("out/**", "wd/out", false);
        check("a?c", "wd/abc", true);
        check("a?c", "wd/ac", false);
        check("*a*b*", "wd/xxaxxbxx", true);
        check("*a*b*", "wd/xxbxxaxx", false);
    }

    #[test]
    fn brackets_hold_sets_ranges_and_quoted_characters() {
        check("[abc].x", "wd/b.x", true);
        check("[a-c]1", "wd/c1", true);
        check("[a-c]1", "wd/d1", false);
        check("[!a]", "wd/b", true);
        check("[!a]", "wd/a", false);
        check("a[*]b", "wd/a*b", true);
        check("a[*]b", "wd/axb", false);
        check("[]]", "wd/]", true);
        check("[a-]", "wd/-", true);
        check("[?]", "wd/?", true);
    }

    #[test]
    fn hidden_files_need_a_dot() {
        check("*", "wd/.a", false);
        check("?a", "wd/.a", false);
        check("[.]a", "wd/.a", true);
        check(".*", "wd/.a", true);
        check("**/a", "wd/.git/a", false);
        check("**/.a", "wd/b/.a", true);
        check("**", "wd/b/.a", false);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let refused = |text: &str, why| assert_eq!(FilePattern::parse(text), Err(why), "{text}");
        refused("", BadPattern::Empty);
        refused("a/", BadPattern::NoFile);
        refused("/", BadPattern::NoFile);
        refused("../../**", BadPattern::Climbs);
        refused("a/../b", BadPattern::Climbs);
        refused("/a/..", BadPattern::Climbs);
        refused("[a", BadPattern::OpenBracket);
        refused("[]", BadPattern::OpenBracket);
        refused("a\0", BadPattern::Nul);
    }

    #[test]
    fn the_folder_before_the_first_wildcard_is_known() {
        let folder = |text: &str| FilePattern::parse(text).unwrap().folder();
        assert_eq!(folder("a/b/*.txt"), "wd/a/b");
        assert_eq!(folder("../std*.txt"), "");
        assert_eq!(folder("/x/[*]/y/?"), "x/*/y");
        assert_eq!(folder("**/a"), "wd");
        assert!(!FilePattern::parse("a/[*].txt").unwrap().has_wildcard());
        assert!(FilePattern::parse("a/[ab].txt").unwrap().has_wildcard());
    }

    #[test]
    fn variables_are_put_in() {
        let variables = BTreeMap::from([("AZ_BATCH_TASK_DIR".to_owned(), "/t".to_owned())]);
        let check = |text: &str, expected: &str| assert_eq!(expand(text, &variables), expected);
        check("$AZ_BATCH_TASK_DIR/*.log", "/t/*.log");
        check("${AZ_BATCH_TASK_DIR}x/$OTHER/$", "/tx/$OTHER/$");
        check("${open", "${open");
    }

    proptest! {
        #[test]
        fn a_quoted_path_matches_itself_only(names in prop::collection::vec("[a-z*?\\[\\]!.-]{1,6}", 1..4), other in "[a-z*/]{1,9}") {
            prop_assume!(names.iter().all(|name| !matches!(name.as_str(), "." | "..")));
            let quote = |c: char| if c == '!' { "!".to_owned() } else { format!("[{c}]") };
            let quoted: Vec<String> = names.iter().map(|name| name.chars().map(quote).collect()).collect();
            let pattern = FilePattern::parse(&quoted.join("/")).unwrap();
            let path = format!("wd/{}", names.join("/"));
            prop_assert!(pattern.matches(&path));
            prop_assert!(!pattern.has_wildcard());
            prop_assert_eq!(pattern.matches(&format!("wd/{other}")), format!("wd/{other}") == path);
        }

        #[test]
        fn whatever_matches_lies_below_the_folder(pattern in "[ab*?/\\[\\]]{1,10}", path in "[ab/]{1,10}") {
            if let Ok(compiled) = FilePattern::parse(&pattern)
                && !pattern.starts_with('/')
                && compiled.matches(&format!("wd/{path}"))
            {
                let below = format!("wd/{path}");
                let folder = compiled.folder() + "/";
                prop_assert!(below.starts_with(&folder));
            }
        }
    }
}
