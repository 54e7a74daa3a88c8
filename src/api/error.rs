//! Batch's errors: one table of code, HTTP status and text.

use serde::{Deserialize, Serialize};

/// A key and a value that say more about an error, e.g. `PropertyName` and `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ErrorValue {
    pub key: String,
    pub value: String,
}

/// What went wrong, as Batch says it. The request id is added where the answer is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[error("{code}: {message}")]
#[serde(rename_all = "camelCase")]
pub struct Error {
    pub code: Code,
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ErrorValue>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
}

impl Error {
    /// The code with its own text of the table.
    pub fn new(code: Code) -> Self {
        Error { code, message: code.text().to_owned(), values: Vec::new(), request_id: String::new() }
    }

    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.values.push(ErrorValue { key: key.to_owned(), value: value.into() });
        self
    }

    /// `InvalidPropertyValue` that names the property (a JSON path such as `startTask.commandLine`), its value and why.
    pub fn invalid_property(path: &str, value: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::new(Code::InvalidPropertyValue)
            .with("PropertyName", path)
            .with("PropertyValue", value)
            .with("Reason", reason)
    }

    /// `UnsupportedProperty`: what the property asks for does not exist here.
    pub fn unsupported_property(path: &str, reason: impl Into<String>) -> Self {
        Error::new(Code::UnsupportedProperty).with("PropertyName", path).with("Reason", reason)
    }

    /// The same for a property that lies below `path`.
    pub fn below(mut self, path: &str) -> Self {
        for value in self.values.iter_mut().filter(|value| value.key == "PropertyName") {
            value.value = format!("{path}.{}", value.value);
        }
        self
    }

    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|v| v.key == key).map(|v| v.value.as_str())
    }
}

macro_rules! codes {
    ($($code:ident $status:literal $text:literal),+ $(,)?) => {
        /// A code of Batch's. Unknown ones (from a newer server) read as `InternalError`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
        pub enum Code { $($code,)+ #[serde(other)] InternalError }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$code,)+ Code::InternalError];

            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)+ Code::InternalError => "InternalError" }
            }

            /// HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Code::$code => $status,)+ Code::InternalError => 500 }
            }

            /// The sentence for people. Some clients match parts of it: see the tests.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Code::$code => $text,)+
                    Code::InternalError => "The server met an error of its own. Try again; the log has the request id.",
                }
            }
        }
    };
}

codes! {
    ConditionNotMet 412 "The condition in the request's headers does not hold for the resource.",
    MissingRequiredHeader 400 "A header that the request needs is missing.",
    MissingRequiredProperty 400 "A property that the request needs is missing from its body.",
    MissingRequiredQueryParameter 400 "A query parameter that the request needs is missing.",
    UnsupportedProperty 400 "The request's body has a property that is not supported.",
    UnsupportedQueryParameter 400 "The request's URL has a query parameter that is not supported.",
    UnsupportedRequestVersion 400 "The api-version of the request is not supported.",
    InvalidHeaderValue 400 "A header of the request has a value that is not valid.",
    InvalidPropertyValue 400 "A property in the request's body has a value that is not valid.",
    InvalidQueryParameterValue 400 "A query parameter of the request has a value that is not valid.",
    OutOfRangeQueryParameterValue 400 "A query parameter of the request is out of its range.",
    OutOfRangeInput 400 "An input of the request is out of its range.",
    InvalidInput 400 "An input of the request is not valid.",
    InvalidUri 400 "The request's URI is not valid.",
    InvalidRequestBody 400 "The request's body is not valid.",
    InvalidAuthenticationInfo 400 "The authentication information is not in the right form.",
    InvalidConstraintValue 400 "A constraint of the request has a value that is not valid.",
    InvalidAutoScalingSettings 400 "The autoscale settings are not valid.",
    AutoScalingFormulaSyntaxError 400 "The autoscale formula has a syntax error.",
    AutoScalingFormulaTooLong 400 "The autoscale formula is too long.",
    MultipleConditionHeadersNotSupported 400 "Only one kind of condition header can be used at a time.",
    EmptyMetadataKey 400 "The name of a metadata item is empty.",
    MetadataTooLarge 400 "The metadata is too large.",
    TaskDependenciesNotSpecifiedOnJob 400 "The job does not use task dependencies.",
    TaskDependencyListTooLong 400 "The ids of the tasks that the task depends on are too many.",
    TaskDependencyRangesTooLong 400 "The ranges of ids that the task depends on are too many.",
    AuthenticationFailed 403 "The server failed to authorize the request. Check that the Authorization header is formed correctly, with its signature.",
    Unauthorized 401 "Sign in to go on.",
    InsufficientAccountPermissions 403 "The caller does not have the permission for this operation.",
    AccountIsDisabled 403 "The account is disabled.",
    Forbidden 403 "The operation is not allowed.",
    ResourceNotFound 404 "The specified resource does not exist.",
    AccountNotFound 404 "The specified account does not exist.",
    SubscriptionNotFound 404 "The specified subscription does not exist.",
    ResourceGroupNotFound 404 "The specified resource group does not exist.",
    PoolNotFound 404 "The specified pool does not exist.",
    NodeNotFound 404 "The specified node does not exist.",
    JobNotFound 404 "The specified job does not exist.",
    JobScheduleNotFound 404 "The specified job schedule does not exist.",
    TaskNotFound 404 "The specified task does not exist.",
    FileNotFound 404 "The specified file does not exist.",
    PathNotFound 404 "The specified path does not exist.",
    ContainerNotFound 404 "The specified container does not exist.",
    BlobNotFound 404 "The specified blob does not exist.",
    ApplicationNotFound 404 "The specified application does not exist.",
    ApplicationPackageNotFound 404 "The specified application package does not exist.",
    CertificateNotFound 404 "The specified certificate does not exist.",
    NodeUserNotFound 404 "The node user does not exist.",
    UserNotFound 404 "The specified user does not exist.",
    UnsupportedHttpVerb 405 "The resource does not support this HTTP verb.",
    CertificateExists 409 "The specified certificate already exists.",
    CertificateBeingDeleted 409 "The specified certificate is being deleted.",
    CertificateStateActive 409 "The specified certificate is active: there is no deletion to take back.",
    InvalidCertificateReferences 409 "The request names a certificate that the account does not have.",
    InvalidApplicationPackageReferences 409 "The request names an application package that cannot be deployed.",
    AutoStorageNotConfigured 409 "No storage account of this installation is linked to the account.",
    ApplicationNotEmpty 409 "The specified application has packages. Delete them first.",
    ApplicationUpdatesNotAllowed 409 "The application does not allow that its packages are replaced or deleted.",
    ApplicationPackageBlobNotFound 409 "Nothing was uploaded for the specified application package.",
    ApplicationQuotaReached 409 "The account has as many applications as it can have.",
    ApplicationPackageQuotaReached 409 "The application has as many packages as it can have.",
    AccountExists 409 "The specified account already exists.",
    NodeUserExists 409 "The specified node user already exists.",
    UserExists 409 "The specified user already exists.",
    PoolExists 409 "The specified pool already exists.",
    JobExists 409 "The specified job already exists.",
    JobWithSameIdExists 409 "A job with the specified id exists; job schedules and jobs share their ids.",
    JobScheduleExists 409 "The specified job schedule already exists.",
    JobScheduleWithSameIdExists 409 "A job schedule with the specified id exists; job schedules and jobs share their ids.",
    TaskExists 409 "The specified task already exists.",
    ContainerAlreadyExists 409 "The specified container already exists.",
    BlobAlreadyExists 409 "The specified blob already exists.",
    PoolBeingResized 409 "The specified pool has an ongoing resize operation.",
    PoolBeingDeleted 409 "The specified pool has been marked for deletion and is being deleted.",
    OperationNotValidOnPool 409 "The operation is not valid for the pool as it is.",
    NodeNotReady 409 "The specified node is not ready.",
    NodeBeingCreated 409 "The specified node is being created.",
    NodeBeingStarted 409 "The specified node is being started.",
    NodeBeingReimaged 409 "The specified node is being reimaged.",
    NodeBeingRebooted 409 "The specified node is being rebooted.",
    NodeStateUnusable 409 "The specified node is unusable.",
    NodeAlreadyInTargetSchedulingState 409 "The specified node is already in the scheduling state that is asked for.",
    OperationNotValidOnNode 409 "The operation is not valid for the node as it is.",
    JobBeingTerminated 409 "The specified job is being terminated.",
    JobBeingDeleted 409 "The specified job has been marked for deletion and is being deleted.",
    JobDisabled 409 "The specified job is disabled.",
    JobCompleted 409 "The specified job is already in a completed state.",
    JobNotActive 409 "The specified job is not active.",
    JobPreparationTaskNotSpecified 409 "The specified job has no preparation task.",
    TaskIdSameAsJobPreparationTask 409 "The task has the id of its job's preparation task.",
    TaskIdSameAsJobReleaseTask 409 "The task has the id of its job's release task.",
    JobScheduleBeingTerminated 409 "The specified job schedule is being terminated.",
    JobScheduleBeingDeleted 409 "The specified job schedule has been marked for deletion and is being deleted.",
    JobScheduleDisabled 409 "The specified job schedule is disabled.",
    JobScheduleCompleted 409 "The specified job schedule is already in a completed state.",
    TaskCompleted 409 "The specified task is already in a completed state.",
    TaskNotCompleted 409 "The specified task is not completed.",
    TaskSucceeded 409 "The specified task has succeeded.",
    TaskFilesUnavailable 409 "The task's files cannot be reached: its node is not there.",
    TaskFilesCleanedup 409 "The task's files have been cleaned up.",
    RoleAssignmentExists 409 "The user has the role there already.",
    PoolQuotaReached 409 "The account has as many pools as its quota allows.",
    ActiveJobAndScheduleQuotaReached 409 "The account has as many active jobs and job schedules as its quota allows.",
    OperationInvalidForCurrentState 409 "The specified operation is not valid for the current state of the resource.",
    InvalidRestAPIForAccountSetting 409 "The account's settings do not allow this operation.",
    MissingContentLengthHeader 411 "The Content-Length header is missing.",
    RequestBodyTooLarge 413 "The request's body is too large.",
    InvalidRange 416 "The range lies outside the file.",
    MisdirectedRequest 421 "The Host header names no host of this server.",
    TooManyEnableAutoScaleRequests 429 "Autoscale was enabled on the pool less than 30 seconds ago.",
    TooManyRequests 429 "Too many attempts. Wait a little.",
    LinkedStorageRefuses 502 "The bucket that is linked as this storage account refuses the credentials that Fournil has for it.",
    LinkedStorageUnavailable 503 "The bucket that is linked as this storage account does not answer as it should. Try again.",
    ServerBusy 503 "The server is busy. Try again.",
    OperationTimedOut 500 "The operation did not end in time.",
    NotImplemented 501 "The operation does not exist here.",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Error::new(code)
    }
}

/// Server functions answer with the same error as REST.
impl leptos::server_fn::error::FromServerFnError for Error {
    type Encoder = leptos::server_fn::codec::JsonEncoding;

    fn from_server_fn_error(error: leptos::server_fn::error::ServerFnErrorErr) -> Self {
        use leptos::server_fn::error::ServerFnErrorErr as E;
        let code = match error {
            // Why a browser cannot reach a server it says in words for programmers.
            E::Request(_) => return Error::new(Code::ServerBusy),
            E::Args(_) | E::MissingArg(_) | E::Deserialization(_) => Code::InvalidRequestBody,
            _ => Code::InternalError,
        };
        Error::new(code).with("Reason", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrases_that_clients_match_are_kept() {
        let check = |code: Code, phrase: &str| assert!(code.text().contains(phrase), "{code}: {phrase}");
        check(Code::PoolNotFound, "The specified pool does not exist");
        check(Code::JobNotFound, "The specified job does not exist");
        check(Code::TaskNotFound, "The specified task does not exist");
        check(Code::FileNotFound, "The specified file does not exist");
        check(Code::JobExists, "The specified job already exists");
        check(Code::PoolExists, "The specified pool already exists");
        check(Code::JobCompleted, "The specified job is already in a completed state");
        check(Code::TaskCompleted, "completed state");
        check(Code::PoolBeingDeleted, "The specified pool has been marked for deletion");
        check(Code::PoolBeingResized, "ongoing resize operation");
        check(Code::AuthenticationFailed, "failed to authorize the request");
        check(
            Code::OperationInvalidForCurrentState,
            "The specified operation is not valid for the current state of the resource",
        );
    }

    #[test]
    fn codes_go_there_and_back_and_unknown_ones_are_internal_errors() {
        for code in Code::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), *code);
        }
        assert_eq!(serde_json::from_str::<Code>("\"FromTheFuture\"").unwrap(), Code::InternalError);
    }
}
