//! JSON with line breaks and indents, and otherwise as it is: order, numbers and spelling stay.

/// None for what is no JSON.
pub fn json_layout(text: &str) -> Option<String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let mut out = String::with_capacity(text.len() * 2);
    let mut chars = text.chars().filter(|c| !c.is_whitespace() || *c == ' ').peekable();
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = is_escaped || c != '"';
            is_escaped = c == '\\' && !is_escaped;
            continue;
        }
        match c {
            ' ' => {}
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if_eq(&' ').is_some() {}
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other => out.push(other),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_space_between_changes() {
        let text = r#"{"b": [1.50,{ },[ ] ],"a":"x , {\"y\\" ,"c":1e3}"#;
        let expected = "{\n  \"b\": [\n    1.50,\n    {},\n    []\n  ],\n  \"a\": \"x , {\\\"y\\\\\",\n  \"c\": 1e3\n}";
        assert_eq!(json_layout(text).as_deref(), Some(expected));
        assert_eq!(json_layout(expected).as_deref(), Some(expected));
        assert_eq!((json_layout("{"), json_layout("3").as_deref()), (None, Some("3")));
    }
}
