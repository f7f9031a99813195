//! The page that people see where the gate answers by itself: one template, no scripts, no foreign text.
//!
//! Colours are the system's own, which have enough contrast in light and dark and follow what their user has set. A page has one
//! heading and says the same in its title; what can be followed shows its focus.

/// A page. `title` and `text` are the gate's own; `reason` is one of its words; `link` is where to go on, and may be anything.
pub(super) fn render(status: u16, title: &str, text: &str, reason: &str, link: Option<(&str, &str)>) -> String {
    let mut page = String::with_capacity(1024);
    page.push_str(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>",
    );
    page.push_str(title);
    page.push_str(
        "</title><style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;\
         background:Canvas;color:CanvasText}a{color:LinkText}a:focus-visible{outline:3px solid;outline-offset:2px}code{overflow-wrap:anywhere}\
         </style></head><body><main><h1>",
    );
    page.push_str(title);
    page.push_str("</h1><p>");
    page.push_str(text);
    page.push_str("</p>");
    if let Some((target, words)) = link {
        page.push_str("<p><a href=\"");
        push_attribute(&mut page, target);
        page.push_str("\">");
        page.push_str(words);
        page.push_str("</a></p>");
    }
    page.push_str("<p>Error ");
    page.push_str(&status.to_string());
    if !reason.is_empty() {
        page.push_str(": <code>");
        page.extend(reason.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-'));
        page.push_str("</code>");
    }
    page.push_str("</p></main></body></html>");
    page
}

fn push_attribute(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_becomes_markup() {
        let page = render(401, "T", "x", "a\"><script>", Some(("/x?\"><script>alert(1)</script>&'", "Go on")));
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("href=\"/x?&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;'\""), "{page}");
        assert!(page.contains("<code>ascript</code>"), "{page}");
    }
}
