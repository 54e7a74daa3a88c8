//! Runs a formula.

use super::ast::{Expr, Formula, Function, Node, Target};
use super::error::{Error, Position, Problem};
use super::samples::{Samples, ticks_of};
use super::value::{Kind, Value};
use super::{MOST_STEPS, builtins, operators};
use crate::api::{NodeDeallocationOption, Timestamp};

/// What a run depends on beside the formula.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    pub now: Timestamp,
    /// Where `rand()` begins.
    pub seed: u64,
    /// The pool's targets before the run.
    pub dedicated: i64,
    pub low_priority: i64,
    /// No target is larger.
    pub most_nodes: i64,
    pub samples: &'a Samples,
}

/// What a run gives. After an error nothing of it is to be applied; the variables are as they were then.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub dedicated: i64,
    pub low_priority: i64,
    pub deallocation: NodeDeallocationOption,
    /// Names and values: Batch's variables that can be set, then the user's in the order in which they were set.
    pub variables: Vec<(String, String)>,
    pub error: Option<Error>,
}

impl Outcome {
    /// The variables as Batch writes them.
    pub fn results(&self) -> String {
        let pairs: Vec<String> = self.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join(";")
    }
}

impl Formula {
    pub fn run(&self, around: &Around) -> Outcome {
        let mut run = Run {
            around,
            dedicated: around.dedicated,
            low_priority: around.low_priority,
            deallocation: NodeDeallocationOption::Requeue,
            variables: vec![None; self.names.len()],
            random: around.seed,
            steps: 0,
        };
        let mut error = None;
        for statement in &self.statements {
            match run.value(&statement.value).and_then(|value| run.set(statement.target, statement.value.at, value)) {
                Ok(()) => {}
                Err(Halt::Stop) => break,
                Err(Halt::Failed(failed)) => {
                    error = Some(failed);
                    break;
                }
            }
        }
        run.outcome(&self.names, error)
    }
}

/// Why a run ends before its last statement.
enum Halt {
    Stop,
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Halt {
        Halt::Failed(error)
    }
}

struct Run<'a> {
    around: &'a Around<'a>,
    dedicated: i64,
    low_priority: i64,
    deallocation: NodeDeallocationOption,
    variables: Vec<Option<Value>>,
    random: u64,
    steps: usize,
}

impl Run<'_> {
    fn set(&mut self, target: Target, at: Position, value: Value) -> Result<(), Halt> {
        let most = self.around.most_nodes;
        // Chosen here: a part of a node is none, and there are no fewer nodes than none.
        let nodes = |value: &Value| value.as_number().map(|n| (n.trunc() as i64).clamp(0, most.max(0)));
        match target {
            Target::Dedicated => self.dedicated = nodes(&value).map_err(|p| p.at(at))?,
            Target::LowPriority => self.low_priority = nodes(&value).map_err(|p| p.at(at))?,
            Target::Deallocation => self.deallocation = option(&value).map_err(|p| p.at(at))?,
            Target::Variable(number) => self.variables[number] = Some(value),
            Target::Nothing => {}
        }
        Ok(())
    }

    fn step(&mut self, n: usize, at: Position) -> Result<(), Halt> {
        self.steps += n;
        if self.steps > MOST_STEPS { Err(Problem::TooMuchWork.at(at).into()) } else { Ok(()) }
    }

    fn value(&mut self, node: &Node) -> Result<Value, Halt> {
        let at = node.at;
        let value = match &node.expr {
            Expr::Number(number) => Ok(Value::Number(*number)),
            Expr::Text(text) => Ok(Value::Text(text.clone())),
            Expr::Interval(ticks) => Ok(Value::Interval(*ticks)),
            Expr::Set(target) => Ok(self.get(*target)),
            Expr::Newest(variable) => self.around.samples.newest(*variable),
            Expr::Minus(of) => operators::minus(&self.value(of)?),
            Expr::Not(of) => self.value(of)?.as_number().map(|n| Value::truth(n == 0.0)),
            Expr::Binary(sign @ ("&&" | "||"), left, right) => return self.logic(sign, left, right),
            Expr::Binary(sign, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                operators::binary(sign, &left, &right)
            }
            Expr::Choose(parts) => {
                let [condition, yes, no] = parts.as_ref();
                let holds = self.truth(condition)?;
                return self.value(if holds { yes } else { no });
            }
            Expr::Call(function, args) => self.call(*function, args)?,
            Expr::Part(part, of) => builtins::part(*part, &self.value(of)?),
            Expr::Sample(method, variable, args) => {
                let args = self.values(args)?;
                self.around.samples.ask(*method, *variable, &args, ticks_of(self.around.now))
            }
        };
        let value = value.map_err(|problem| problem.at(at))?;
        self.step(size(&value), at)?;
        Ok(value)
    }

    fn values(&mut self, nodes: &[Node]) -> Result<Vec<Value>, Halt> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    fn truth(&mut self, node: &Node) -> Result<bool, Halt> {
        let value = self.value(node)?;
        Ok(value.as_number().map_err(|problem| problem.at(node.at))? != 0.0)
    }

    /// The right side is looked at only where it decides. Chosen here.
    fn logic(&mut self, sign: &str, left: &Node, right: &Node) -> Result<Value, Halt> {
        let left = self.truth(left)?;
        let decided = if sign == "&&" { !left } else { left };
        Ok(Value::truth(if decided { left } else { self.truth(right)? }))
    }

    fn call(&mut self, function: Function, args: &[Node]) -> Result<Result<Value, Problem>, Halt> {
        let values = self.values(args)?;
        Ok(match (function, values.as_slice()) {
            (Function::Stop, _) => return Err(Halt::Stop),
            (Function::Rand, _) => Ok(Value::Number(self.rand())),
            (Function::Time, []) => Value::time(Some(ticks_of(self.around.now))),
            _ => builtins::call(function, &values),
        })
    }

    /// SplitMix64: 0 to 1, without 1.
    fn rand(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn get(&self, target: Target) -> Value {
        match target {
            Target::Dedicated => Value::Number(self.dedicated as f64),
            Target::LowPriority => Value::Number(self.low_priority as f64),
            Target::Deallocation => Value::Text(self.deallocation.to_string()),
            // The parser knows that it is set above; a number that nobody set is 0.
            Target::Variable(number) => self.variables[number].clone().unwrap_or(Value::Number(0.0)),
            Target::Nothing => Value::Number(0.0),
        }
    }

    fn outcome(self, names: &[String], error: Option<Error>) -> Outcome {
        let batchs = [
            ("$TargetDedicatedNodes", Target::Dedicated),
            ("$TargetLowPriorityNodes", Target::LowPriority),
            ("$NodeDeallocationOption", Target::Deallocation),
        ];
        let mut variables: Vec<(String, String)> =
            batchs.into_iter().map(|(name, target)| (name.to_owned(), self.get(target).to_string())).collect();
        let users = names.iter().zip(&self.variables);
        variables.extend(users.filter_map(|(name, value)| Some((name.clone(), value.as_ref()?.to_string()))));
        let Run { dedicated, low_priority, deallocation, .. } = self;
        Outcome { dedicated, low_priority, deallocation, variables, error }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Vector(numbers) => numbers.len() + 1,
        Value::Text(text) => text.len() / 8 + 1,
        Value::Number(_) | Value::Time(_) | Value::Interval(_) => 1,
    }
}

fn option(value: &Value) -> Result<NodeDeallocationOption, Problem> {
    let Value::Text(text) = value else {
        return Err(Problem::WrongKind { wanted: Kind::String, found: value.kind() });
    };
    match text.parse() {
        Ok(option) => Ok(option),
        Err(_) => Err(Problem::NotAnOption(text.clone())),
    }
}
