//! What is fetched and kept, on a list of numbers with ten rows a page.

use std::sync::Arc;

use leptos::prelude::*;

use super::super::plan::{Column, Plan, Source};
use super::*;
use crate::portal::i18n::msg;

const PAGE: usize = 10;

fn plan() -> Plan {
    let columns = vec![Column::new("id", msg::NAME, |n: &usize| n.to_string())];
    let source = Source::new(|_| async { Err(api::Error::new(api::Code::NotImplemented)) });
    Plan::erase(columns, |n: &usize| n.to_string(), source, None)
}

/// The rows from `at` of a list of `n`.
fn page(at: usize, n: usize) -> AnyPage {
    page_of((at..n.min(at + PAGE)).collect(), (at + PAGE < n).then_some(at + PAGE))
}

fn page_of(rows: Vec<usize>, next: Option<usize>) -> AnyPage {
    let items = rows.into_iter().map(|n| (n.to_string(), Arc::new(n) as AnyRow)).collect();
    api::Page { items, next: next.map(|n| n.to_string()), total: None }
}

/// A list of `n` rows of which so many pages have been fetched.
fn book(n_pages: usize, n: usize) -> Book {
    let mut book = Book { is_old: true, ..Book::default() };
    book.take(Need::First, page(0, n), &plan(), 0, 5);
    for i in 1..n_pages {
        let cursor = book.next.clone().unwrap();
        book.take(Need::Next(cursor), page(i * PAGE, n), &plan(), i * PAGE, i * PAGE + 5);
    }
    book
}

fn ids(book: &Book) -> Vec<String> {
    book.slots.iter().flat_map(|s| s.rows.iter().flatten()).map(|row| row.id.clone()).collect()
}

#[test]
fn the_next_page_is_fetched_when_the_end_comes_near() {
    let book = book(4, 1000);
    assert!(book.need(0, 5).is_none());
    assert!(matches!(book.need(20, 25), Some(Need::Next(cursor)) if cursor == "40"));
}

#[test]
fn at_the_end_of_the_list_nothing_is_fetched() {
    assert!(book(3, 25).need(20, 25).is_none());
}

#[test]
fn only_stale_pages_in_view_are_fetched_again() {
    let mut book = book(5, 50);
    book.slots.iter_mut().for_each(|slot| slot.is_stale = true);
    assert!(matches!(book.need(12, 18), Some(Need::Again(1, cursor, 10)) if cursor == "10"));
    book.take(Need::Again(1, "10".into(), 10), page(10, 50), &plan(), 12, 18);
    assert!(book.need(12, 18).is_none());
}

#[test]
fn a_row_that_stays_keeps_its_signals_and_learns_its_new_place() {
    let mut book = book(1, 5);
    let row = book.slots[0].rows.as_ref().unwrap()[2].clone();
    assert_eq!((row.id.as_str(), row.index.get_untracked()), ("2", 2));
    // The first row has gone.
    book.take(Need::Again(0, String::new(), 5), page_of(vec![1, 2, 3, 4], None), &plan(), 0, 5);
    assert_eq!(row.index.get_untracked(), 1);
    assert_eq!(ids(&book), ["1", "2", "3", "4"]);
}

#[test]
fn pages_that_no_longer_join_on_are_dropped() {
    let mut book = book(3, 50);
    // Two rows were deleted, so that the page now ends at row 12.
    let rows = (0..12).filter(|n| ![3, 4].contains(n)).collect();
    book.take(Need::Again(0, String::new(), 10), page_of(rows, Some(12)), &plan(), 0, 5);
    assert_eq!((book.slots.len(), book.next.as_deref()), (1, Some("12")));
}

#[test]
fn rows_far_from_view_are_let_go_and_fetched_again_when_they_come_into_view() {
    let book = book(12, 200);
    assert!(book.slots[0].rows.is_none() && book.slots[0].n == PAGE);
    assert!(book.slots[11].rows.is_some());
    assert!(matches!(book.need(0, 5), Some(Need::Again(0, _, 10))));
}

#[test]
fn another_list_replaces_the_rows_when_its_first_page_is_there() {
    let mut book = book(3, 50);
    book.is_old = true;
    assert!(matches!(book.need(0, 5), Some(Need::First)));
    book.take(Need::First, page_of(vec![7], None), &plan(), 0, 5);
    assert_eq!(ids(&book), ["7"]);
    assert!(book.next.is_none());
}
