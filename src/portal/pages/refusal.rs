//! Why a button cannot be pressed, in the user's language. The rules are `domain`'s; here are only the words.

use crate::api::Code;
use crate::domain::permission::Permission;
use crate::portal::i18n::{Msg, msg, t};
use crate::portal::state::Session;

/// The sentence for a refusal of `domain`.
pub fn text(code: Code) -> String {
    message(code).map_or_else(|| code.text().to_owned(), |message| t(message).to_owned())
}

/// The role's refusal, else the rule's.
pub fn of(session: Session, permission: Permission, rule: Option<Code>) -> Option<String> {
    if session.allows(permission) { rule.map(text) } else { Some(t(msg::REFUSAL_ROLE).to_owned()) }
}

const fn message(code: Code) -> Option<Msg> {
    Some(match code {
        Code::PoolBeingResized => msg::REFUSAL_POOL_BEING_RESIZED,
        Code::PoolBeingDeleted => msg::REFUSAL_POOL_BEING_DELETED,
        Code::OperationNotValidOnPool => msg::REFUSAL_POOL_NOT_RESIZING,
        Code::NodeBeingCreated => msg::REFUSAL_NODE_BEING_CREATED,
        Code::NodeBeingStarted => msg::REFUSAL_NODE_BEING_STARTED,
        Code::NodeBeingRebooted => msg::REFUSAL_NODE_BEING_REBOOTED,
        Code::NodeBeingReimaged => msg::REFUSAL_NODE_BEING_REIMAGED,
        Code::NodeNotReady => msg::REFUSAL_NODE_NOT_READY,
        Code::NodeAlreadyInTargetSchedulingState => msg::REFUSAL_NODE_SCHEDULING,
        Code::OperationNotValidOnNode => msg::REFUSAL_NODE_STATE,
        Code::JobBeingDeleted => msg::REFUSAL_JOB_BEING_DELETED,
        Code::JobBeingTerminated => msg::REFUSAL_JOB_BEING_TERMINATED,
        Code::JobCompleted => msg::REFUSAL_JOB_COMPLETED,
        Code::JobScheduleBeingDeleted => msg::REFUSAL_JOB_SCHEDULE_BEING_DELETED,
        Code::JobScheduleBeingTerminated => msg::REFUSAL_JOB_SCHEDULE_BEING_TERMINATED,
        Code::JobScheduleCompleted => msg::REFUSAL_JOB_SCHEDULE_COMPLETED,
        Code::JobScheduleDisabled => msg::REFUSAL_JOB_SCHEDULE_DISABLED,
        Code::OperationInvalidForCurrentState => msg::REFUSAL_STATE,
        Code::TaskCompleted => msg::REFUSAL_TASK_COMPLETED,
        Code::TaskNotCompleted => msg::REFUSAL_TASK_NOT_COMPLETED,
        Code::TaskSucceeded => msg::REFUSAL_TASK_SUCCEEDED,
        Code::ApplicationNotEmpty => msg::ERROR_APPLICATION_NOT_EMPTY,
        Code::ApplicationUpdatesNotAllowed => msg::ERROR_APPLICATION_UPDATES_NOT_ALLOWED,
        _ => return None,
    })
}
