//! Splits a task's command line into the program's arguments. No shell runs it: nothing is expanded, `|`, `>` and `;` are
//! ordinary characters. Pure.
//!
//! Rules, those of a POSIX shell's quoting and nothing else of it: blanks separate arguments; everything between single
//! quotes stands for itself; between double quotes a backslash quotes `"`, `\`, `$` and `` ` `` and is kept before anything
//! else; outside of quotes a backslash quotes the character after it; a backslash before a line's end removes both.

/// Why a command line has no arguments to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("the command line is empty")]
    Empty,
    #[error("a {0} quote in the command line is never closed")]
    OpenQuote(&'static str),
    #[error("the command line ends in a backslash")]
    OpenEscape,
    #[error("the command line holds a NUL character")]
    Nul,
}

pub fn split(line: &str) -> Result<Vec<String>, SplitError> {
    if line.contains('\0') {
        return Err(SplitError::Nul);
    }
    let mut arguments = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| is_blank(*c)).is_some() {}
        if chars.peek().is_none() {
            break;
        }
        if let Some(argument) = read_argument(&mut chars)? {
            arguments.push(argument);
        }
    }
    if arguments.is_empty() { Err(SplitError::Empty) } else { Ok(arguments) }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Reads up to the next blank. None when all there was is a line that goes on.
fn read_argument(chars: &mut Chars<'_>) -> Result<Option<String>, SplitError> {
    let (mut argument, mut there_is_one) = (String::new(), false);
    while let Some(c) = chars.next_if(|c| !is_blank(*c)) {
        match c {
            '\'' => read_single_quoted(chars, &mut argument)?,
            '"' => read_double_quoted(chars, &mut argument)?,
            '\\' => match chars.next().ok_or(SplitError::OpenEscape)? {
                '\n' => continue,
                quoted => argument.push(quoted),
            },
            plain => argument.push(plain),
        }
        there_is_one = true;
    }
    Ok(there_is_one.then_some(argument))
}

fn read_single_quoted(chars: &mut Chars<'_>, argument: &mut String) -> Result<(), SplitError> {
    loop {
        match chars.next().ok_or(SplitError::OpenQuote("single"))? {
            '\'' => return Ok(()),
            c => argument.push(c),
        }
    }
}

fn read_double_quoted(chars: &mut Chars<'_>, argument: &mut String) -> Result<(), SplitError> {
    let mut next = || chars.next().ok_or(SplitError::OpenQuote("double"));
    loop {
        match next()? {
            '"' => return Ok(()),
            '\\' => match next()? {
                c @ ('"' | '\\' | '$' | '`') => argument.push(c),
                '\n' => {}
                c => argument.extend(['\\', c]),
            },
            c => argument.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &[&str]) {
        assert_eq!(split(line), Ok(expected.iter().map(|s| (*s).to_owned()).collect()), "{line}");
    }

    #[test]
    fn blanks_separate_arguments() {
        check("true", &["true"]);
        check("  echo \t a\nb  ", &["echo", "a", "b"]);
    }

    #[test]
    fn quotes_keep_blanks_and_join_with_what_is_beside_them() {
        check("/bin/sh -c 'echo hello; exit 3'", &["/bin/sh", "-c", "echo hello; exit 3"]);
        check(r#"echo "a b"'c d'e"#, &["echo", "a bc de"]);
        check(r#"echo '' """#, &["echo", "", ""]);
        check(r#"echo "it's" '"'"#, &["echo", "it's", "\""]);
        check("sh -c 'a\nb'", &["sh", "-c", "a\nb"]);
    }

    #[test]
    fn backslashes_quote_as_in_a_shell() {
        check(r"echo a\ b \' \\ \n", &["echo", "a b", "'", "\\", "n"]);
        check(r#"echo "a\"b\\c\n\$""#, &["echo", "a\"b\\c\\n$"]);
        check(r"echo 'a\b'", &["echo", "a\\b"]);
        check("echo a\\\nb \\\n c", &["echo", "ab", "c"]);
        check("echo \"a\\\nb\"", &["echo", "ab"]);
    }

    #[test]
    fn nothing_is_expanded() {
        check(
            "echo $HOME `id` $(id) *.txt ~ a|b >c &&d",
            &["echo", "$HOME", "`id`", "$(id)", "*.txt", "~", "a|b", ">c", "&&d"],
        );
        check("ssh -oProxyCommand=id #x", &["ssh", "-oProxyCommand=id", "#x"]);
        check("echo é 日本", &["echo", "é", "日本"]);
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        assert_eq!(split(""), Err(SplitError::Empty));
        assert_eq!(split(" \n \\\n "), Err(SplitError::Empty));
        assert_eq!(split("echo 'a"), Err(SplitError::OpenQuote("single")));
        assert_eq!(split("echo \"a\\\""), Err(SplitError::OpenQuote("double")));
        assert_eq!(split("echo \\"), Err(SplitError::OpenEscape));
        assert_eq!(split("echo a\0b"), Err(SplitError::Nul));
    }
}
