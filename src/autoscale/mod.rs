//! The language of autoscale formulas: text → tree → targets of a pool.
//!
//! It knows no clock and no chance: the time, a seed and the samples are arguments, so the same arguments give the same
//! result, in the server and in the browser. Every error says line and column. Length, statements, depth, work and the
//! size of vectors are bounded, so that no formula takes long or much memory.
//!
//! Source: autoscale formulas, api-version 2024-02-01.19.0. Where the page is silent, «Chosen here» says what holds.

mod ast;
mod builtins;
mod error;
mod eval;
mod lexer;
mod operators;
mod parser;
mod samples;
#[cfg(test)]
mod tests;
mod value;

pub use self::ast::Formula;
pub use self::error::{Error, Position, Problem};
pub use self::eval::{Around, Outcome};
pub use self::samples::{SAMPLE_PERIOD, Samples, Variable};
pub use self::value::Kind;

/// The longest formula, in characters. Source: quotas and limits.
pub const LONGEST: usize = 8192;
/// Source: quotas and limits, «about 100».
pub const MOST_STATEMENTS: usize = 100;
/// How deep expressions nest. Chosen here.
pub const DEEPEST: u32 = 100;
/// The most numbers of a vector: more than the samples of seven days. Chosen here.
pub const LARGEST_VECTOR: usize = 25_000;
/// The most steps of one run; a step is an operation on a number. Chosen here: some tens of milliseconds.
pub const MOST_STEPS: usize = 2_000_000;

impl Formula {
    /// Reads a formula, and finds what is wrong with it whatever the samples are: signs, names, numbers of arguments.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn read(text: &str) -> Result<Formula, Error> {
        parser::parse(text)
    }
}
