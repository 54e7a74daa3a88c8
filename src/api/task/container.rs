//! What is known of the container of a task that runs in one.

use crate::api::shared::settings;

settings! {
    #[derive(Eq)]
    /// The container that a command ran in; there when the command has ended.
    TaskContainerExecutionInformation {
        must {}
        may {
            container_id: String,
            /// `exited`; absent when it could not be made.
            state: String,
            /// Why it could not be made.
            error: String,
        }
    }
}
