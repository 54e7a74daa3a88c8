//! Words of a filter → a [`Filter`] that fits the list's fields. `and` binds more strongly than `or`.

use super::lexer::{Placed, Token, tokens};
use super::{Field, Filter, Kind, MAX_CONDITIONS, MAX_DEPTH, MAX_LENGTH, NotAFilter, Operator, Value};
use crate::api::Timestamp;

pub fn parse(text: &str, fields: &[Field]) -> Result<Filter, NotAFilter> {
    if text.len() > MAX_LENGTH {
        return Err(NotAFilter { at: MAX_LENGTH, what: format!("a filter has at most {MAX_LENGTH} characters") });
    }
    let tokens = tokens(text)?;
    let mut parser =
        Parser { tokens: &tokens, next: 0, end: text.chars().count() + 1, fields, depth: 0, n_conditions: 0 };
    let filter = parser.any()?;
    match parser.take() {
        None => Ok(filter),
        Some((_, at)) => Err(NotAFilter { at: *at, what: "expected `and`, `or` or the end".to_owned() }),
    }
}

struct Parser<'t, 'f> {
    tokens: &'t [Placed],
    next: usize,
    /// The place behind the last character.
    end: usize,
    fields: &'f [Field],
    depth: usize,
    n_conditions: usize,
}

impl<'t> Parser<'t, '_> {
    fn any(&mut self) -> Result<Filter, NotAFilter> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(single_or(parts, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, NotAFilter> {
        let mut parts = vec![self.condition()?];
        while self.takes_word("and") {
            parts.push(self.condition()?);
        }
        Ok(single_or(parts, Filter::All))
    }

    fn condition(&mut self) -> Result<Filter, NotAFilter> {
        match self.take() {
            Some((Token::Open, at)) => self.group(*at),
            Some((Token::Word(word), at)) => {
                self.n_conditions += 1;
                if self.n_conditions > MAX_CONDITIONS {
                    return Err(refused(*at, format!("a filter has at most {MAX_CONDITIONS} conditions")));
                }
                match word.as_str() {
                    "startswith" => self.starts_with(),
                    "not" => Err(refused(*at, "`not` is not supported; use `ne`")),
                    name => self.compare(name, *at),
                }
            }
            Some((_, at)) => Err(refused(*at, "expected a property, `startswith` or `(`")),
            None => Err(refused(self.end, "expected a property, `startswith` or `(`")),
        }
    }

    fn group(&mut self, at: usize) -> Result<Filter, NotAFilter> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(refused(at, format!("parentheses nest at most {MAX_DEPTH} deep")));
        }
        let filter = self.any()?;
        self.expect(&Token::Close, "`)`")?;
        self.depth -= 1;
        Ok(filter)
    }

    fn starts_with(&mut self) -> Result<Filter, NotAFilter> {
        self.expect(&Token::Open, "`(`")?;
        let (field, at) = match self.take() {
            Some((Token::Word(name), at)) => (self.field(name, *at)?, *at),
            other => return Err(refused(place(other, self.end), "expected a property")),
        };
        if !field.prefix {
            return Err(refused(at, format!("`startswith` is not supported for `{}`", field.name)));
        }
        self.expect(&Token::Comma, "`,`")?;
        let prefix = match self.take() {
            Some((Token::Text(prefix), _)) => prefix.clone(),
            other => return Err(refused(place(other, self.end), "expected a text in single quotes")),
        };
        self.expect(&Token::Close, "`)`")?;
        Ok(Filter::StartsWith { field: field.name, prefix })
    }

    fn compare(&mut self, name: &str, at: usize) -> Result<Filter, NotAFilter> {
        let field = self.field(name, at)?;
        let (operator, at) = match self.take() {
            Some((Token::Word(word), at)) => {
                let operator = Operator::ALL.iter().copied().find(|o| o.as_str() == word);
                (operator.ok_or_else(|| refused(*at, format!("`{word}` is no operator")))?, *at)
            }
            other => return Err(refused(place(other, self.end), "expected `eq`, `ne`, `gt`, `ge`, `lt` or `le`")),
        };
        if !field.operators.contains(&operator) {
            return Err(refused(at, format!("`{}` is not supported for `{}`", operator.as_str(), field.name)));
        }
        let token = self.take();
        let value = value(field, token).map_err(|what| refused(place(token, self.end), what))?;
        Ok(Filter::Compare { field: field.name, operator, value })
    }

    /// Names are as in the answers, case included.
    fn field(&self, name: &str, at: usize) -> Result<Field, NotAFilter> {
        let names = || self.fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
        self.fields
            .iter()
            .find(|f| f.name == name)
            .copied()
            .ok_or_else(|| refused(at, format!("`{name}` is none of the properties of this list: {}", names())))
    }

    fn take(&mut self) -> Option<&'t Placed> {
        let token = self.tokens.get(self.next);
        self.next += 1;
        token
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some((Token::Word(w), _)) if w == word);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token, name: &str) -> Result<(), NotAFilter> {
        match self.take() {
            Some((found, _)) if found == token => Ok(()),
            other => Err(refused(place(other, self.end), format!("expected {name}"))),
        }
    }
}

fn single_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}

fn refused(at: usize, what: impl Into<String>) -> NotAFilter {
    NotAFilter { at, what: what.into() }
}

fn place(token: Option<&Placed>, end: usize) -> usize {
    token.map_or(end, |(_, at)| *at)
}

/// The value, if it fits the field; else what would fit.
fn value(field: Field, token: Option<&Placed>) -> Result<Value, String> {
    let token = token.map(|(token, _)| token);
    match (field.kind, token) {
        (Kind::Text, Some(Token::Text(text))) => Ok(Value::Text(text.clone())),
        (Kind::Text, _) => Err("expected a text in single quotes".to_owned()),
        (Kind::Name(known), Some(Token::Text(text))) => known(text)
            .map(|name| Value::Text(name.to_owned()))
            .ok_or_else(|| format!("`{text}` is no value of `{}`", field.name)),
        (Kind::Name(_), _) => Err("expected a name in single quotes".to_owned()),
        (Kind::Time, Some(Token::Time(text) | Token::Text(text))) => {
            let time = text.parse().ok().or_else(|| Timestamp::from_http_date(text));
            time.map(Value::Time).ok_or_else(|| format!("`{text}` is no date and time"))
        }
        (Kind::Time, _) => Err("expected a time such as DateTime'2024-01-31T00:00:00Z'".to_owned()),
        (Kind::Bool, Some(Token::Word(word))) if word == "true" || word == "false" => Ok(Value::Bool(word == "true")),
        (Kind::Bool, _) => Err("expected `true` or `false`".to_owned()),
        (Kind::Int, Some(Token::Int(number))) => Ok(Value::Int(*number)),
        (Kind::Int, _) => Err("expected a whole number".to_owned()),
    }
}
