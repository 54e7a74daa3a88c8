//! Text of a filter → words, each with its place.

use super::NotAFilter;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Open,
    Close,
    Comma,
    /// A property, an operator, `true`, `startswith` …
    Word(String),
    /// `'it''s'` is `it's`.
    Text(String),
    /// `DateTime'…'`, what stands between the quotes.
    Time(String),
    Int(i64),
}

/// A token and its place: the number of its first character, counted from 1.
pub type Placed = (Token, usize);

pub fn tokens(text: &str) -> Result<Vec<Placed>, NotAFilter> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        let token = match c {
            ' ' | '\t' => {
                at += 1;
                continue;
            }
            '(' | ')' | ',' => {
                at += 1;
                match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                }
            }
            '\'' => Token::Text(quoted(&chars, &mut at)?),
            '-' | '0'..='9' => int(&chars, &mut at)?,
            'a'..='z' | 'A'..='Z' | '_' => word(&chars, &mut at)?,
            other => return Err(NotAFilter { at: start + 1, what: format!("`{other}` has no meaning here") }),
        };
        out.push((token, start + 1));
    }
    Ok(out)
}

/// Reads from the opening quote to behind the closing one.
fn quoted(chars: &[char], at: &mut usize) -> Result<String, NotAFilter> {
    let start = *at;
    let mut text = String::new();
    *at += 1;
    loop {
        match (chars.get(*at), chars.get(*at + 1)) {
            (Some('\''), Some('\'')) => {
                text.push('\'');
                *at += 2;
            }
            (Some('\''), _) => {
                *at += 1;
                return Ok(text);
            }
            (Some(&c), _) => {
                text.push(c);
                *at += 1;
            }
            (None, _) => return Err(NotAFilter { at: start + 1, what: "this quote is not closed".to_owned() }),
        }
    }
}

fn int(chars: &[char], at: &mut usize) -> Result<Token, NotAFilter> {
    let start = *at;
    let digits: String = chars[start..]
        .iter()
        .enumerate()
        .take_while(|(i, c)| c.is_ascii_digit() || (*i == 0 && **c == '-'))
        .map(|(_, c)| *c)
        .collect();
    *at += digits.len();
    let followed_by_word = chars.get(*at).is_some_and(|c| c.is_alphanumeric() || *c == '.');
    match digits.parse() {
        Ok(number) if !followed_by_word => Ok(Token::Int(number)),
        _ => Err(NotAFilter { at: start + 1, what: "this is no whole number".to_owned() }),
    }
}

fn word(chars: &[char], at: &mut usize) -> Result<Token, NotAFilter> {
    let word: String =
        chars[*at..].iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.')).collect();
    *at += word.len();
    if word.eq_ignore_ascii_case("datetime") && chars.get(*at) == Some(&'\'') {
        return Ok(Token::Time(quoted(chars, at)?));
    }
    Ok(Token::Word(word))
}
