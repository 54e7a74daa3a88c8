//! Who did what, and who tried. Each face of the server begins a [`Recorded`] before it knows who calls, gives the operation
//! the store of it, and ends it with the answer: a change is noted by the transaction that makes it, everything else by a
//! transaction of its own before the answer goes out. Calls that only look leave nothing, unless they are refused.
//!
//! Chosen here: what programs do to blobs is not written down, as Azure's activity log does not have it.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Caller, Context, Error, Result, Who, page};
use crate::api::{self, Activity, ActivityFilter, CallerKind, Code, Duration, Timestamp, Via};
use crate::domain::activity::Operation;
use crate::domain::ids::AccountName;
use crate::domain::permission::Permission;
use crate::store::activity::{self as table, Ask, Note};
use crate::trace;

/// Rows that one transaction removes.
const PRUNE_STEP: i64 = 2000;
/// Texts of callers are cut here: ids are shorter.
const LONGEST_TEXT: usize = 512;

/// A call while it is answered.
#[derive(Clone, Debug)]
pub struct Recorded {
    note: Arc<Note>,
    is_recorded: bool,
}

impl Recorded {
    pub fn begin(cx: &Context, via: Via, operation: Operation, from: Option<IpAddr>, request_id: &str) -> Recorded {
        let Operation { name, is_recorded } = operation;
        let note = Note::new(Activity {
            id: 0,
            time: cx.clock.now(),
            operation: cut(&name),
            account: None,
            resource: String::new(),
            caller: String::new(),
            caller_kind: CallerKind::Unknown,
            via,
            client_address: from.map(|address| address.to_canonical().to_string()),
            code: String::new(),
            request_id: request_id.to_owned(),
            left_out: 0,
        });
        Recorded { note: Arc::new(note), is_recorded }
    }

    /// Who calls, now that it is known.
    pub fn by(&self, caller: &Caller) {
        let mut row = self.note.row();
        (row.caller_kind, row.caller) = match &caller.who {
            Who::User { name, .. } => (CallerKind::User, name.clone()),
            Who::SharedKey { account } => (CallerKind::SharedKey, account.to_string()),
            Who::System => (CallerKind::Operator, caller.name().to_owned()),
        };
    }

    /// Who a caller says it is that nobody knows yet. It is forgotten when there is no such user.
    pub fn by_claim(&self, user: &str) {
        let mut row = self.note.row();
        (row.caller_kind, row.caller) = (CallerKind::Unknown, cut(user));
    }

    /// The user who proved to be who was claimed.
    pub fn by_user(&self, user: &str) {
        let mut row = self.note.row();
        (row.caller_kind, row.caller) = (CallerKind::User, user.to_owned());
    }

    pub fn on_account(&self, account: &str) {
        self.note.row().account = Some(cut(&account.to_ascii_lowercase()));
    }

    /// What the call is about, below the account or the installation.
    pub fn about(&self, resource: &str) {
        self.note.row().resource = cut(resource);
    }

    /// As [`Recorded::about`], for something that is made: its id, below the list that it comes into.
    pub fn makes(&self, id: &str) {
        let mut row = self.note.row();
        let resource = if row.resource.is_empty() { id.to_owned() } else { format!("{}/{id}", row.resource) };
        row.resource = cut(&resource);
    }

    /// The context for the operation itself: what it changes takes the note along.
    pub fn context(&self, cx: &Context) -> Context {
        let mut own = cx.clone();
        if self.is_recorded {
            own.store = cx.store.noting(self.note.clone());
        }
        own
    }

    /// The call is answered, with an error or without. What is not in the log yet and belongs there comes into it now.
    /// An error is its HTTP status and its code.
    pub async fn end(&self, cx: &Context, error: Option<(u16, &'static str)>) {
        self.measure(cx, error.map_or(200, |(status, _)| status));
        if let Some((_, code)) = error {
            trace::current(|span| span.set("fournil.error_code", code));
        }
        let written = match error {
            None if self.is_recorded && self.note.key().is_none() => self.write(cx).await,
            Some((status, code)) => self.end_failed(cx, status, code).await,
            None => Ok(()),
        };
        if let Err(error) = written {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a call could not be written to the activity log"
            );
        }
    }

    /// For an answer that tells nothing new, such as to a program that asks again and again: it is counted, and not written.
    pub fn measure(&self, cx: &Context, status: u16) {
        let row = self.note.row();
        trace::current(|span| {
            span.set("fournil.operation", row.operation.clone());
            // What a stranger says may be no name at all.
            if let Some(account) = row.account.as_deref().and_then(|name| name.parse::<AccountName>().ok()) {
                span.set("fournil.account", account.to_string());
            }
        });
        cx.metrics.answered(row.via.as_str(), &row.operation, status, cx.clock.now().since(row.time));
    }

    async fn end_failed(&self, cx: &Context, status: u16, code: &'static str) -> Result<()> {
        if let Some(key) = self.note.key() {
            let failed = cx.store.write(move |conn| Box::pin(async move { Ok(table::failed(conn, key, code).await?) }));
            return failed.await;
        }
        if !self.is_recorded && !matches!(status, 401 | 403) {
            return Ok(());
        }
        let caller = {
            let row = self.note.row();
            format!("{} {} {}", row.caller_kind, row.caller, row.client_address.as_deref().unwrap_or_default())
        };
        let Some(left_out) = cx.identity.flood.take(&caller, cx.clock.now()) else { return Ok(()) };
        {
            let mut row = self.note.row();
            (row.code, row.left_out) = (code.to_owned(), left_out);
        }
        self.write(cx).await
    }

    /// A transaction of its own.
    async fn write(&self, cx: &Context) -> Result<()> {
        cx.store.noting(self.note.clone()).write(|_| Box::pin(async { Ok::<_, Error>(()) })).await
    }
}

/// A call without sign-in turns out to be this user's.
pub(super) fn is_by(cx: &Context, user: &str) {
    if let Some(note) = cx.store.note() {
        let mut row = note.row();
        (row.caller_kind, row.caller) = (CallerKind::User, user.to_owned());
    }
}

/// Neither long texts nor line ends of callers come into the log.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

/// A page of the log, newest first: of an account, or of all accounts that the caller may see and of the installation.
/// What belongs to no account is seen by who looks after users; others see what they did themselves.
///
/// # Errors
/// `InsufficientAccountPermissions`; `InvalidQueryParameterValue` for a day or a cursor that is none.
pub async fn activity_list(
    cx: &Context,
    caller: &Caller,
    account: Option<&AccountName>,
    filter: &ActivityFilter,
    query: &api::ListQuery,
) -> Result<api::Page<Activity>> {
    if matches!(caller.who, Who::SharedKey { .. }) {
        return Err(Code::InsufficientAccountPermissions.into());
    }
    let only = match account {
        Some(_) => caller.may(account, Permission::AccountRead).map(|()| None)?,
        None => caller.where_may(Permission::AccountRead)?,
    };
    let sees_all = caller.may(None, Permission::UserWrite).is_ok();
    let mut ask = ask(filter)?;
    ask.accounts = only.map(|names| names.iter().map(ToString::to_string).collect());
    ask.account = account.map(ToString::to_string);
    ask.own_only = (!sees_all).then(|| caller.name().to_owned());
    ask.resource = either(&ask.resource, &query.search);
    ask.failed_only |= query.failed_only;
    ask.before = page::after(&query.cursor)?;
    ask.limit = page::limit(query);
    let (items, next) = table::list(&mut *cx.store.read().await?, &ask).await?;
    Ok(api::Page { items, next: next.map(|key| page::cursor(&key)), total: None })
}

fn either(a: &str, b: &str) -> String {
    if a.is_empty() { b.to_ascii_lowercase() } else { a.to_owned() }
}

fn ask(filter: &ActivityFilter) -> Result<Ask> {
    let to = day("to", &filter.to)?.map(|day| day.plus(Duration::from_days(1)));
    Ok(Ask {
        operation: filter.operation.trim().to_ascii_lowercase(),
        resource: filter.resource.trim().to_ascii_lowercase(),
        caller: filter.caller.trim().to_owned(),
        failed_only: filter.failed_only,
        from: day("from", &filter.from)?,
        to,
        ..Ask::default()
    })
}

fn day(name: &str, text: &str) -> Result<Option<Timestamp>> {
    match text {
        "" => Ok(None),
        text => format!("{text}T00:00:00Z")
            .parse()
            .map(Some)
            .map_err(|_| page::invalid(name, text, "It is no day such as 2026-01-31.").into()),
    }
}

/// Removes what is older than the installation keeps, in small steps. For housekeeping.
pub async fn activity_prune(cx: &Context) -> Result<()> {
    let oldest = cx.clock.now().plus(Duration(-cx.installation.activity_life.0));
    loop {
        let n = cx
            .store
            .write(move |conn| Box::pin(async move { Ok::<_, Error>(table::prune(conn, oldest, PRUNE_STEP).await?) }))
            .await?;
        if n < PRUNE_STEP as u64 {
            return Ok(());
        }
    }
}
