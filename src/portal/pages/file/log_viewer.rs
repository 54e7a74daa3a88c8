//! The log viewer: shows a text file of a task, follows it while it grows, searches, wraps, and links to a line.
//!
//! Only the rows on the screen are in the document; only a window of the file is in memory. Both ends of the window load
//! more when they come into view. Line numbers are shown once the beginning of the file was read: nobody knows them before.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::file_ref::FileRef;
use super::log_buffer::{LineMark, LogBuffer};
use super::log_reader::{Begin, LogReader, Progress};
use super::log_row::LogRow;
use super::log_rows::{self, Row, RowIndex};
use super::log_search::{self, Match};
use super::log_toolbar::LogToolbar;
use crate::api::{Changed, Code, KeptCopy};
use crate::portal::components::{ErrorBar, Skeleton, Time};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::state::{browser, use_changes};

/// Height of a row in CSS pixels; `log-viewer.css` says the same.
pub(super) const ROW_HEIGHT: f64 = 20.0;
/// Rows that are made beyond what is seen, so that slow scrolling shows no gaps.
const SPARE_ROWS: usize = 20;
/// So near to an end of the window the next part is read.
const NEAR_ROWS: usize = 60;
/// Should an event get lost, growth is found so late at most.
const SLOW_POLL: Duration = Duration::from_secs(5);

/// What the viewer's parts share.
#[derive(Clone, Copy)]
pub struct LogView {
    pub reader: LogReader,
    /// New lines are scrolled to.
    pub follow: RwSignal<bool>,
    pub wrap: RwSignal<bool>,
    pub search: RwSignal<String>,
    pub matches: Memo<Vec<Match>>,
    /// The match that next and previous start from.
    pub current: RwSignal<Option<usize>>,
    rows: Memo<RowIndex>,
    /// What is seen: scroll offset and height.
    top: RwSignal<f64>,
    height: RwSignal<f64>,
    element: NodeRef<html::Div>,
    /// What is at the top.
    place: StoredValue<Option<Place>>,
    /// The line that the address names.
    pub(super) marked: RwSignal<Option<u64>>,
}

/// A file of a task as text.
#[component]
pub fn LogViewer(
    file: FileRef,
    /// The task runs: its files may grow.
    #[prop(into)]
    is_running: Signal<bool>,
) -> impl IntoView {
    let view = LogView::new(file);
    let linked = linked_line(&use_location().hash.get_untracked());
    view.marked.set(linked);
    view.follow.set(is_running.get_untracked() && linked.is_none());
    let begin = linked.map_or(if view.follow.get_untracked() { Begin::End } else { Begin::Start }, Begin::Line);
    view.open(begin);
    keep_up(view, begin, is_running);
    let on_hash = window_event_listener(leptos::ev::hashchange, move |_| {
        if let Some(number) = linked_line(&window().location().hash().unwrap_or_default()) {
            view.marked.set(Some(number));
            view.follow.set(false);
            view.open(Begin::Line(number));
        }
    });
    on_cleanup(move || on_hash.remove());
    let is_missing = move || view.reader.error().is_some_and(|error| is_not_there_yet(error.code));
    let error = move || view.reader.error().filter(|error| !is_not_there_yet(error.code));
    view! {
        <section class="log-viewer">
            <LogToolbar view is_running/>
            {move || view.reader.kept().map(|copy| view! { <KeptNote copy/> })}
            {move || error().map(|error| view! { <ErrorBar error on_retry=move || view.open(begin)/> })}
            <Show when=move || is_missing() && !view.reader.is_open()>
                <p class="log-viewer__note" role="status">{move || t(if is_running.get() { msg::LOG_NOT_YET } else { msg::LOG_NOT_THERE })}</p>
            </Show>
            <Show when=move || !view.reader.is_open() && view.reader.error().is_none()><Skeleton lines=8/></Show>
            <Show when=move || view.reader.is_open()><LogLines view/></Show>
        </section>
    }
}

/// Says that the node is gone and what is left of the file.
#[component]
fn KeptNote(copy: KeptCopy) -> impl IntoView {
    let left_out = copy.bytes_left_out;
    let more =
        move || (left_out > 0).then(|| tf(msg::FILE_KEPT_END, &[("size", &format::bytes(language(), left_out))]));
    view! { <p class="log-viewer__note" role="status">{tx(msg::FILE_KEPT)}" "<Time at=copy.since/>". "{more}</p> }
}

impl LogView {
    fn new(file: FileRef) -> Self {
        let reader = LogReader::new(file);
        let (wrap, search) =
            (RwSignal::new(browser::stored(WRAP_KEY).as_deref() == Some("on")), RwSignal::new(String::new()));
        let buffer = reader.buffer();
        let columns = RwSignal::new(None::<usize>);
        provide_context(Columns(columns));
        LogView {
            reader,
            follow: RwSignal::new(false),
            wrap,
            search,
            matches: Memo::new(move |_| search.with(|text| buffer.with(|buffer| log_search::find(buffer, text)))),
            current: RwSignal::new(None),
            rows: Memo::new(move |_| buffer.with(|buffer| RowIndex::new(buffer, columns.get().filter(|_| wrap.get())))),
            top: RwSignal::new(0.0),
            height: RwSignal::new(600.0),
            element: NodeRef::new(),
            place: StoredValue::new(None),
            marked: RwSignal::new(None),
        }
    }

    pub fn open(self, begin: Begin) {
        self.reader.open(begin, move |progress| self.went_on(progress));
    }

    fn read_on(self) {
        self.reader.read_on(move |progress| self.went_on(progress));
    }

    fn read_back(self) {
        self.reader.read_back(move |progress| self.went_on(progress));
    }

    /// Keeps the place, or goes to the end when the file is followed.
    fn went_on(self, progress: Progress) {
        match progress {
            Progress::Opened(Begin::Line(number)) => {
                match self.reader.buffer().with_untracked(|buffer| buffer.index_of(number)) {
                    Some(line) => self.show_line(line),
                    None => self.scroll_to_end(),
                }
            }
            Progress::Opened(Begin::End) => self.scroll_to_end(),
            Progress::Opened(Begin::Start) => self.scroll_to(0.0),
            Progress::Grew if self.follow.get_untracked() => self.scroll_to_end(),
            Progress::Grew => self.keep_place(),
        }
    }

    /// What is at the top, whatever comes or goes before it.
    fn note_place(self) {
        let row = (self.top.get_untracked() / ROW_HEIGHT).max(0.0);
        let place = self.rows.with_untracked(|rows| rows.locate(row as usize)).and_then(|(line, row_of_line)| {
            let mark = self.reader.buffer().with_untracked(|buffer| buffer.mark(line))?;
            Some(Place { mark, row_of_line, pixels: (row - row.floor()) * ROW_HEIGHT })
        });
        self.place.set_value(place);
    }

    fn keep_place(self) {
        let Some(place) = self.place.get_value() else { return };
        let line = self.reader.buffer().with_untracked(|buffer| buffer.index_of_mark(place.mark));
        let row = self.rows.with_untracked(|rows| rows.row_of(line)) + place.row_of_line;
        let top = row as f64 * ROW_HEIGHT + place.pixels;
        if (top - self.top.get_untracked()).abs() >= 1.0 {
            self.scroll_to(top);
        }
    }

    /// Brings a line of the window to the middle.
    pub fn show_line(self, line: usize) {
        let row = self.rows.with_untracked(|rows| rows.row_of(line));
        self.scroll_to((row as f64 * ROW_HEIGHT - self.height.get_untracked() / 2.0).max(0.0));
    }

    /// Goes to another match, round the ends.
    pub fn step_match(self, by: isize) {
        let n = self.matches.with_untracked(Vec::len) as isize;
        if n == 0 {
            return;
        }
        let next =
            self.current.get_untracked().map_or(if by > 0 { 0 } else { n - 1 }, |at| (at as isize + by).rem_euclid(n))
                as usize;
        self.current.set(Some(next));
        self.follow.set(false);
        if let Some(line) = self.matches.with_untracked(|matches| matches.get(next).map(|m| m.line)) {
            self.show_line(line);
        }
    }

    pub fn scroll_to_end(self) {
        self.scroll_to(f64::MAX);
    }

    /// Scrolls once the rows are drawn; before that the browser would cut the way short.
    fn scroll_to(self, top: f64) {
        request_animation_frame(move || {
            if let Some(Some(element)) = self.element.try_get_untracked() {
                element.set_scroll_top(top.min(f64::from(element.scroll_height())) as i32);
            }
        });
    }

    /// The user or the viewer has scrolled.
    fn scrolled(self) {
        let Some(element) = self.element.try_get_untracked().flatten() else { return };
        let (top, height) = (f64::from(element.scroll_top()), f64::from(element.client_height()));
        let went_up = top < self.top.get_untracked() - 1.0;
        self.top.set(top);
        self.height.set(height);
        self.note_place();
        let is_at_bottom = top + height >= f64::from(element.scroll_height()) - ROW_HEIGHT;
        if went_up && !is_at_bottom {
            self.follow.set(false);
        }
        self.read_what_comes_into_view();
    }

    fn read_what_comes_into_view(self) {
        let (first, last) = self.seen_rows();
        let n_rows = self.rows.with_untracked(RowIndex::n_rows);
        let (is_at_start, is_at_end) =
            self.reader.buffer().with_untracked(|buffer| (buffer.is_at_start(), buffer.is_at_end()));
        if last + NEAR_ROWS >= n_rows && !is_at_end {
            self.read_on();
        } else if first < NEAR_ROWS && !is_at_start {
            self.read_back();
        }
    }

    fn seen_rows(self) -> (usize, usize) {
        let first = (self.top.get() / ROW_HEIGHT).max(0.0) as usize;
        (first, first + (self.height.get() / ROW_HEIGHT).ceil() as usize + 1)
    }

    /// The rows to draw.
    fn drawn_rows(self) -> Vec<Row> {
        let (first, last) = self.seen_rows();
        self.rows.with(|rows| {
            let range = first.saturating_sub(SPARE_ROWS)..(last + SPARE_ROWS).min(rows.n_rows());
            let current = self.current.get();
            self.reader
                .buffer()
                .with(|buffer| self.matches.with(|matches| log_rows::visible(buffer, rows, range, matches, current)))
        })
    }
}

/// A place in the log that stays when lines come or go before it.
#[derive(Clone, Copy)]
struct Place {
    mark: LineMark,
    row_of_line: usize,
    pixels: f64,
}

/// How many columns a row has; measured by the lines, asked for by the row index.
#[derive(Clone, Copy)]
struct Columns(RwSignal<Option<usize>>);

pub(super) const WRAP_KEY: &str = "fournil.log.wrap";

/// Reads on when the server says that the file has grown, and every few seconds in case it could not say so.
fn keep_up(view: LogView, begin: Begin, is_running: Signal<bool>) {
    let file = view.reader.file();
    let tick = use_changes(move |change| {
        let Changed::File { job, task, path, .. } = &change.what else { return false };
        matches!(&file, FileRef::Task { account, job: of_job, task: of_task, path: shown }
            if change.account == account.as_str() && *job == of_job.as_str() && *task == of_task.as_str() && path == shown)
    });
    let look = move || {
        let is_open = untrack(|| view.reader.is_open());
        let is_at_end = view.reader.buffer().with_untracked(LogBuffer::is_at_end);
        if !is_open {
            // The first answer may still be on its way; a file that was not there yet is asked for again.
            if !untrack(|| view.reader.is_busy()) {
                view.open(begin);
            }
        } else if view.follow.get_untracked() || is_at_end {
            view.read_on();
        }
    };
    Effect::new(move |was_running: Option<bool>| {
        let now = tick.get();
        let running = is_running.get();
        // The first run is the opening; the last lines come with the task's end.
        if was_running.is_some() && (running || was_running == Some(true) || now > 0) {
            look();
        }
        if was_running == Some(true) && !running {
            view.follow.set(false);
        }
        // Who opened the log before the task began waits for its first lines.
        if was_running == Some(false) && running && !matches!(begin, Begin::Line(_)) {
            view.follow.set(true);
        }
        running
    });
    if let Ok(timer) = set_interval_with_handle(
        move || {
            if is_running.get_untracked() && !browser::is_hidden() {
                look();
            }
        },
        SLOW_POLL,
    ) {
        on_cleanup(move || timer.clear());
    }
}

/// The scrolled area.
#[component]
fn LogLines(view: LogView) -> impl IntoView {
    let Columns(columns) = expect_context::<Columns>();
    let ruler = NodeRef::<html::Span>::new();
    let measure = move || {
        // A frame that was asked for is drawn even when the page was left meanwhile.
        let elements = view.element.try_get_untracked().flatten().zip(ruler.try_get_untracked().flatten());
        let Some((element, ruler)) = elements else { return };
        view.height.set(f64::from(element.client_height()));
        let character = ruler.get_bounding_client_rect().width() / RULER.len() as f64;
        let gutter = if view.reader.buffer().with_untracked(LogBuffer::is_numbered) { GUTTER_COLUMNS } else { 1.0 };
        if character > 0.0 {
            columns.set(Some((f64::from(element.client_width()) / character - gutter - 2.0).max(8.0) as usize));
        }
    };
    Effect::new(move || {
        let is_drawn = view.element.get().is_some() && ruler.get().is_some();
        view.wrap.track();
        if is_drawn {
            request_animation_frame(measure);
        }
    });
    let on_resize = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || on_resize.remove());
    let width = move || {
        let longest =
            view.reader.buffer().with(|buffer| buffer.lines().iter().map(|line| line.text.len()).max().unwrap_or(0));
        if view.wrap.get() {
            "100%".to_owned()
        } else {
            format!("max(100%, {}ch)", longest + GUTTER_COLUMNS as usize + 2)
        }
    };
    let space = move || format!("{}px", view.rows.with(RowIndex::n_rows) as f64 * ROW_HEIGHT);
    let is_numbered = Memo::new(move |_| view.reader.buffer().with(LogBuffer::is_numbered));
    view! {
        <div
            class="log-viewer__scroll"
            class=("log-viewer__scroll--numbered", move || is_numbered.get())
            node_ref=view.element
            tabindex="0"
            role="log"
            aria-live="off"
            aria-label=move || view.reader.file().path().to_owned()
            aria-busy=move || view.reader.is_busy().then_some("true")
            on:scroll=move |_| view.scrolled()
        >
            <span class="log-viewer__ruler" aria-hidden="true" node_ref=ruler>{RULER}</span>
            <div class="log-viewer__space" style:height=space style:width=width>
                <For each=move || view.drawn_rows() key=Row::clone let:row><LogRow view row/></For>
            </div>
            <Show when=move || view.reader.buffer().with(|buffer| buffer.lines().is_empty())>
                <p class="log-viewer__note">{tx(msg::LOG_EMPTY)}</p>
            </Show>
        </div>
    }
}

const RULER: &str = "0000000000000000000000000000000000000000";
/// Width of the line numbers, as in the stylesheet.
const GUTTER_COLUMNS: f64 = 9.0;

/// A task that has not begun has no files; neither has one that never began.
fn is_not_there_yet(code: Code) -> bool {
    matches!(code, Code::FileNotFound | Code::PathNotFound | Code::OperationInvalidForCurrentState)
}

/// The line that the URL points to: `#L120`.
fn linked_line(hash: &str) -> Option<u64> {
    hash.trim_start_matches('#').strip_prefix('L')?.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_a_line() {
        assert_eq!(linked_line("#L120"), Some(120));
        assert_eq!(linked_line("L7"), Some(7));
        for hash in ["", "#", "#L", "#L0", "#Lx", "#120", "#page-title"] {
            assert_eq!(linked_line(hash), None, "{hash}");
        }
    }
}
