//! Text into tokens.

use super::LONGEST;
use super::error::{Error, Position, Problem};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// With its `$`, if it has one.
    Name(String),
    Sign(&'static str),
    End,
}

impl Token {
    /// For messages.
    pub fn describe(&self) -> String {
        match self {
            Token::Number(number) => number.to_string(),
            Token::Text(text) => format!("\"{text}\""),
            Token::Name(name) => name.clone(),
            Token::Sign(sign) => (*sign).to_owned(),
            Token::End => "…".to_owned(),
        }
    }
}

/// Longer ones first.
const SIGNS: [&str; 23] = [
    "<=", ">=", "==", "!=", "&&", "||", "+", "-", "*", "/", "<", ">", "!", "=", "?", ":", ";", ",", ".", "(", ")", "[",
    "]",
];

/// The tokens; the last one is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Position, Token)>, Error> {
    let n_chars = text.chars().count();
    if n_chars > LONGEST {
        return Err(Problem::TooLong(n_chars).at(Position::START));
    }
    let mut reader = Reader { rest: text, at: Position::START };
    let mut tokens = Vec::new();
    loop {
        reader.skip_blanks();
        let at = reader.at;
        let token = reader.token()?;
        let is_end = token == Token::End;
        tokens.push((at, token));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    at: Position,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.at = Position { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
        Some(c)
    }

    fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let before = self.rest;
        while self.peek().is_some_and(&fits) {
            self.next();
        }
        &before[..before.len() - self.rest.len()]
    }

    /// Blanks, and comments up to the end of their line.
    fn skip_blanks(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if !self.rest.starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Result<Token, Error> {
        let at = self.at;
        let Some(c) = self.peek() else { return Ok(Token::End) };
        let digit_follows = self.rest[c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
        if c.is_ascii_digit() || (c == '.' && digit_follows) {
            return self.number();
        }
        if c.is_alphabetic() || c == '_' || c == '$' {
            let before = self.rest;
            self.next();
            let n_more = self.take_while(|c| c.is_alphanumeric() || c == '_').len();
            return Ok(Token::Name(before[..c.len_utf8() + n_more].to_owned()));
        }
        if c == '"' || c == '\'' {
            self.next();
            let text = self.take_while(|other| other != c && other != '\n').to_owned();
            return if self.next() == Some(c) { Ok(Token::Text(text)) } else { Err(Problem::UnclosedText.at(at)) };
        }
        let sign = SIGNS.into_iter().find(|sign| self.rest.starts_with(sign));
        let sign = sign.ok_or_else(|| Problem::StrayCharacter(c).at(at))?;
        for _ in sign.chars() {
            self.next();
        }
        Ok(Token::Sign(sign))
    }

    /// Digits with a fraction and an exponent, if they follow.
    fn number(&mut self) -> Result<Token, Error> {
        let (at, before) = (self.at, self.rest);
        let is_digit = |c: char| c.is_ascii_digit();
        self.take_while(is_digit);
        if self.peek() == Some('.') && !self.rest[1..].starts_with(char::is_alphabetic) {
            self.next();
            self.take_while(is_digit);
        }
        let exponent = self.rest.strip_prefix(['e', 'E']);
        let exponent = exponent.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if exponent.is_some_and(|rest| rest.starts_with(is_digit)) {
            self.next();
            self.take_while(|c| c == '+' || c == '-');
            self.take_while(is_digit);
        }
        let text = &before[..before.len() - self.rest.len()];
        match text.parse() {
            Ok(number) if f64::is_finite(number) => Ok(Token::Number(number)),
            _ => Err(Problem::NotANumber(text.to_owned()).at(at)),
        }
    }
}
