//! Upper and lower case as JavaScript's `i` flag has them, and sets of UTF-16 code units.
//!
//! Clerk's patterns end up in a `RegExp` with the flag `i` and without `u`. Such an expression sees UTF-16 code units, and
//! two units are the same when [`fold_unit`] maps them to the same one. So everything here is about units: a character above
//! U+FFFF is two of them, has no other case, and a negated class matches each half by itself.

use crate::letter_case::upper_as_one;

/// Maps a UTF-16 code unit to the one that stands for it and for its other cases.
///
/// That is its upper case, unless this is longer than one unit, or is ASCII while the unit is not (so that `ſ` is no `s`).
///
/// Source: ECMA-262, `Canonicalize` (without the flag `u`).
pub(super) fn fold_unit(unit: u16) -> u16 {
    if let Ok(byte) = u8::try_from(unit)
        && byte.is_ascii()
    {
        return byte.to_ascii_uppercase().into();
    }
    let Some(letter) = char::from_u32(unit.into()) else { return unit };
    let upper = upper_as_one(letter);
    if upper.is_ascii() { unit } else { u16::try_from(u32::from(upper)).unwrap_or(unit) }
}

/// [`fold_unit`] for a whole character: above U+FFFF there is only one case.
pub(super) fn fold_char(letter: char) -> char {
    match u16::try_from(u32::from(letter)) {
        Ok(unit) => char::from_u32(fold_unit(unit).into()).unwrap_or(letter),
        Err(_) => letter,
    }
}

/// [`fold_char`] for a text.
pub(super) fn fold_text(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { text.chars().map(fold_char).collect() }
}

/// Returns what follows `folded` in `path`, if `path` begins with it in any case. `folded` comes from [`fold_text`].
pub(super) fn strip_folded<'p>(path: &'p str, folded: &str) -> Option<&'p str> {
    let mut chars = path.chars();
    for expected in folded.chars() {
        if fold_char(chars.next()?) != expected {
            return None;
        }
    }
    Some(chars.as_str())
}

/// A set of UTF-16 code units: ranges, ends included, ascending and apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct UnitSet {
    ranges: Vec<(u16, u16)>,
}

impl UnitSet {
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u16, u16)>) -> Self {
        let mut set = Self::default();
        for (first, last) in ranges {
            set.insert(first, last);
        }
        set
    }

    pub fn extend(&mut self, other: &Self) {
        for &(first, last) in &other.ranges {
            self.insert(first, last);
        }
    }

    /// Adds a range. Those that it overlaps or touches become one with it.
    fn insert(&mut self, first: u16, last: u16) {
        let start = self.ranges.partition_point(|(_, end)| end.checked_add(1).is_some_and(|after| after < first));
        let joined = self.ranges.get(start..).unwrap_or_default();
        let joined = joined.iter().take_while(|(begin, _)| begin.checked_sub(1).is_none_or(|before| before <= last));
        let (count, first, last) =
            joined.fold((0, first, last), |(count, first, last), (begin, end)| (count + 1, first.min(*begin), last.max(*end)));
        match self.ranges.get_mut(start).filter(|_| count > 0) {
            Some(range) => *range = (first, last),
            None => self.ranges.insert(start, (first, last)),
        }
        if count > 1 {
            self.ranges.drain(start + 1..start + count);
        }
    }

    /// The ranges, ends included, ascending and apart.
    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.ranges
    }

    pub fn contains(&self, unit: u16) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= unit);
        after.checked_sub(1).and_then(|index| self.ranges.get(index)).is_some_and(|(_, last)| unit <= *last)
    }

    /// Returns the set of all units that are not in this one.
    pub fn complement(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = Some(0_u16);
        for (first, last) in &self.ranges {
            if let Some(start) = next
                && let Some(end) = first.checked_sub(1)
                && start <= end
            {
                ranges.push((start, end));
            }
            next = last.checked_add(1);
        }
        if let Some(start) = next {
            ranges.push((start, u16::MAX));
        }
        Self { ranges }
    }

    /// Adds the folded form of every unit, so that a unit is in the set in any case when its folded form is in this one.
    ///
    /// Units that are not folded stay; nobody asks for them.
    pub fn folded(mut self) -> Self {
        for (first, last) in self.ranges.clone() {
            for &(block_first, block_last) in CASED_BLOCKS {
                for unit in first.max(block_first)..=last.min(block_last) {
                    let folded = fold_unit(unit);
                    if folded != unit {
                        self.insert(folded, folded);
                    }
                }
            }
        }
        self
    }
}

/// Where in the Basic Multilingual Plane a unit may fold to another one; a test holds them against all units.
/// Folding a class thus looks at some 6,000 units, not at 65,536.
const CASED_BLOCKS: &[(u16, u16)] = &[
    (0x0061, 0x007A), // Latin
    (0x00B5, 0x0587), // Latin, Greek, Cyrillic, Armenian
    (0x10D0, 0x10FF), // Georgian
    (0x13A0, 0x13FF), // Cherokee
    (0x1C80, 0x1CBF), // Cyrillic and Georgian extensions
    (0x1D79, 0x1FFC), // phonetic, Latin and Greek extensions
    (0x214E, 0x2184), // letter-like
    (0x24D0, 0x24E9), // circled
    (0x2C30, 0x2D2D), // Glagolitic, Latin, Coptic, Georgian
    (0xA640, 0xA7FF), // Cyrillic and Latin extensions
    (0xAB53, 0xABBF), // Latin, Cherokee
    (0xFF41, 0xFF5A), // full width
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_units_in_the_cased_blocks_fold() {
        for unit in 0..=u16::MAX {
            let cased = CASED_BLOCKS.iter().any(|(first, last)| (*first..=*last).contains(&unit));
            assert!(cased || fold_unit(unit) == unit, "U+{unit:04X}");
        }
        assert!(CASED_BLOCKS.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn folding_is_done_once_for_all() {
        for unit in 0..=u16::MAX {
            assert_eq!(fold_unit(fold_unit(unit)), fold_unit(unit), "U+{unit:04X}");
        }
    }

    #[test]
    fn folds_as_javascript_does() {
        let fold = |letter: char| fold_char(letter);
        assert_eq!(fold('a'), 'A');
        assert_eq!(fold('é'), 'É');
        assert_eq!(fold('µ'), 'Μ');
        assert_eq!(fold('ſ'), 'ſ', "no ASCII from outside ASCII");
        assert_eq!(fold('K'), 'K', "the Kelvin sign is no k");
        assert_eq!(fold('ß'), 'ß', "no longer than one unit");
        assert_eq!(fold('𐐨'), '𐐨', "no case above U+FFFF");
    }

    #[test]
    fn strips_a_text_in_any_case_even_if_its_length_changes() {
        assert_eq!(strip_folded("/ADMIN/x", &fold_text("/admin")), Some("/x"));
        assert_eq!(strip_folded("/ⱥ/x", &fold_text("/Ⱥ")), Some("/x"));
        assert_eq!(strip_folded("/adm", &fold_text("/admin")), None);
    }

    #[test]
    fn sets_have_complements_and_folded_forms() {
        let set = UnitSet::from_ranges([(5, 9), (0, 2), (3, 3), (8, 12)]);
        assert_eq!(set.ranges, [(0, 3), (5, 12)]);
        for (first, last, ranges) in [
            (0, u16::MAX, [(0, u16::MAX)].as_slice()),
            (4, 4, &[(0, 12)]),
            (6, 7, &[(0, 3), (5, 12)]),
            (3, 8, &[(0, 12)]),
            (13, 13, &[(0, 3), (5, 13)]),
            (14, u16::MAX, &[(0, 3), (5, 12), (14, u16::MAX)]),
        ] {
            let mut set = set.clone();
            set.insert(first, last);
            assert_eq!(set.ranges, ranges, "{first} to {last}");
        }
        assert_eq!(set.complement(), UnitSet::from_ranges([(4, 4), (13, u16::MAX)]));
        assert_eq!(set.complement().complement(), set);
        assert_eq!(UnitSet::default().complement().complement(), UnitSet::default());
        for set in [
            UnitSet::from_ranges([(0, u16::MAX)]),
            UnitSet::from_ranges([(0x61, 0x200)]),
            UnitSet::from_ranges([(0x7A, 0x7A), (0x100, 0x1D80), (0xFF50, u16::MAX)]),
        ] {
            let slow = UnitSet::from_ranges(
                (0..=u16::MAX).filter(|unit| set.contains(*unit)).map(|unit| (fold_unit(unit), fold_unit(unit))),
            );
            let folded = set.folded();
            for unit in (0..=u16::MAX).map(fold_unit) {
                assert_eq!(folded.contains(unit), slow.contains(unit), "U+{unit:04X}");
            }
        }
    }
}
