//! By which ports the nodes of a pool are reached, and by whom: the rows of the pool's form, and what its page shows.

mod nat_editor;
mod nat_rows;
mod shown;

pub use self::nat_editor::NatPools;
pub use self::nat_rows::{NatRow, network};
pub use self::shown::RemoteAccess;
