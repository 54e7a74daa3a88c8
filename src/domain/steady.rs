//! Maps and sets whose order of iteration follows from what was put in, so that the same history has the same outcome.
//!
//! Their keys are numbers and names of our own making: nobody outside can choose them to collide.

use std::hash::{BuildHasherDefault, DefaultHasher};

pub type HashMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<DefaultHasher>>;
pub type HashSet<K> = std::collections::HashSet<K, BuildHasherDefault<DefaultHasher>>;
