//! Limits of an account: meters of what is in use, also where something is made that counts, and the form that changes them.

mod form;
mod meter;
mod page;

pub use meter::{JobMeter, PoolMeter, QuotaMeter};
pub use page::QuotasPage;
