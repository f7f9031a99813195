//! Finds the readings of a path: the canonical one, and whatever the rewrites of origins, one after the other, make of it.
//!
//! 1. The canonical path is the first reading.
//! 2. Each rewrite is tried on each reading, once; what comes out is a reading too, until nothing new comes out. So the order in which
//!    an origin decodes, strips and resolves does not matter: every order is in the set.
//! 3. A reading is firm if the last step of some way to it led to another place (`..%2f`, `;`, `//`), however the path was spelled
//!    otherwise before: letters that a decoding or folding brought about may be the dots of the step after.
//! 4. It is not if every last step only spells the same place otherwise (fullwidth letters), or if every way to it has a step by a
//!    convention that the origin may not have (`.json`): such a way stays one of guesses. So these are followed last, when all that can
//!    be had without them is known, and no reading has to be rewritten again because a firmer way to it was found.
//! 5. Past [`limits::READINGS`], [`limits::READING_BYTES`] or [`limits::READING_WORK`] the path is ambiguous. All three depend on the
//!    set of readings alone, not on the order in which they are found: what is forwarded, which has no more readings than what came,
//!    stays within them.

use super::{
    Ambiguity, PathSettings, Reading, ReadingKind,
    rewrites::{self, Query, Step, Take, Traits},
};
use crate::{limits, text};

/// Every reading of a canonical path.
///
/// # Errors
///
/// [`Ambiguity::TooManyReadings`].
pub(super) fn collect(
    path: &str,
    as_written: Option<String>,
    search: &str,
    settings: &PathSettings,
) -> Result<Vec<Reading>, Ambiguity> {
    let query = Query::of(if settings.readings.contains(ReadingKind::QueryRoute) { search } else { "" });
    // Plain paths, nearly all of the traffic, end here with one reading.
    let is_plain = as_written.is_none() && settings.locales.is_empty() && Traits::of(path).is_plain();
    if is_plain && !query.has_route_at(path) {
        return Ok(vec![Reading::canonical(path)]);
    }
    let found = find(path, as_written, &query, settings);
    if found.is_too_much { Err(Ambiguity::TooManyReadings) } else { Ok(found.list) }
}

fn find(path: &str, as_written: Option<String>, query: &Query<'_>, settings: &PathSettings) -> Found {
    let mut found = Found::of(path);
    if let Some(as_written) = as_written.filter(|_| settings.readings.contains(ReadingKind::AsWritten)) {
        found.take(&as_written, ReadingKind::AsWritten, Step::Elsewhere);
    }
    found.close(query, settings);
    found
}

/// Places of the table of readings, as a power of two: twice as many as there are readings.
const PLACES_LOG: u32 = 9;

const _: () = assert!(limits::READINGS * 2 <= 1 << PLACES_LOG && limits::READINGS - 1 <= u8::MAX as usize);

/// What a rewrite takes to begin, and a path to be looked up, however few bytes they have: as much as so many bytes.
const BEGIN: usize = 128;

struct Found {
    list: Vec<Reading>,
    /// The hash of each reading.
    hashes: Vec<u64>,
    /// By the upper bits of the hash, the place in the list; 0 where there is none, since the first reading is not in here. What falls
    /// into one place goes into the next.
    places: [u8; 1 << PLACES_LOG],
    /// What conventions made of readings that can be had without: path, kind, step, and the reading that it was made from.
    guesses: Vec<(String, ReadingKind, Step<'static>, usize)>,
    /// Whether these are followed by now, so that all that comes up is a guess.
    are_guesses: bool,
    /// The reading that is being rewritten.
    from: usize,
    /// Bytes of all readings.
    bytes: usize,
    /// Bytes that rewrites looked through or made, with [`BEGIN`] for each time.
    work: usize,
    is_too_much: bool,
}

impl Found {
    fn of(path: &str) -> Self {
        Self {
            list: vec![Reading::canonical(path)],
            hashes: vec![hash(path)],
            places: [0; 1 << PLACES_LOG],
            guesses: Vec::new(),
            are_guesses: false,
            from: 0,
            bytes: path.len(),
            work: 0,
            is_too_much: false,
        }
    }

    /// Tries every rewrite on every reading, those that come up on the way too; in the order in which they came up, so that the shortest
    /// way to a reading is found first.
    fn close(&mut self, query: &Query<'_>, settings: &PathSettings) {
        loop {
            while !self.is_too_much
                && let Some(reading) = self.list.get_mut(self.from)
            {
                let path = core::mem::take(&mut reading.path);
                rewrites::rewrite(&path, settings.readings, self);
                // What a convention made of a path is no path that anybody reads a query at.
                if !self.are_guesses {
                    query.routes_at(&path, self);
                }
                if !settings.locales.is_empty() && settings.readings.contains(ReadingKind::Locale) {
                    rewrites::each_without_locale(&path, &settings.locales, &mut |rest, step| {
                        self.take(rest, ReadingKind::Locale, step);
                        !self.is_too_much
                    });
                }
                if let Some(reading) = self.list.get_mut(self.from) {
                    reading.path = path;
                }
                self.from += 1;
            }
            if self.is_too_much || self.guesses.is_empty() {
                return;
            }
            self.are_guesses = true;
            let next = self.from;
            for (path, kind, step, from) in core::mem::take(&mut self.guesses) {
                self.from = from;
                self.sort_in(&path, kind, step);
            }
            self.from = next;
        }
    }

    /// The reading that has this path; or else where in the table it belongs.
    fn find(&mut self, path: &str, hash: u64) -> Result<usize, usize> {
        if self.is_reading(0, path, hash) {
            return Ok(0);
        }
        #[allow(clippy::cast_possible_truncation)] // nine bits
        let mut place = (hash >> (u64::BITS - PLACES_LOG)) as usize;
        // INVARIANT: one of two places is free.
        while let Some(index) = self.places.get(place).map(|index| usize::from(*index)).filter(|index| *index > 0) {
            if self.is_reading(index, path, hash) {
                return Ok(index);
            }
            place = (place + 1) % self.places.len();
        }
        Err(place)
    }

    fn is_reading(&mut self, index: usize, path: &str, hash: u64) -> bool {
        let is_alike = self.hashes.get(index) == Some(&hash);
        let is_same = is_alike && self.list.get(index).is_some_and(|reading| text::is_same(&reading.path, path));
        if is_alike && !is_same {
            // Who finds paths of one hash makes each of them be compared with all others.
            self.works(path.len());
        }
        is_same
    }

    /// Adds a path to the readings or to the guesses, or learns a firmer way to a reading that is there already.
    fn sort_in(&mut self, path: &str, kind: ReadingKind, step: Step<'_>) {
        let hash = hash(path);
        let known = self.find(path, hash);
        let convention = match step {
            Step::Alias => Some(Step::Alias),
            Step::Unprefixed => Some(Step::Unprefixed),
            Step::Elsewhere | Step::ByShape(_) => None,
        };
        let is_guess = self.are_guesses || convention.is_some();
        let index = match (known, convention) {
            (Err(_), Some(convention)) if !self.are_guesses => {
                self.guesses.push((path.into(), kind, convention, self.from));
                return;
            }
            (Err(place), _) => {
                let firm = !is_guess && step.is_elsewhere(path);
                let index = self.list.len();
                self.add(Reading { path: path.into(), kind, from: self.from, firm, behind_locale: None }, hash, place);
                index
            }
            (Ok(index), _) => {
                if let Some(reading) = self.list.get_mut(index).filter(|reading| !is_guess && !reading.firm) {
                    reading.firm = step.is_elsewhere(path);
                }
                index
            }
        };
        if matches!(convention, Some(Step::Unprefixed))
            && let Some(prefixed) = self.list.get_mut(self.from)
        {
            prefixed.behind_locale = Some(index);
        }
    }

    fn add(&mut self, reading: Reading, hash: u64, place: usize) {
        self.bytes += reading.path.len();
        if self.list.len() == limits::READINGS || self.bytes > limits::READING_BYTES {
            self.is_too_much = true;
            return;
        }
        if let (Some(place), Ok(index)) = (self.places.get_mut(place), u8::try_from(self.list.len())) {
            *place = index;
        }
        self.list.push(reading);
        self.hashes.push(hash);
    }
}

impl Take for Found {
    fn works(&mut self, bytes: usize) -> bool {
        self.work += BEGIN + bytes;
        self.is_too_much |= self.work > limits::READING_WORK;
        !self.is_too_much
    }

    fn take(&mut self, path: &str, kind: ReadingKind, step: Step<'_>) {
        if self.works(path.len()) {
            self.sort_in(path, kind, step);
        }
    }
}

/// Tells readings apart quickly, eight bytes at a time; equal hashes are compared in full.
fn hash(path: &str) -> u64 {
    /// 2^64 divided by the golden ratio, as Knuth multiplies (TAOCP volume 3, section 6.4).
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let (words, rest) = path.as_bytes().as_chunks::<8>();
    let mix = |sum: u64, word: u64| {
        let product = (sum ^ word).wrapping_mul(SPREAD);
        product ^ product >> 32
    };
    let sum = words.iter().fold(path.len() as u64, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    mix(sum, rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests;
