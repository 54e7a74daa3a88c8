//! What a caller says about a table, and the same with the row's type erased.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;

use crate::api;
use crate::portal::components::command_bar::Command;
use crate::portal::i18n::Msg;

type Answer<T> = Pin<Box<dyn Future<Output = Result<api::Page<T>, api::Error>>>>;

/// Where rows come from: a server function that takes a `ListQuery`.
pub struct Source<T>(Arc<dyn Fn(api::ListQuery) -> Answer<T> + Send + Sync>);

impl<T: 'static> Source<T> {
    pub fn new<F>(fetch: impl Fn(api::ListQuery) -> F + Send + Sync + 'static) -> Source<T>
    where
        F: Future<Output = Result<api::Page<T>, api::Error>> + 'static,
    {
        Source(Arc::new(move |query| Box::pin(fetch(query))))
    }
}

type CommandsOf<T> = Arc<dyn Fn(&T) -> Vec<Command> + Send + Sync>;

/// What can be done to a row.
pub struct RowCommands<T>(CommandsOf<T>);

impl<T> RowCommands<T> {
    pub fn new(commands: impl Fn(&T) -> Vec<Command> + Send + Sync + 'static) -> RowCommands<T> {
        RowCommands(Arc::new(commands))
    }
}

/// A column. The first one names the row.
pub struct Column<T> {
    head: Head,
    view: Arc<dyn Fn(&T) -> AnyView + Send + Sync>,
}

/// What a column is besides its cells.
#[derive(Clone)]
pub(super) struct Head {
    pub key: &'static str,
    pub label: Msg,
    /// The server's name of this order; none if it has none.
    pub sort: Option<&'static str>,
    pub is_shown_first: bool,
    pub is_number: bool,
    /// Rem.
    pub width: f64,
}

impl<T> Column<T> {
    /// `key` is the column's name in the URL. The view is called again when the row or a signal that it reads (the
    /// language, say) changes: plain text rather than a closure lets unchanged cells alone.
    pub fn new<V: IntoView + 'static>(
        key: &'static str,
        label: Msg,
        view: impl Fn(&T) -> V + Send + Sync + 'static,
    ) -> Column<T> {
        let head = Head { key, label, sort: None, is_shown_first: true, is_number: false, width: 9.0 };
        Column { head, view: Arc::new(move |row| view(row).into_any()) }
    }

    /// Can be sorted by; `key` is also what the server calls the order.
    pub fn sortable(mut self) -> Self {
        self.head.sort = Some(self.head.key);
        self
    }

    /// Shown only when the user asks for it.
    pub fn hidden(mut self) -> Self {
        self.head.is_shown_first = false;
        self
    }

    /// Numbers stand at the right, digits below digits.
    pub fn number(mut self) -> Self {
        self.head.is_number = true;
        self.head.width = 7.0;
        self
    }

    /// How wide, in rem; 9 if not said.
    pub fn width(mut self, rem: f64) -> Self {
        self.head.width = rem;
        self
    }
}

/// A chip above the table that shows a part of the list.
#[derive(Clone, Copy)]
pub struct StateFilter {
    pub(super) kind: FilterKind,
    pub(super) label: Msg,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum FilterKind {
    /// In Batch's spelling.
    State(&'static str),
    Failed,
}

impl StateFilter {
    /// Rows in this state.
    pub const fn state(state: &'static str, label: Msg) -> StateFilter {
        StateFilter { kind: FilterKind::State(state), label }
    }

    /// Tasks that failed.
    pub const fn failed(label: Msg) -> StateFilter {
        StateFilter { kind: FilterKind::Failed, label }
    }
}

pub(super) type AnyRow = Arc<dyn Any + Send + Sync>;
pub(super) type AnyPage = api::Page<(String, AnyRow)>;

type CellView = Arc<dyn Fn(&AnyRow) -> AnyView + Send + Sync>;
type ListCommands = Arc<dyn Fn(&AnyRow) -> Vec<Command> + Send + Sync>;

/// A table without the type of its rows.
pub(super) struct Plan {
    pub heads: Vec<Head>,
    pub cells: Vec<CellView>,
    pub fetch: Arc<dyn Fn(api::ListQuery) -> Answer<(String, AnyRow)> + Send + Sync>,
    pub is_same: fn(&AnyRow, &AnyRow) -> bool,
    pub commands: Option<ListCommands>,
}

impl Plan {
    pub fn erase<T: PartialEq + Send + Sync + 'static>(
        columns: Vec<Column<T>>,
        id: fn(&T) -> String,
        source: Source<T>,
        commands: Option<RowCommands<T>>,
    ) -> Plan {
        fn row<T: 'static>(row: &AnyRow) -> &T {
            row.downcast_ref().expect("a table's rows have the type of its columns")
        }
        let heads = columns.iter().map(|c| c.head.clone()).collect();
        let cells = columns.into_iter().map(|c| Arc::new(move |any: &AnyRow| (c.view)(row(any))) as CellView).collect();
        let fetch = move |query| {
            let answer = (source.0)(query);
            Box::pin(async move {
                let page = answer.await?;
                let items = page.items.into_iter().map(|item| (id(&item), Arc::new(item) as AnyRow)).collect();
                Ok(api::Page { items, next: page.next, total: page.total })
            }) as Answer<(String, AnyRow)>
        };
        Plan {
            heads,
            cells,
            fetch: Arc::new(fetch),
            is_same: |a, b| row::<T>(a) == row::<T>(b),
            commands: commands.map(|c| Arc::new(move |any: &AnyRow| (c.0)(row(any))) as ListCommands),
        }
    }
}
