//! Containers in which commands run: of a pool and of tasks of all kinds, in forms and on pages.

mod choice;
mod choice_field;
mod pool_form;
mod pool_section;
mod registry_editor;
mod registry_rows;
mod shown;

pub use choice::ContainerChoice;
pub use choice_field::{ContainerField, ContainerFold};
pub use pool_form::machine;
pub use pool_section::PoolContainers;
pub use registry_rows::RegistryRow;
pub use shown::{ContainerOfPool, ContainerOfRun};
