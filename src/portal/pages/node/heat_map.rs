//! Every node of a pool as a cell: colour, letter or pattern for its state, filled as its slots are. A canvas, since ten
//! thousand elements would be slow; the table of nodes is its twin for those who cannot see it, and says everything it says.

use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::heat_map_layout::{HeatMapLayout, Step};
use super::node_state;
use crate::api::{NodeCell, NodeState};
use crate::portal::components::Tone;
use crate::portal::components::progress::tone_name;
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tn, tx};
use crate::portal::state::use_settings;

/// The map grows downwards beyond this only when its cells cannot get smaller.
const HEIGHT: f64 = 420.0;

/// Nodes as cells. `href` makes the link of a node, `state_href` that of the list of nodes in a state.
#[component]
pub fn HeatMap(
    #[prop(into)] cells: Signal<Vec<NodeCell>>,
    #[prop(into)] slots_per_node: Signal<i64>,
    #[prop(into)] href: Callback<String, String>,
    #[prop(into)] state_href: Callback<NodeState, String>,
) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    let width = RwSignal::new(0.0);
    let cursor = RwSignal::new(None::<usize>);
    let settings = use_settings();
    let layout = Memo::new(move |_| HeatMapLayout::fit(cells.with(Vec::len), width.get(), HEIGHT));
    watch_width(canvas, width);
    Effect::new(move || {
        settings.theme();
        let (layout, slots, cursor) = (layout.get(), slots_per_node.get(), cursor.get());
        if let Some(canvas) = canvas.get() {
            cells.with(|cells| draw(&canvas, layout, cells, slots, cursor));
        }
    });
    let navigate = use_navigate();
    let open = Callback::new(move |index: usize| {
        if let Some(id) = cells.with_untracked(|cells| cells.get(index).map(|cell| cell.id.clone())) {
            navigate(&href.run(id), NavigateOptions::default());
        }
    });
    let at = move |event: &web_sys::MouseEvent| {
        layout.get_untracked().cell_at(f64::from(event.offset_x()), f64::from(event.offset_y()))
    };
    let key = move |event: web_sys::KeyboardEvent| {
        let here = cursor.get_untracked();
        if event.key() == "Enter" {
            event.prevent_default();
            here.into_iter().for_each(|index| open.run(index));
        } else if let Some(step) = step_of(&event) {
            event.prevent_default();
            let layout = layout.get_untracked();
            cursor.set(
                (layout.n_cells > 0).then(|| here.map_or(0, |index| layout.step(index.min(layout.n_cells - 1), step))),
            );
        }
    };
    let summary = move || tn(msg::HEAT_MAP_LABEL_ONE, msg::HEAT_MAP_LABEL_OTHER, cells.with(Vec::len) as i64);
    view! {
        <div class="heat-map">
            <div
                class="heat-map__field"
                tabindex="0"
                role="application"
                aria-label=summary
                aria-describedby="heat-map-help"
                on:keydown=key
                on:focus=move |_| if cursor.get_untracked().is_none() && cells.with_untracked(|cells| !cells.is_empty()) { cursor.set(Some(0)) }
            >
                <canvas
                    class="heat-map__canvas"
                    node_ref=canvas
                    aria-hidden="true"
                    on:mousemove=move |event| if let Some(index) = at(&event) { cursor.set(Some(index)) }
                    on:click=move |event| at(&event).into_iter().for_each(|index| open.run(index))
                ></canvas>
            </div>
            <p class="heat-map__help" id="heat-map-help">{tx(msg::HEAT_MAP_HELP)}</p>
            <CellText cells cursor slots_per_node href/>
            <Legend cells state_href/>
        </div>
    }
}

/// What the cursor is on, in words and as a link.
#[component]
fn CellText(
    cells: Signal<Vec<NodeCell>>,
    cursor: RwSignal<Option<usize>>,
    slots_per_node: Signal<i64>,
    href: Callback<String, String>,
) -> impl IntoView {
    let cell = Memo::new(move |_| cursor.get().and_then(|index| cells.with(|cells| cells.get(index).cloned())));
    let text = move || {
        cell.get().map(|cell| {
            let (busy, all) = (cell.running_task_slots_count.to_string(), slots_per_node.get().to_string());
            let slots = tf(msg::HEAT_MAP_SLOTS, &[("busy", &busy), ("all", &all)]);
            view! { <a href=href.run(cell.id.clone())>{cell.id.clone()}</a>" · "{t(node_state::label(cell.state))}" · "{slots} }
        })
    };
    view! { <p class="heat-map__cell" aria-live="polite">{text}</p> }
}

/// The states that there are, with their counts; each leads to the list of its nodes.
#[component]
fn Legend(cells: Signal<Vec<NodeCell>>, state_href: Callback<NodeState, String>) -> impl IntoView {
    let counts = Memo::new(move |_| cells.with(|cells| count_states(cells)));
    let items = move || {
        let language = language();
        counts.get().into_iter().map(move |(state, n)| {
            view! {
                <li>
                    <a class="heat-map__key" href=state_href.run(state)>
                        <span class="heat-map__swatch" data-tone=tone_name(node_state::tone(state)) aria-hidden="true">{node_state::letter(state)}</span>
                        <span>{t(node_state::label(state))}</span>
                        <span class="heat-map__count">{format::number(language, n)}</span>
                    </a>
                </li>
            }
        }).collect_view()
    };
    view! { <ul class="heat-map__legend" aria-label=tx(msg::HEAT_MAP_LEGEND)>{items}</ul> }
}

fn count_states(cells: &[NodeCell]) -> Vec<(NodeState, i64)> {
    let count = |state| cells.iter().filter(|cell| cell.state == state).count() as i64;
    NodeState::ALL.iter().map(|state| (*state, count(*state))).filter(|(_, n)| *n > 0).collect()
}

fn step_of(event: &web_sys::KeyboardEvent) -> Option<Step> {
    Some(match (event.key().as_str(), event.ctrl_key()) {
        ("ArrowLeft", _) => Step::Left,
        ("ArrowRight", _) => Step::Right,
        ("ArrowUp", _) => Step::Up,
        ("ArrowDown", _) => Step::Down,
        ("Home", false) => Step::RowStart,
        ("End", false) => Step::RowEnd,
        ("Home", true) => Step::First,
        ("End", true) => Step::Last,
        _ => return None,
    })
}

/// Keeps `width` at the width of the canvas's parent.
fn watch_width(canvas: NodeRef<html::Canvas>, width: RwSignal<f64>) {
    let observer = StoredValue::new_local(None::<(web_sys::ResizeObserver, Closure<dyn Fn()>)>);
    Effect::new(move || {
        let Some(field) = canvas.get().and_then(|canvas| canvas.parent_element()) else { return };
        width.set(f64::from(field.client_width()));
        let seen = field.clone();
        let on_resize = Closure::<dyn Fn()>::new(move || {
            width.try_set(f64::from(seen.client_width()));
        });
        if let Ok(new) = web_sys::ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
            new.observe(&field);
            observer.set_value(Some((new, on_resize)));
        }
    });
    on_cleanup(move || {
        if let Some((observer, _)) = observer.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

/// The colours of the theme as the stylesheet gives them to the map.
struct Paint {
    cell: [String; 5],
    faint: [String; 5],
    text: String,
    cursor: String,
}

const TONES: [Tone; 5] = [Tone::Neutral, Tone::Active, Tone::Good, Tone::Warning, Tone::Bad];

impl Paint {
    fn of(canvas: &HtmlCanvasElement) -> Paint {
        let style = window().get_computed_style(canvas).ok().flatten();
        let color = |name: &str| {
            style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default().trim().to_owned()
        };
        let names = TONES.map(tone_name);
        Paint {
            cell: names.map(|name| color(&format!("--heat-{name}"))),
            faint: names.map(|name| color(&format!("--heat-{name}-faint"))),
            text: color("--heat-text"),
            cursor: color("--heat-cursor"),
        }
    }
}

fn draw(canvas: &HtmlCanvasElement, layout: HeatMapLayout, cells: &[NodeCell], slots: i64, cursor: Option<usize>) {
    let ratio = window().device_pixel_ratio().max(1.0);
    let (width, height) =
        (canvas.parent_element().map_or(0.0, |field| f64::from(field.client_width())), layout.height());
    canvas.set_width((width * ratio) as u32);
    canvas.set_height((height * ratio) as u32);
    let style = web_sys::HtmlElement::style(canvas);
    let _ = style.set_property("height", &format!("{height}px"));
    let context =
        canvas.get_context("2d").ok().flatten().and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok());
    let Some(context) = context else { return };
    let _ = context.scale(ratio, ratio);
    let paint = Paint::of(canvas);
    // All cells of a tone after one another: changing the colour is what costs.
    for (tone_index, tone) in TONES.iter().enumerate() {
        let of_tone = || cells.iter().enumerate().filter(|(_, cell)| node_state::tone(cell.state) == *tone);
        context.set_fill_style_str(&paint.faint[tone_index]);
        of_tone().for_each(|(index, _)| fill(&context, layout, index, 1.0));
        context.set_fill_style_str(&paint.cell[tone_index]);
        context.set_stroke_style_str(&paint.cell[tone_index]);
        of_tone().for_each(|(index, cell)| draw_mark(&context, layout, index, *tone, usage(cell, slots)));
    }
    if layout.has_letters() {
        draw_letters(&context, layout, cells, &paint.text);
    }
    if let Some(index) = cursor.filter(|index| *index < cells.len()) {
        let (x, y) = layout.corner(index);
        context.set_stroke_style_str(&paint.cursor);
        context.set_line_width(2.0);
        context.stroke_rect(x - 0.5, y - 0.5, layout.side + 1.0, layout.side + 1.0);
    }
}

/// The share of a node's slots that is taken.
fn usage(cell: &NodeCell, slots: i64) -> f64 {
    (cell.running_task_slots_count as f64 / slots.max(1) as f64).clamp(0.0, 1.0)
}

fn fill(context: &CanvasRenderingContext2d, layout: HeatMapLayout, index: usize, share: f64) {
    let (x, y) = layout.corner(index);
    let height = layout.side * share;
    context.fill_rect(x, y + layout.side - height, layout.side, height);
}

/// What tells tones apart without colour: an outline, a lower half, a level, a bar across, a cross.
fn draw_mark(context: &CanvasRenderingContext2d, layout: HeatMapLayout, index: usize, tone: Tone, usage: f64) {
    let (x, y) = layout.corner(index);
    let side = layout.side;
    context.set_line_width(1.0);
    match tone {
        Tone::Neutral => context.stroke_rect(x + 0.5, y + 0.5, side - 1.0, side - 1.0),
        Tone::Active => {
            context.stroke_rect(x + 0.5, y + 0.5, side - 1.0, side - 1.0);
            context.fill_rect(x, y, side / 4.0, side);
        }
        Tone::Good => fill(context, layout, index, usage.max(0.3)),
        Tone::Warning => context.fill_rect(x, y + side * 0.4, side, side * 0.2),
        Tone::Bad => {
            context.stroke_rect(x + 0.5, y + 0.5, side - 1.0, side - 1.0);
            context.begin_path();
            context.move_to(x, y);
            context.line_to(x + side, y + side);
            context.move_to(x + side, y);
            context.line_to(x, y + side);
            context.stroke();
        }
    }
}

fn draw_letters(context: &CanvasRenderingContext2d, layout: HeatMapLayout, cells: &[NodeCell], color: &str) {
    context.set_fill_style_str(color);
    context.set_font(&format!("600 {}px sans-serif", (layout.side * 0.5).floor()));
    context.set_text_align("center");
    context.set_text_baseline("middle");
    for (index, cell) in cells.iter().enumerate() {
        let (x, y) = layout.corner(index);
        let _ = context.fill_text(node_state::letter(cell.state), x + layout.side / 2.0, y + layout.side / 2.0 + 1.0);
    }
}
