//! Who calls: signatures, tokens, passwords. Nothing here decides what a caller may do.

pub mod shared_key;
