//! Many patterns as one index, so that a path is tried against the few that it can match.
//!
//! The index is a tree of the steps of all [`Shape`](super::shape::Shape)s: text edges, shared as far as patterns share text,
//! and run edges, which take the rest of a segment. A path follows the tree from the root, in any case; at a node there
//! is at most one text edge and one run edge to follow, and each node stands at one place of the path, so none is visited
//! twice. What remains at each visited node is a list of tails. An exact shape whose tail fits is a match; only patterns
//! behind an inexact one are run.

use super::Pattern;
use super::fold::fold_text;
use super::shape::{Step, Tail, run_length};

/// Patterns in order, with an index over them.
///
/// ```
/// use portcullis::policy::pattern::{Pattern, PatternSet};
///
/// let set = ["/admin(.*)", "/docs/:path*", "/:page"].into_iter().map(Pattern::parse).collect::<Result<PatternSet, _>>()?;
/// assert_eq!(set.first_match("/docs"), Some(1));
/// assert_eq!(set.matches("/docs").collect::<Vec<_>>(), [1, 2]);
/// # Ok::<(), portcullis::policy::pattern::PatternError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    patterns: Vec<Pattern>,
    /// The first node is the root.
    nodes: Vec<Node>,
    /// Whether a step has letters past ASCII, whose case has to be looked up.
    has_letters_past_ascii: bool,
}

impl PatternSet {
    /// Builds the index.
    #[must_use]
    pub fn new(patterns: Vec<Pattern>) -> Self {
        let mut set = Self { patterns: Vec::new(), nodes: vec![Node::default()], has_letters_past_ascii: false };
        for (index, pattern) in patterns.iter().enumerate() {
            for shape in &pattern.shapes {
                let node = set.insert(&shape.steps);
                if let Some(node) = set.nodes.get_mut(node) {
                    node.add(shape.tail, shape.is_exact, index);
                }
            }
        }
        set.patterns = patterns;
        set
    }

    /// Returns the patterns, in order.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Returns the index of the first pattern that matches the path.
    #[must_use]
    pub fn first_match(&self, path: &str) -> Option<usize> {
        self.first_match_counting(path, &mut 0)
    }

    /// Returns the indices of all patterns that match the path, in order.
    pub fn matches(&self, path: &str) -> impl Iterator<Item = usize> {
        // In order. A pattern with several shapes may be found more than once; one of them that is exact is enough.
        let mut candidates = Vec::new();
        self.visit(path, |node, rest| {
            for ending in node.endings.iter().filter(|ending| ending.tail.is_match(rest)) {
                for index in &ending.patterns {
                    let place = candidates.partition_point(|(before, _)| before < index);
                    match candidates.get_mut(place) {
                        Some((found, is_open)) if found == index => *is_open &= !ending.is_exact,
                        _ => candidates.insert(place, (*index, !ending.is_exact)),
                    }
                }
            }
        });
        candidates.retain(|(index, is_open)| !is_open || self.is_match(*index, path));
        candidates.into_iter().map(|(index, _)| index)
    }

    /// [`first_match`](Self::first_match), counting the patterns that had to be run.
    fn first_match_counting(&self, path: &str, tried: &mut usize) -> Option<usize> {
        let mut first = None::<usize>;
        let mut open = Vec::new();
        self.visit(path, |node, rest| {
            for ending in node.endings.iter().filter(|ending| ending.tail.is_match(rest)) {
                match (ending.is_exact, ending.patterns.first()) {
                    (true, Some(index)) => first = Some(first.map_or(*index, |first| first.min(*index))),
                    _ => open.push(ending.patterns.as_slice()),
                }
            }
        });
        for patterns in open {
            for index in patterns.iter().take_while(|index| first.is_none_or(|first| **index < first)) {
                *tried += 1;
                if self.is_match(*index, path) {
                    first = Some(*index);
                    break;
                }
            }
        }
        first
    }

    fn is_match(&self, index: usize, path: &str) -> bool {
        self.patterns.get(index).is_some_and(|pattern| pattern.is_match(path))
    }

    /// Calls `at_node` for each node that the path leads to, with the rest of the path there.
    fn visit<'s>(&'s self, path: &str, mut at_node: impl FnMut(&'s Node, &[u8])) {
        // ASCII is compared in upper case as it goes, and no letter past it is another case of one.
        let folded = (self.has_letters_past_ascii && !path.is_ascii()).then(|| fold_text(path));
        let path = folded.as_deref().unwrap_or(path).as_bytes();
        let mut pending = Vec::new();
        let mut next = Some((0, path));
        while let Some((node, rest)) = next.take().or_else(|| pending.pop()) {
            let Some(node) = self.nodes.get(node) else { continue };
            if !node.endings.is_empty() {
                at_node(node, rest);
            }
            next = rest.first().and_then(|byte| node.edge(byte.to_ascii_uppercase())).and_then(|edge| edge.follow(rest));
            if let Some(run) = node.run {
                match run_length(rest) {
                    0 => {}
                    length => pending.push((run, rest.get(length..).unwrap_or_default())),
                }
            }
        }
    }

    /// Returns the node to which these steps lead, made if need be.
    fn insert(&mut self, steps: &[Step]) -> usize {
        let mut node = 0;
        for step in steps {
            node = match step {
                Step::Text(text) => {
                    self.has_letters_past_ascii |= !text.is_ascii();
                    self.insert_text(node, text.as_bytes())
                }
                Step::Run => self.insert_run(node),
            };
        }
        node
    }

    fn insert_run(&mut self, node: usize) -> usize {
        let fresh = self.nodes.len();
        let Some(place) = self.nodes.get_mut(node) else { return node };
        let run = *place.run.get_or_insert(fresh);
        if run == fresh {
            self.nodes.push(Node::default());
        }
        run
    }

    fn insert_text(&mut self, mut node: usize, mut text: &[u8]) -> usize {
        while let Some(byte) = text.first() {
            let fresh = self.nodes.len();
            let Some(place) = self.nodes.get_mut(node) else { return node };
            let edge = match place.edges.binary_search_by_key(byte, Edge::first_byte) {
                Ok(found) => place.edges.get_mut(found),
                Err(before) => {
                    place.edges.insert(before, Edge { text: text.to_vec(), node: fresh });
                    self.nodes.push(Node::default());
                    return fresh;
                }
            };
            let Some(edge) = edge else { return node };
            let shared = edge.text.iter().zip(text).take_while(|(ours, theirs)| ours == theirs).count();
            if shared < edge.text.len() {
                // The edge is split, with a fresh node where the texts part.
                let below = Edge { text: edge.text.split_off(shared), node: edge.node };
                edge.node = fresh;
                self.nodes.push(Node { edges: vec![below], ..Node::default() });
                node = fresh;
            } else {
                node = edge.node;
            }
            text = text.get(shared..).unwrap_or_default();
        }
        node
    }
}

impl FromIterator<Pattern> for PatternSet {
    fn from_iter<I: IntoIterator<Item = Pattern>>(patterns: I) -> Self {
        Self::new(patterns.into_iter().collect())
    }
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// By their first byte.
    edges: Vec<Edge>,
    run: Option<usize>,
    endings: Vec<Ending>,
}

#[derive(Debug, Clone)]
struct Edge {
    /// Folded, never empty.
    text: Vec<u8>,
    node: usize,
}

/// Patterns that end here in the same way.
#[derive(Debug, Clone)]
struct Ending {
    tail: Tail,
    is_exact: bool,
    /// Ascending.
    patterns: Vec<usize>,
}

impl Node {
    fn edge(&self, byte: u8) -> Option<&Edge> {
        self.edges.binary_search_by_key(&byte, Edge::first_byte).ok().and_then(|found| self.edges.get(found))
    }

    fn add(&mut self, tail: Tail, is_exact: bool, pattern: usize) {
        match self.endings.iter_mut().find(|ending| ending.tail == tail && ending.is_exact == is_exact) {
            Some(ending) => ending.patterns.push(pattern),
            None => self.endings.push(Ending { tail, is_exact, patterns: vec![pattern] }),
        }
    }
}

impl Edge {
    /// Where it leads, and the rest of a path that begins with its text.
    fn follow<'p>(&self, path: &'p [u8]) -> Option<(usize, &'p [u8])> {
        let (begin, rest) = path.split_at_checked(self.text.len())?;
        let is_same = begin.iter().zip(&self.text).all(|(byte, folded)| byte.to_ascii_uppercase() == *folded);
        is_same.then_some((self.node, rest))
    }

    fn first_byte(&self) -> u8 {
        self.text.first().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(patterns: &[&str]) -> PatternSet {
        patterns.iter().map(|pattern| Pattern::parse(pattern).unwrap()).collect()
    }

    /// One of the patterns of a large policy.
    fn nth(index: usize) -> String {
        match index % 5 {
            0 => format!("/team-{index}/settings(.*)"),
            1 => format!("/api/v1/resource-{index}/:path*"),
            2 => format!("/:org/section-{index}/:id"),
            3 => format!("/:lang(en|fr)/page-{index}/:id(\\d+)"),
            _ => format!("/:lang(en|fr)?/area-{index}{{/:tab}}?/((?!api).*)"),
        }
    }

    #[test]
    fn agrees_with_the_patterns_one_by_one() {
        let set =
            set(&["/a", "/A/:b", "/a(.*)", "/:x/b", "/ab", "/abc/:rest*", "/é/x", "/è/x", "/(\\d+)", "", "/a/:b?", "/{a-:b}?"]);
        for path in
            ["/a", "/A/", "/a/b", "/a/b/c", "/ab", "/ABC", "/abc/d/e", "/É/X", "/È/x", "/12", "", "/", "//", "/a-b", "/x/b"]
        {
            let one_by_one = (0..set.patterns().len()).filter(|index| set.patterns()[*index].is_match(path)).collect::<Vec<_>>();
            assert_eq!(set.matches(path).collect::<Vec<_>>(), one_by_one, "{path}");
            assert_eq!(set.first_match(path), one_by_one.first().copied(), "{path}");
        }
    }

    #[test]
    fn an_empty_set_matches_nothing() {
        assert_eq!(PatternSet::default().first_match("/"), None);
        assert_eq!(PatternSet::new(Vec::new()).first_match("/"), None);
    }

    #[test]
    fn a_thousand_patterns_cost_no_more_tries_than_ten() {
        for count in [10, 1000] {
            let set = (0..count).map(|index| Pattern::parse(&nth(index)).unwrap()).collect::<PatternSet>();
            let mut most = 0;
            for index in 0..count {
                for path in [
                    format!("/Team-{index}/settings/x"),
                    format!("/api/v1/resource-{index}"),
                    format!("/acme/section-{index}/7"),
                    format!("/EN/page-{index}/7"),
                    format!("/fr/page-{index}/seven"),
                    format!("/en/area-{index}/tab/x"),
                    format!("/area-{index}/api"),
                    format!("/nothing/of-{index}"),
                ] {
                    let mut tried = 0;
                    let first = set.first_match_counting(&path, &mut tried);
                    if index % 50 < 5 {
                        assert_eq!(first, set.patterns().iter().position(|pattern| pattern.is_match(&path)), "{path}");
                    }
                    most = most.max(tried);
                }
            }
            println!("{count} patterns: at most {most} tried for a path, {} nodes", set.nodes.len());
            assert!(most <= 2, "{most} of {count}");
        }
    }
}
