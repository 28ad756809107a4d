//! The little HTML that shoppers are shown. Pure.

/// A text that can't be taken for markup, in an element or in an attribute with quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// A link. Anything but http and https gives the text alone.
pub fn link(url: &str, text: &str) -> String {
    let known = url.starts_with("https://") || url.starts_with("http://");
    match known {
        true => format!("<a href=\"{}\" rel=\"noreferrer\">{}</a>", escaped(url), escaped(text)),
        false => escaped(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_taken_for_markup() {
        assert_eq!(escaped(r#"<a href="x">'&'"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
        assert_eq!(
            link("https://shop.example/?a=1&b=\"", "<Back>"),
            "<a href=\"https://shop.example/?a=1&amp;b=&quot;\" rel=\"noreferrer\">&lt;Back&gt;</a>"
        );
        assert_eq!(link("javascript:alert(1)", "x"), "x");
    }
}
