//! Patterns in the syntax of another router: `other-syntax`.
//!
//! `/events/[id]` is how Next.js, Nuxt, SvelteKit and Astro name a file, `/events/$id` how React Router does, `/events/<id>` and
//! `/events/{id}` are routes of Flask, Django, Laravel and OpenAPI; `$` at the end and `|` are from regular expressions. All of them are
//! patterns here, too, which match these very letters and so no page that anybody has.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding, name},
};
use crate::{
    policy::{Access, pattern::Pattern},
    table::quote,
};

pub(super) fn check(view: &View<'_>, findings: &mut Vec<Finding>) {
    let closes = |access| access != Access::Public && view.policy.default == Access::Public;
    let entries = view.entries.iter().map(|entry| (entry.setting.as_str(), entry.pattern, closes(entry.access)));
    let api = view.api.iter().map(|(setting, pattern)| (setting.as_str(), *pattern, false));
    for (setting, pattern, closes) in entries.chain(api) {
        let Some((what, help)) = other_syntax(pattern.as_str()) else { continue };
        findings.push(Finding {
            what: format!("{} {what}", name(pattern, setting)),
            why: "patterns are those of path-to-regexp, in which this stands for its very letters".into(),
            help,
            ..finding(Kind::OtherSyntax, if closes { Severity::Error } else { Severity::Warning }, setting)
        });
    }
}

/// What is foreign in a pattern, and what to write instead.
fn other_syntax(source: &str) -> Option<(&'static str, String)> {
    let outer = outer(source);
    if source.trim_end() != source {
        return Some(("ends in a blank", instead(&[source.trim_end().to_owned()])));
    }
    for (separator, what) in
        [("|", "has `|` outside of a group"), (",/", "looks like several patterns"), (", /", "looks like several patterns")]
    {
        if outer.contains(separator) {
            let at = separator.trim_end_matches('/');
            return Some((what, instead(&pieces(source, &outer, at).map(|piece| piece.trim().to_owned()).collect::<Vec<_>>())));
        }
    }
    let segments: Vec<&str> = pieces(source, &outer, "/").collect();
    if segments.iter().any(|segment| parameter(segment).is_some()) {
        let better: Vec<_> = segments.iter().map(|segment| parameter(segment).unwrap_or_else(|| (*segment).to_owned())).collect();
        return Some(("has a parameter as other routers write it", instead(&[better.join("/")])));
    }
    if let Some(bare) = source.strip_suffix('$').filter(|_| outer.ends_with('$')) {
        return Some(("ends in `$`", instead(&[bare.to_owned()])));
    }
    if segments.len() > 2 && segments.iter().any(|segment| is_route_group(segment)) {
        let better: Vec<_> = segments.iter().copied().filter(|segment| !is_route_group(segment)).collect();
        return Some((
            "has a group of one word, which is no part of a path where it is a folder of Next.js",
            instead(&[better.join("/")]),
        ));
    }
    None
}

/// The source, with marks in place of what is escaped or within a group.
fn outer(source: &str) -> String {
    let mut outer = String::with_capacity(source.len());
    let (mut depth, mut is_escaped) = (0_u32, false);
    for character in source.chars() {
        let is_plain = !is_escaped && depth == 0 && !matches!(character, '\\' | '(');
        match character {
            _ if is_escaped => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = !is_escaped && character == '\\';
        if is_plain {
            outer.push(character);
        } else {
            outer.extend(std::iter::repeat_n('\u{1}', character.len_utf8()));
        }
    }
    outer
}

/// The source, cut where the separator stands outside of groups.
fn pieces<'a>(source: &'a str, outer: &str, separator: &str) -> impl Iterator<Item = &'a str> {
    let mut start = 0;
    let cuts: Vec<_> = outer.match_indices(separator).map(|(at, _)| at).chain([source.len()]).collect();
    let length = separator.len();
    cuts.into_iter().map(move |end| {
        let piece = source.get(start..end).unwrap_or_default();
        start = end + length;
        piece
    })
}

/// A segment that is a parameter elsewhere, as it is written here.
fn parameter(segment: &str) -> Option<String> {
    let within = |start, end| segment.strip_prefix(start)?.strip_suffix(end);
    let (inner, modifier) = within("[[...", "]]")
        .map(|inner| (inner, "*"))
        .or_else(|| within("[...", "]").map(|inner| (inner, "+")))
        .or_else(|| within("[[", "]]").map(|inner| (inner, "?")))
        .or_else(|| within("[", "]").or_else(|| within("{", "}")).or_else(|| within("<", ">")).map(|inner| (inner, "")))
        .or_else(|| segment.strip_prefix('$').map(|inner| if inner.is_empty() { ("path", "*") } else { (inner, "") }))?;
    // SvelteKit's `[id=integer]`, Flask's `<int:id>`.
    let inner = inner.split_once('=').map_or(inner, |(name, _)| name);
    let inner = inner.rsplit_once(':').map_or(inner, |(_, name)| name);
    is_word(inner).then(|| format!(":{}{modifier}", inner.replace('-', "_")))
}

fn is_route_group(segment: &str) -> bool {
    segment.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn instead(patterns: &[String]) -> String {
    if patterns.iter().any(|pattern| !pattern.starts_with('/') || Pattern::parse(pattern).is_err()) {
        return "write it as path-to-regexp does: `/events/:id`, `/docs/:path*`, `/(en|fr)/about`, one pattern for each text"
            .into();
    }
    let quoted: Vec<_> = patterns.iter().map(|pattern| format!("`{}`", quote(pattern))).collect();
    format!("write {}", quoted.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn what_other_routers_write_is_reported_with_what_to_write_here() {
        for (pattern, better) in [
            ("/events/[id]/edit", "`/events/:id/edit`"),
            ("/docs/[...slug]", "`/docs/:slug+`"),
            ("/docs/[[...slug]]", "`/docs/:slug*`"),
            ("/[[lang]]/admin(.*)", "`/:lang?/admin(.*)`"),
            ("/item/[id=integer]", "`/item/:id`"),
            ("/user/{user-id}", "`/user/:user_id`"),
            ("/user/<int:id>", "`/user/:id`"),
            ("/user/$id", "`/user/:id`"),
            ("/files/$", "`/files/:path*`"),
            ("/admin(.*)$", "`/admin(.*)`"),
            ("/admin|/dashboard(.*)", "`/admin` and `/dashboard(.*)`"),
            ("/admin, /dashboard", "`/admin` and `/dashboard`"),
            ("/admin(.*) ", "`/admin(.*)`"),
            ("/(dashboard)/settings(.*)", "`/settings(.*)`"),
        ] {
            let found = one(Kind::OtherSyntax, &format!("default = 'public'\nprotected = ['{pattern}']"));
            assert_eq!((found.severity, found.help), (Severity::Error, format!("write {better}")), "{pattern}");
            assert_eq!(one(Kind::OtherSyntax, &format!("public = ['{pattern}']")).severity, Severity::Warning, "{pattern}");
            let better: Vec<_> = better.split('`').filter(|part| part.starts_with('/')).collect();
            for better in better {
                assert_none(Kind::OtherSyntax, &format!("protected = ['{better}']"));
            }
        }
        assert!(one(Kind::OtherSyntax, "protected = ['/^admin|about']").help.starts_with("write it as"));
    }

    #[test]
    fn what_a_path_may_hold_and_what_a_group_is_for_is_not() {
        for pattern in [
            "/events/:id",
            "/(en|fr)/admin",
            "/(api|trpc)(.*)",
            "/(admin)",
            "/x/([^/]+)",
            "/x{/:y}?",
            "/:a{-:b}?",
            "/files/(.*\\.[a-z]{2,3})",
            "/@me/$x.json/a,b",
            "/x\\\\[id\\\\]",
            "/c$/(a|b$)",
        ] {
            assert_none(Kind::OtherSyntax, &format!("protected = [\"{}\"]", pattern.replace("\\.", "\\\\.")));
        }
    }
}
