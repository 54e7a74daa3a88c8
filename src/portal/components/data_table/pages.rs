//! Fetches the pages of a table: those in view, the next one when the end comes near, and those in view again when
//! something changed. One request at a time.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::plan::{AnyPage, AnyRow, Plan};
use crate::api::{self, ListQuery};
use crate::portal::state::Session;

/// Rows of the first page come fast, later pages save requests.
const FIRST_PAGE: u32 = 100;
const LATER_PAGES: u32 = 1000;
/// Pages whose rows are kept besides those in view.
const KEPT_AROUND: usize = 3;

/// A row; what moves is in signals, so that its cells need not be built again.
#[derive(Clone)]
pub(super) struct Row {
    pub id: String,
    pub index: ArcRwSignal<usize>,
    pub value: ArcRwSignal<AnyRow>,
}

struct Slot {
    cursor: String,
    n: usize,
    /// None: let go, to be fetched again when it comes into view.
    rows: Option<Vec<Row>>,
    is_stale: bool,
}

#[derive(Default)]
struct Book {
    /// Grows when something else is listed; answers for an older list are thrown away.
    edition: u32,
    query: ListQuery,
    slots: Vec<Slot>,
    /// Where the next page begins; none at the end of the list.
    next: Option<String>,
    is_busy: bool,
    /// The rows are of the list before; they are replaced when the first page of this one is there.
    is_old: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Pages {
    plan: StoredValue<Plan>,
    book: StoredValue<Book>,
    session: Session,
    /// Grows when rows came or went.
    pub changed: RwSignal<u32>,
    pub total: RwSignal<Option<i64>>,
    pub error: RwSignal<Option<api::Error>>,
    /// The first answer is there.
    pub is_ready: RwSignal<bool>,
    /// Something else is being listed and its rows are not there yet.
    pub is_switching: RwSignal<bool>,
    /// Rows in view.
    pub window: RwSignal<(usize, usize)>,
}

enum Need {
    First,
    Next(String),
    Again(usize, String, usize),
}

impl Pages {
    pub fn new(plan: StoredValue<Plan>, session: Session) -> Pages {
        Pages {
            plan,
            book: StoredValue::default(),
            session,
            changed: RwSignal::new(0),
            total: RwSignal::new(None),
            error: RwSignal::new(None),
            is_ready: RwSignal::new(false),
            is_switching: RwSignal::new(false),
            window: RwSignal::new((0, 40)),
        }
    }

    /// Lists something else from its beginning. Tracks what the source reads.
    pub fn list(self, query: ListQuery) {
        self.book.update_value(|book| {
            book.edition += 1;
            book.query = query;
            book.is_old = true;
            book.is_busy = false;
        });
        self.is_switching.set(true);
        self.pump(Some(Need::First));
    }

    /// Fetches what is in view again.
    pub fn refresh(self) {
        self.book.update_value(|book| book.slots.iter_mut().for_each(|slot| slot.is_stale = true));
        untrack(|| self.pump(None));
    }

    /// Rows came into view.
    pub fn look_at(self, first: usize, last: usize) {
        if self.window.get_untracked() != (first, last) {
            self.window.set((first, last));
            untrack(|| self.pump(None));
        }
    }

    pub fn n_rows(self) -> usize {
        self.changed.track();
        self.book.with_value(|book| book.slots.iter().map(|slot| slot.n).sum())
    }

    pub fn has_more(self) -> bool {
        self.changed.track();
        self.book.with_value(|book| book.next.is_some())
    }

    /// The rows of a range that are there, and the index of the first of them.
    pub fn rows(self, range: Range<usize>) -> (usize, Vec<Row>) {
        self.changed.track();
        self.book.with_value(|book| {
            let mut out: Vec<Row> = Vec::with_capacity(range.len());
            let mut seen = HashSet::with_capacity(range.len());
            let (mut start, mut first) = (0, range.start);
            for slot in &book.slots {
                let end = start + slot.n;
                if let Some(rows) = slot.rows.as_ref().filter(|_| start < range.end && end > range.start) {
                    let from = range.start.saturating_sub(start);
                    if out.is_empty() {
                        first = start + from;
                    }
                    let part = &rows[from..(range.end - start).min(slot.n)];
                    // A row that moved between two requests can be on two pages for a moment.
                    out.extend(part.iter().filter(|row| seen.insert(row.id.clone())).cloned());
                }
                start = end;
            }
            (first, out)
        })
    }

    fn pump(self, need: Option<Need>) {
        let Some((need, query, edition)) = self.begin(need) else { return };
        let answer = self.plan.with_value(|plan| (plan.fetch)(query));
        spawn_local(async move {
            let answer = answer.await;
            let is_current = self.book.try_with_value(|book| book.edition == edition).unwrap_or(false);
            if !is_current {
                return;
            }
            self.book.update_value(|book| book.is_busy = false);
            match answer {
                Ok(page) => {
                    self.take(need, page);
                    self.pump(None);
                }
                Err(error) => {
                    self.session.observe(&error);
                    self.is_switching.set(false);
                    self.error.set(Some(error));
                }
            }
        });
    }

    /// What to fetch next, and its query.
    fn begin(self, need: Option<Need>) -> Option<(Need, ListQuery, u32)> {
        let (first, last) = self.window.get_untracked();
        self.book.try_update_value(|book| {
            if book.is_busy {
                return None;
            }
            let need = need.or_else(|| book.need(first, last))?;
            let mut query = book.query.clone();
            (query.cursor, query.limit) = match &need {
                Need::First => (String::new(), FIRST_PAGE),
                Need::Next(cursor) => (cursor.clone(), LATER_PAGES),
                Need::Again(_, cursor, n) => (cursor.clone(), (*n as u32).clamp(FIRST_PAGE, 1000)),
            };
            book.is_busy = true;
            Some((need, query, book.edition))
        })?
    }

    fn take(self, need: Need, page: AnyPage) {
        let (first, last) = self.window.get_untracked();
        let (total, is_first) = (page.total, matches!(need, Need::First));
        self.plan.with_value(|plan| self.book.update_value(|book| book.take(need, page, plan, first, last)));
        put(self.error, None);
        put(self.is_ready, true);
        put(self.is_switching, false);
        // Only a counter knows the whole; later pages need not say it again.
        if is_first || total.is_some() {
            put(self.total, total);
        }
        self.changed.update(|n| *n = n.wrapping_add(1));
    }
}

impl Book {
    fn need(&self, first: usize, last: usize) -> Option<Need> {
        if self.is_old {
            return Some(Need::First);
        }
        let mut start = 0;
        for (i, slot) in self.slots.iter().enumerate() {
            let in_view = start <= last && start + slot.n.max(1) > first;
            if in_view && (slot.is_stale || slot.rows.is_none()) {
                return Some(Need::Again(i, slot.cursor.clone(), slot.n));
            }
            start += slot.n;
        }
        let near_end = last + 20 >= start;
        self.next.clone().filter(|_| near_end).map(Need::Next)
    }

    fn take(&mut self, need: Need, page: AnyPage, plan: &Plan, first: usize, last: usize) {
        let mut known: HashMap<String, Row> = self
            .slots
            .iter()
            .filter_map(|s| s.rows.as_ref())
            .flatten()
            .map(|row| (row.id.clone(), row.clone()))
            .collect();
        if matches!(need, Need::First) {
            self.slots.clear();
            self.is_old = false;
        }
        let (at, cursor) = match need {
            Need::First => (0, String::new()),
            Need::Next(cursor) => (self.slots.len(), cursor),
            Need::Again(at, cursor, _) => (at, cursor),
        };
        let start: usize = self.slots[..at].iter().map(|slot| slot.n).sum();
        let rows: Vec<Row> = page
            .items
            .into_iter()
            .enumerate()
            .map(|(i, (id, value))| renewed(known.remove(&id), id, start + i, value, plan))
            .collect();
        let slot = Slot { cursor, n: rows.len(), rows: Some(rows), is_stale: false };
        if at < self.slots.len() {
            // Where the page now ends elsewhere, those behind it no longer join on.
            let joins = self.slots.get(at + 1).map_or(self.next.as_deref(), |next| Some(next.cursor.as_str()))
                == page.next.as_deref();
            if !joins {
                self.slots.truncate(at + 1);
            }
            let is_last = at + 1 == self.slots.len();
            self.slots[at] = slot;
            if is_last {
                self.next = page.next;
            }
        } else {
            self.slots.push(slot);
            self.next = page.next;
        }
        self.settle_indices();
        self.let_go(first, last);
    }

    fn settle_indices(&mut self) {
        let mut index = 0;
        for slot in &self.slots {
            for row in slot.rows.iter().flatten() {
                if row.index.with_untracked(|i| *i != index) {
                    row.index.set(index);
                }
                index += 1;
            }
            if slot.rows.is_none() {
                index += slot.n;
            }
        }
    }

    fn let_go(&mut self, first: usize, last: usize) {
        let mut start = 0;
        let mut in_view = 0..0;
        for (i, slot) in self.slots.iter().enumerate() {
            if start <= last && start + slot.n > first {
                in_view = if in_view.is_empty() { i..i + 1 } else { in_view.start..i + 1 };
            }
            start += slot.n;
        }
        for (i, slot) in self.slots.iter_mut().enumerate() {
            if i + KEPT_AROUND < in_view.start || i > in_view.end + KEPT_AROUND {
                slot.rows = None;
            }
        }
    }
}

/// Sets what differs, so that nothing is drawn anew for nothing.
fn put<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}

fn renewed(old: Option<Row>, id: String, index: usize, value: AnyRow, plan: &Plan) -> Row {
    match old {
        Some(row) => {
            if row.value.with_untracked(|was| !(plan.is_same)(was, &value)) {
                row.value.set(value);
            }
            row
        }
        None => Row { id, index: ArcRwSignal::new(index), value: ArcRwSignal::new(value) },
    }
}

#[cfg(test)]
mod tests;
