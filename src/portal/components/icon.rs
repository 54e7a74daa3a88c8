//! Small line drawings. They repeat what the text beside them says, so they are hidden from assistive technology.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Account,
    Add,
    Alert,
    Bell,
    Check,
    ChevronDown,
    ChevronRight,
    Clock,
    Close,
    Columns,
    Copy,
    Delete,
    Dot,
    Download,
    Edit,
    Error,
    Eye,
    EyeOff,
    File,
    Folder,
    Home,
    Info,
    Job,
    Key,
    List,
    Menu,
    More,
    Network,
    Node,
    Package,
    Pause,
    Play,
    Pool,
    Properties,
    Refresh,
    Resize,
    Search,
    Settings,
    SignOut,
    SortDown,
    SortUp,
    Stop,
    Storage,
    Tag,
    Task,
    ToEnd,
    ToStart,
    Upload,
    User,
    Wait,
}

impl Icon {
    /// Lines on a grid of 16 × 16.
    const fn path(self) -> &'static str {
        match self {
            Icon::Account => "M2.5 5 8 2l5.5 3v6L8 14l-5.5-3zM2.5 5 8 8l5.5-3M8 8v6",
            Icon::Add => "M8 3v10M3 8h10",
            Icon::Alert => "M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1",
            Icon::Bell => "M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3zM6.7 14.2h2.6",
            Icon::Check => "M3 8.5 6.5 12 13 4.5",
            Icon::ChevronDown => "M4 6l4 4 4-4",
            Icon::ChevronRight => "M6 4l4 4-4 4",
            Icon::Clock => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3l2 1.5",
            Icon::Close => "M4 4l8 8M12 4l-8 8",
            Icon::Columns => "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
            Icon::Copy => "M6 5.5h7.5v8H6zM10.5 5.5v-3H3v8h3",
            Icon::Delete => "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9M7 7v4M9 7v4",
            Icon::Dot => "M8 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
            Icon::Download => "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
            Icon::Edit => "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.5 4.2l2.3 2.3",
            Icon::Error => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
            Icon::Eye => {
                "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z"
            }
            Icon::EyeOff => "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM3 13 13 3",
            Icon::File => "M4 2h5l3 3v9H4zM9 2v3h3",
            Icon::Folder => "M2 4h4.5L8 5.5h6V13H2z",
            Icon::Home => "M2.5 8 8 3l5.5 5M4 7v6.5h8V7",
            Icon::Info => "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.3v3.7M8 5v.1",
            Icon::Job => "M2.5 5.5h11v7.5h-11zM6 5.5V3h4v2.5M2.5 9h11",
            Icon::Key => "M5.5 6.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM7.6 7.4 13 2M10.5 4.5l2 2",
            Icon::List => "M5.5 4H14M5.5 8H14M5.5 12H14M2.2 4h.6M2.2 8h.6M2.2 12h.6",
            Icon::Menu => "M2.5 4h11M2.5 8h11M2.5 12h11",
            Icon::More => "M3.4 8h.2M7.9 8h.2M12.4 8h.2",
            Icon::Network => {
                "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M1.5 8h13M8 1.5c2.2 2 2.8 4.3 2.8 6.5S10.2 12.500 8 14.500C5.800 12.500 5.200 10.200 5.200 8S5.800 3.500 8 1.500"
            }
            Icon::Node => "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.1M5 11h.1",
            Icon::Package => "M2.5 4.500h11v9h-11zM2.500 4.500l2-2h7l2 2M6.500 8h3",
            Icon::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Icon::Play => "M4.5 3v10l8-5z",
            Icon::Pool => "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5h-4.5zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5h-4.5z",
            Icon::Properties => "M2.5 4h6M11.5 4h2M2.5 8h2M7.5 8h6M2.5 12h6M11.5 12h2M10 2.5v3M6 6.5v3M10 10.5v3",
            Icon::Refresh => "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
            Icon::Resize => "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9 7M2.5 13.5 7 9",
            Icon::Search => "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3l3.5 3.5",
            Icon::Settings => {
                "M8 5.6a2.4 2.4 0 1 1 0 4.8 2.4 2.4 0 0 1 0-4.8zM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M3.6 12.4 5 11M11 5l1.4-1.4"
            }
            Icon::SignOut => "M9.5 3V2.5h-7v11h7V13M6.5 8h7.5M11.5 5.5 14 8l-2.5 2.5",
            Icon::SortDown => "M8 3v10M4.5 9.5 8 13l3.5-3.5",
            Icon::SortUp => "M8 13V3M4.5 6.5 8 3l3.5 3.5",
            Icon::Stop => "M4 4h8v8H4z",
            Icon::Storage => {
                "M2.5 3h11v3.300h-11zM2.500 6.300h11v3.400h-11zM2.500 9.700h11v3.300h-11zM4.800 4.700h.1M4.800 8h.1M4.800 11.300h.1"
            }
            Icon::Tag => "M2.5 2.5h5l6 6-5 5-6-6zM5.3 5.3h.1",
            Icon::Task => "M3 3h10v10H3zM5.5 8l2 2 3.5-4",
            Icon::ToEnd => "M3.5 13.5h9M4.5 6 8 9.5 11.5 6M8 2.5v7",
            Icon::ToStart => "M3.5 2.5h9M4.5 10 8 6.5l3.5 3.5M8 6.5v7",
            Icon::Upload => "M8 10.5v-8M4.5 6 8 2.5 11.5 6M3 13.5h10",
            Icon::User => {
                "M8 2.5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM2.8 13.5c.6-2.6 2.6-4 5.2-4s4.600 1.400 5.200 4"
            }
            Icon::Wait => {
                "M4.5 2.500h7M4.500 13.500h7M5 2.500c0 3 6 4 6 5.500s-6 2.500-6 5.500M11 2.500c0 3-6 4-6 5.500s6 2.500 6 5.500"
            }
        }
    }
}

/// Draws an icon in the colour and size of the text around it.
#[component]
pub fn Glyph(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
}
