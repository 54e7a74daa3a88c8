//! Tokens into a tree. Names are looked up on the way: a formula has no loops, so what is set above is known.

use super::ast::{Expr, Formula, Function, INTERVALS, Method, Node, Part, Statement, Target};
use super::error::{Error, Position, Problem};
use super::lexer::{Token, tokens};
use super::samples::Variable;
use super::{DEEPEST, MOST_STATEMENTS};

/// From loose to tight; each row binds tighter than the one above.
const BINARY: [&[&str]; 6] = [&["||"], &["&&"], &["==", "!="], &["<", "<=", ">", ">="], &["+", "-"], &["*", "/"]];

/// Bare words that are texts: what becomes of the tasks of nodes that leave.
const OPTIONS: [&str; 4] = ["requeue", "terminate", "taskcompletion", "retaineddata"];

pub(super) fn parse(text: &str) -> Result<Formula, Error> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, names: Vec::new(), stops: false };
    let mut statements = Vec::new();
    loop {
        while parser.takes(";") {}
        if *parser.peek() == Token::End {
            break;
        }
        if statements.len() == MOST_STATEMENTS {
            return Err(Problem::TooManyStatements.at(parser.at()));
        }
        statements.push(parser.statement()?);
        if *parser.peek() != Token::End {
            parser.expect(";")?;
        }
    }
    if statements.is_empty() {
        return Err(Problem::NoStatements.at(Position::START));
    }
    Ok(Formula { statements, names: parser.names })
}

struct Parser {
    tokens: Vec<(Position, Token)>,
    next: usize,
    /// The user's variables that are set so far.
    names: Vec<String>,
    /// `stop()` was called in the statement that is being read.
    stops: bool,
}

type Parsed = Result<Node, Error>;

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].1
    }

    fn at(&self) -> Position {
        self.tokens[self.next].0
    }

    fn bump(&mut self) -> Token {
        let token = self.peek().clone();
        // The end stays where it is.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_there = matches!(self.peek(), Token::Sign(found) if *found == sign);
        if is_there {
            self.bump();
        }
        is_there
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Error> {
        let at = self.at();
        let found = self.peek().describe();
        if self.takes(sign) { Ok(()) } else { Err(Problem::ExpectedSign { sign, found }.at(at)) }
    }

    /// `name = value`, or an expression that stops.
    fn statement(&mut self) -> Result<Statement, Error> {
        let at = self.at();
        self.stops = false;
        let is_set = matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign("="))));
        match self.peek().clone() {
            Token::Name(name) if is_set => {
                let target = settable(&name).map_err(|problem| problem.at(at))?;
                self.next += 2;
                let value = self.expression(0)?;
                let target = target.unwrap_or_else(|| Target::Variable(self.number_of(name)));
                Ok(Statement { target, value })
            }
            other => {
                let value = self.expression(0).map_err(|error| match error.problem {
                    Problem::ExpectedValue(found) if error.at == at => Problem::ExpectedStatement(found).at(at),
                    problem => problem.at(error.at),
                })?;
                // Else a slip such as `$TargetDedicatedNodes == 1;` would do nothing without a word.
                let refused = Problem::ExpectedStatement(other.describe()).at(at);
                if self.stops { Ok(Statement { target: Target::Nothing, value }) } else { Err(refused) }
            }
        }
    }

    fn number_of(&mut self, name: String) -> usize {
        self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    /// A choice, or what is tighter. `depth` counts how deep this call is.
    fn expression(&mut self, depth: u32) -> Parsed {
        if depth >= DEEPEST {
            return Err(Problem::TooDeep.at(self.at()));
        }
        let condition = self.binary(0, depth)?;
        if !self.takes("?") {
            return Ok(condition);
        }
        let yes = self.expression(depth + 1)?;
        self.expect(":")?;
        let no = self.expression(depth + 1)?;
        let (at, height) = (condition.at, condition.height.max(yes.height).max(no.height));
        node(at, height, Expr::Choose(Box::new([condition, yes, no])))
    }

    fn binary(&mut self, row: usize, depth: u32) -> Parsed {
        let Some(signs) = BINARY.get(row) else { return self.unary(depth) };
        let mut left = self.binary(row + 1, depth)?;
        loop {
            let at = self.at();
            let Some(sign) = signs.iter().copied().find(|sign| self.takes(sign)) else { return Ok(left) };
            let right = self.binary(row + 1, depth)?;
            let height = left.height.max(right.height);
            left = node(at, height, Expr::Binary(sign, Box::new(left), Box::new(right)))?;
        }
    }

    fn unary(&mut self, depth: u32) -> Parsed {
        let at = self.at();
        if depth >= DEEPEST {
            return Err(Problem::TooDeep.at(at));
        }
        let make: fn(Box<Node>) -> Expr = match self.peek() {
            Token::Sign("-") => Expr::Minus,
            Token::Sign("!") => Expr::Not,
            _ => return self.with_members(depth),
        };
        self.bump();
        let of = self.unary(depth + 1)?;
        node(at, of.height, make(Box::new(of)))
    }

    /// A value and the members of timestamps that follow it.
    fn with_members(&mut self, depth: u32) -> Parsed {
        let mut value = self.primary(depth)?;
        while self.takes(".") {
            let at = self.at();
            let name = self.bump().describe();
            let part = Part::named(&name).ok_or_else(|| Problem::UnknownMember(name).at(at))?;
            value = node(at, value.height, Expr::Part(part, Box::new(value)))?;
        }
        Ok(value)
    }

    fn primary(&mut self, depth: u32) -> Parsed {
        let at = self.at();
        match self.peek().clone() {
            Token::Number(number) => {
                self.bump();
                leaf(at, Expr::Number(number))
            }
            Token::Text(text) => {
                self.bump();
                leaf(at, Expr::Text(text))
            }
            Token::Sign("(") => {
                self.bump();
                let inside = self.expression(depth + 1)?;
                self.expect(")")?;
                Ok(inside)
            }
            Token::Name(name) => {
                self.bump();
                self.named(at, name, depth)
            }
            other => Err(Problem::ExpectedValue(other.describe()).at(at)),
        }
    }

    fn named(&mut self, at: Position, name: String, depth: u32) -> Parsed {
        if self.takes("(") {
            let function = Function::named(&name).ok_or_else(|| Problem::UnknownFunction(name).at(at))?;
            let args = self.arguments(depth)?;
            counted(at, function.as_str(), function.arity(), args.len())?;
            self.stops |= function == Function::Stop;
            return node(at, highest(&args), Expr::Call(function, args));
        }
        if let Some(variable) = Variable::named(&name) {
            return self.variable(at, &name, variable, depth);
        }
        let expr = match settable(&name) {
            Ok(Some(target)) => Expr::Set(target),
            Ok(None) => match self.names.iter().position(|known| *known == name) {
                Some(number) => Expr::Set(Target::Variable(number)),
                None => return Err(Problem::UnknownName(name).at(at)),
            },
            Err(_) => match INTERVALS.iter().find(|(constant, _)| *constant == name) {
                Some((_, ticks)) => Expr::Interval(*ticks),
                None => Expr::Text(name),
            },
        };
        leaf(at, expr)
    }

    /// A variable of Batch's that has samples: alone, or with one of its methods.
    fn variable(&mut self, at: Position, name: &str, variable: Variable, depth: u32) -> Parsed {
        if !self.takes(".") {
            return if variable.is_number() {
                leaf(at, Expr::Newest(variable))
            } else {
                Err(Problem::NeedsSample(name.to_owned()).at(at))
            };
        }
        let member_at = self.at();
        let member = self.bump().describe();
        let method = Method::named(&member).ok_or_else(|| Problem::UnknownMember(member).at(member_at))?;
        self.expect("(")?;
        let args = self.arguments(depth)?;
        counted(member_at, method.as_str(), method.arity(), args.len())?;
        node(member_at, highest(&args), Expr::Sample(method, variable, args))
    }

    /// After the opening bracket.
    fn arguments(&mut self, depth: u32) -> Result<Vec<Node>, Error> {
        let mut args = Vec::new();
        if self.takes(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(depth + 1)?);
            if !self.takes(",") {
                self.expect(")")?;
                return Ok(args);
            }
        }
    }
}

/// The variable of Batch's that a name sets; nothing for a name of the user's.
fn settable(name: &str) -> Result<Option<Target>, Problem> {
    match name {
        "$TargetDedicatedNodes" | "$TargetDedicated" => Ok(Some(Target::Dedicated)),
        "$TargetLowPriorityNodes" => Ok(Some(Target::LowPriority)),
        "$NodeDeallocationOption" => Ok(Some(Target::Deallocation)),
        _ => {
            let is_word = OPTIONS.contains(&name);
            let is_constant = INTERVALS.iter().any(|(constant, _)| *constant == name);
            if is_word || is_constant || Variable::named(name).is_some() {
                return Err(Problem::ReadOnly(name.to_owned()));
            }
            Ok(None)
        }
    }
}

fn counted(at: Position, name: &str, arity: (usize, usize, &'static str), n_args: usize) -> Result<(), Error> {
    let (fewest, most, wanted) = arity;
    if (fewest..=most).contains(&n_args) {
        return Ok(());
    }
    Err(Problem::WrongCount { name: name.to_owned(), wanted }.at(at))
}

fn highest(args: &[Node]) -> u32 {
    args.iter().map(|arg| arg.height).max().unwrap_or(0)
}

fn leaf(at: Position, expr: Expr) -> Parsed {
    Ok(Node { at, height: 0, expr })
}

/// A node above trees of this height.
fn node(at: Position, height: u32, expr: Expr) -> Parsed {
    if height >= DEEPEST { Err(Problem::TooDeep.at(at)) } else { Ok(Node { at, height: height + 1, expr }) }
}
