//! Draws one row of a log.

use leptos::prelude::*;

use super::ansi::{Color, Style};
use super::log_rows::{Mark, Piece, Row};
use super::log_viewer::{LogView, ROW_HEIGHT};

/// A row at its place; its number is a link to it.
#[component]
pub fn LogRow(view: LogView, row: Row) -> impl IntoView {
    let top = format!("{}px", row.row as f64 * ROW_HEIGHT);
    let number = row.number;
    let link = number.map(|number| {
        let follow = move |event: web_sys::MouseEvent| {
            event.prevent_default();
            view.marked.set(Some(number));
            write_hash(number);
        };
        view! { <a class="log-viewer__number" href=format!("#L{number}") tabindex="-1" on:click=follow>{number}</a> }
    });
    view! {
        <div class="log-viewer__row" style:top=top data-marked=move || (number.is_some() && view.marked.get() == number).then_some("true")>
            {link}
            <span class="log-viewer__text">{row.pieces.into_iter().map(show_piece).collect_view()}</span>
        </div>
    }
}

fn show_piece(piece: Piece) -> AnyView {
    let style = piece.style;
    if style == Style::default() && piece.mark == Mark::None {
        return piece.text.into_any();
    }
    let (front, back) =
        if style.inverse { (style.background, style.foreground) } else { (style.foreground, style.background) };
    let mut class = String::from("ansi");
    let mut add = |condition: bool, name: &str| {
        if condition {
            class.push_str(" ansi--");
            class.push_str(name);
        }
    };
    add(style.bold, "bold");
    add(style.dim, "dim");
    add(style.italic, "italic");
    add(style.underline, "underline");
    add(style.strike, "strike");
    add(style.inverse && front.is_none(), "inverse-text");
    add(style.inverse && back.is_none(), "inverse-back");
    add(true, &color_class("text", front));
    add(true, &color_class("back", back));
    let (text_color, back_color) = (rgb(front), rgb(back));
    match piece.mark {
        Mark::None => {
            view! { <span class=class style:color=text_color style:background-color=back_color>{piece.text}</span> }
                .into_any()
        }
        Mark::Match => view! { <mark class=class>{piece.text}</mark> }.into_any(),
        Mark::Current => view! { <mark class=class aria-current="true">{piece.text}</mark> }.into_any(),
    }
}

/// The themes' own sixteen colours are classes.
fn color_class(place: &str, color: Option<Color>) -> String {
    match color {
        Some(Color::Named(number)) => format!("{place}-{number}"),
        Some(Color::Rgb(..)) | None => format!("{place}-own"),
    }
}

fn rgb(color: Option<Color>) -> Option<String> {
    match color {
        Some(Color::Rgb(red, green, blue)) => Some(format!("rgb({red} {green} {blue})")),
        Some(Color::Named(_)) | None => None,
    }
}

/// Writes the line into the URL without a navigation, which would scroll the page.
fn write_hash(number: u64) {
    if let Ok(history) = window().history() {
        let state = history.state().unwrap_or_default();
        // It cannot fail: the URL stays on its page.
        let _ = history.replace_state_with_url(&state, "", Some(&format!("#L{number}")));
    }
}
