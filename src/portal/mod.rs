//! The portal: a single-page app that reads and writes through the server functions only.
//!
//! Reading order: `app` (what is provided to all pages), `routes` (which page has which URL) and `paths` (the same, for
//! links), `areas` (which pages are loaded together), `shell` (what surrounds a page), `state` (what outlives a page), `components` (what pages are built from),
//! `pages`. Texts stand in `locales/` only; `i18n` and `format` turn them, numbers and times into what people read.

pub mod app;
pub mod areas;
pub mod components;
pub mod format;
pub mod i18n;
pub mod pages;
pub mod paths;
pub mod reading;
pub mod routes;
pub mod shell;
pub mod state;

pub use app::App;
