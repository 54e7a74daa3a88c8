//! A file that is no text, as rows of sixteen bytes.

/// Bytes a row.
const WIDTH: usize = 16;

/// A row of the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexRow {
    pub offset: String,
    pub bytes: String,
    /// Printable ASCII, a dot for the rest.
    pub text: String,
}

pub fn rows(bytes: &[u8]) -> Vec<HexRow> {
    bytes.chunks(WIDTH).enumerate().map(|(index, chunk)| row(index * WIDTH, chunk)).collect()
}

fn row(offset: usize, chunk: &[u8]) -> HexRow {
    HexRow {
        offset: format!("{offset:08x}"),
        bytes: chunk.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" "),
        text: chunk.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { *b as char } else { '.' }).collect(),
    }
}

/// Whether bytes from the beginning of a file look like text: no zero byte, and hardly any control character or byte that
/// is no UTF-8.
pub fn looks_like_text(bytes: &[u8]) -> bool {
    if bytes.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(bytes);
    let is_odd = |c: &char| {
        *c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' | '\u{1b}'))
    };
    let n_odd = text.chars().filter(is_odd).count();
    n_odd * 20 <= text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_sixteen_a_row() {
        let rows = rows(b"0123456789abcdef\x00\xff A");
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].text, "0123456789abcdef");
        assert_eq!(rows[1], HexRow { offset: "00000010".into(), bytes: "00 ff 20 41".into(), text: ".. A".into() });
    }

    #[test]
    fn text_is_told_from_bytes() {
        for text in
            [&b""[..], b"plain\n", "é 日本".as_bytes(), b"\x1b[31mred\x1b[0m\r\n", b"caf\xe9 and a long Latin-1 line"]
        {
            assert!(looks_like_text(text), "{text:?}");
        }
        for bytes in
            [&b"\x89PNG\r\n\x1a\n\0\0"[..], b"\x7fELF\x02\x01\x01\0", b"\xff\xd8\xff\xe0\x10JFIF", b"\x01\x02\x03\x04"]
        {
            assert!(!looks_like_text(bytes), "{bytes:?}");
        }
    }
}
