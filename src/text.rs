//! Text searched, compared, put together and read, in little code.
//!
//! The standard library's searches are made for long texts and long needles: with what they bring along they are 6 KB of a gzipped Wasm
//! module, and its formatting is 3 KB. Paths, URLs and names are short.

/// Where `part`, which is not empty, stands first in `text`.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    let (first, bytes) = (*part.as_bytes().first()?, text.as_bytes());
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(part.as_bytes()) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Whether `part` stands in `text`.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    find(text, part).is_some()
}

/// Where a byte stands first, in a text of any length: two times eight bytes at a time, as Wasm reads them. The standard library's search
/// reads four there, and is made anew at each place that calls it.
#[inline(never)]
pub(crate) fn find_byte(text: &[u8], byte: u8) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    let found_in = |word: &[u8; 8]| zero_bytes(u64::from_le_bytes(*word) ^ each(byte));
    let (pairs, last) = words.as_chunks::<2>();
    for (at, [one, two]) in pairs.iter().enumerate() {
        let (one, two) = (found_in(one), found_in(two));
        if one | two != 0 {
            return Some(at * 16 + if one == 0 { 8 + first_byte(two) } else { first_byte(one) });
        }
    }
    let found = last.first().map_or(0, found_in);
    if found != 0 {
        return Some(pairs.len() * 16 + first_byte(found));
    }
    rest.iter().position(|one| *one == byte).map(|at| words.len() * 8 + at)
}

/// How many bytes of a text come before the first quote, backslash or control character: what a JSON string may hold as it is.
pub(crate) fn plain_in_json(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let is_control = word.wrapping_sub(each(b' ')) & !word & each(0x80);
        let found = zero_bytes(word ^ each(b'"')) | zero_bytes(word ^ each(b'\\')) | is_control;
        if found != 0 {
            return at * 8 + first_byte(found);
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)).count()
}

/// Whether a text is of visible ASCII and blanks alone.
pub(crate) fn is_visible(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let others = words.iter().fold(0, |others, word| {
        let word = u64::from_le_bytes(*word);
        others | word | word.wrapping_sub(each(b' ')) | zero_bytes(word ^ each(0x7f))
    });
    others & each(0x80) == 0 && rest.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Eight of a byte.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of each byte that is zero; above the lowest of them, of some that are not, too.
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(each(1)) & !word & each(0x80)
}

/// Which byte the lowest bit is in.
fn first_byte(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// Whether two names are the same but for the case of ASCII letters. The standard library's compares sixteen bytes at a time, and is
/// unrolled wherever one of the two is a literal.
#[inline(never)]
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    let mut pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.all(|(a, b)| a == b || a.eq_ignore_ascii_case(&b))
}

/// Whether two long texts of one length are the same, in a time that does not tell where they differ. Wasm's `memcmp` goes byte by byte.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let (words, rest) = one.as_bytes().as_chunks::<8>();
    let (other_words, other_rest) = other.as_bytes().as_chunks::<8>();
    let pairs = words.iter().zip(other_words);
    let difference = pairs.fold(0, |sum, (a, b)| sum | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)));
    let difference = rest.iter().zip(other_rest).fold(difference, |sum, (a, b)| sum | u64::from(a ^ b));
    one.len() == other.len() && difference == 0
}

/// What is before and after the first `part` in `text`.
pub(crate) fn split_once<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, part)?;
    Some((text.get(..at)?, text.get(at + part.len()..)?))
}

/// `text` without each `part` that it begins with.
pub(crate) fn trim_start<'a>(mut text: &'a str, part: &str) -> &'a str {
    while let Some(rest) = text.strip_prefix(part) {
        text = rest;
    }
    text
}

/// `text` with another text for each `part`, from left to right.
pub(crate) fn replace(text: &str, part: &str, other: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, part) {
        out.push_str(before);
        out.push_str(other);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The parts, one behind the other. The standard library's is made for any separator, and for parts of any kind.
#[inline(never)]
pub(crate) fn concat(parts: &[&str]) -> String {
    join(parts, "")
}

/// The parts with something between.
pub(crate) fn join(parts: &[&str], between: &str) -> String {
    let mut out = String::with_capacity(parts.iter().map(|part| part.len() + between.len()).sum());
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        out.push_str(part);
    }
    out
}

/// A message made from a template: each `{}` stands for the next of the words, each `#` for the next of the numbers. What `format!`
/// brings along to write any number and any `Display` is 3 KB of a gzipped Wasm module.
pub(crate) fn fill(template: &str, words: &[&str], numbers: &[i64]) -> String {
    let (mut words, mut numbers) = (words.iter(), numbers.iter());
    let mut out = String::with_capacity(template.len() + 32);
    for char in template.chars() {
        match char {
            '{' => out.push_str(words.next().copied().unwrap_or_default()),
            '}' => {}
            '#' => push_number(&mut out, numbers.next().copied().unwrap_or_default()),
            _ => out.push(char),
        }
    }
    out
}

/// Writes a number in decimal digits.
pub(crate) fn push_number(out: &mut String, number: i64) {
    if number < 0 {
        out.push('-');
    }
    push_digits(out, number.unsigned_abs(), 10);
}

/// Writes a number in hexadecimal digits, in lower case and without leading zeros.
pub(crate) fn push_hex(out: &mut String, number: u32) {
    push_digits(out, number.into(), 16);
}

fn push_digits(out: &mut String, number: u64, radix: u32) {
    let (rest, digit) = (number / u64::from(radix), number % u64::from(radix));
    if rest > 0 {
        push_digits(out, rest, radix);
    }
    out.push(u32::try_from(digit).ok().and_then(|digit| char::from_digit(digit, radix)).unwrap_or('0'));
}

/// Bytes as text, with U+FFFD for what is no UTF-8, as `TextDecoder` has it.
#[inline(never)]
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let Err(error) = core::str::from_utf8(rest).map(|text| out.push_str(text)) else { return out };
        let (good, bad) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
        out.push_str(core::str::from_utf8(good).unwrap_or_default());
        out.push(char::REPLACEMENT_CHARACTER);
        rest = error.error_len().and_then(|length| bad.get(length..)).unwrap_or_default();
    }
}

/// The whole number that the digits are, without a sign before them; `None` where there is none, or one that is too large.
#[inline(never)]
pub(crate) fn whole_number(digits: &str, radix: u32) -> Option<u32> {
    let mut number = 0;
    for byte in digits.bytes() {
        let digit = char::from(byte).to_digit(radix)?;
        number = u32::try_from(u64::from(number) * u64::from(radix) + u64::from(digit)).ok()?;
    }
    (!digits.is_empty()).then_some(number)
}

/// Whether each byte of a text is of a kind; so of the empty text. Made once, and not at each place that asks.
#[inline(never)]
pub(crate) fn is_all(text: &str, is: fn(u8) -> bool) -> bool {
    for byte in text.bytes() {
        if !is(byte) {
            return false;
        }
    }
    true
}

/// Searches for one of a few ASCII characters. The standard library's are made anew at each place that calls them, and search long
/// texts a word at a time; these are made once, for the short texts of settings, paths and header fields.
pub(crate) trait ByAny {
    /// Where the first of them stands.
    fn find_any(&self, any: &[u8]) -> Option<usize>;
    /// Where the last of them stands.
    fn rfind_any(&self, any: &[u8]) -> Option<usize>;
    /// Whether one of them stands there.
    fn contains_any(&self, any: &[u8]) -> bool;
    /// What is before and after the first.
    fn cut(&self, any: &[u8]) -> Option<(&str, &str)>;
    /// What is before and after the last.
    fn rcut(&self, any: &[u8]) -> Option<(&str, &str)>;
    /// What stands between them: one piece more than there are of them.
    fn pieces<'a>(&'a self, any: &'a [u8]) -> Pieces<'a>;
    /// The text without those that it begins with.
    fn trim_start_any(&self, any: &[u8]) -> &str;
    /// The text without those that it ends with.
    fn trim_end_any(&self, any: &[u8]) -> &str;
    /// The text without those that it begins or ends with.
    fn trim_any(&self, any: &[u8]) -> &str;
}

impl ByAny for str {
    #[inline(never)]
    fn find_any(&self, any: &[u8]) -> Option<usize> {
        match any {
            [one] => find_byte(self.as_bytes(), *one),
            _ => {
                for (at, byte) in self.bytes().enumerate() {
                    if is_one_of(byte, any) {
                        return Some(at);
                    }
                }
                None
            }
        }
    }

    #[inline(never)]
    fn rfind_any(&self, any: &[u8]) -> Option<usize> {
        let mut rest = self.as_bytes();
        while let [before @ .., byte] = rest {
            if is_one_of(*byte, any) {
                return Some(before.len());
            }
            rest = before;
        }
        None
    }

    fn contains_any(&self, any: &[u8]) -> bool {
        self.find_any(any).is_some()
    }

    #[inline(never)]
    fn cut(&self, any: &[u8]) -> Option<(&str, &str)> {
        let at = self.find_any(any)?;
        Some((self.get(..at)?, self.get(at + 1..)?))
    }

    #[inline(never)]
    fn rcut(&self, any: &[u8]) -> Option<(&str, &str)> {
        let at = self.rfind_any(any)?;
        Some((self.get(..at)?, self.get(at + 1..)?))
    }

    fn pieces<'a>(&'a self, any: &'a [u8]) -> Pieces<'a> {
        Pieces { rest: Some(self), any }
    }

    #[inline(never)]
    fn trim_start_any(&self, any: &[u8]) -> &str {
        let mut rest = self;
        while let [byte, ..] = rest.as_bytes()
            && is_one_of(*byte, any)
        {
            rest = rest.get(1..).unwrap_or_default();
        }
        rest
    }

    #[inline(never)]
    fn trim_end_any(&self, any: &[u8]) -> &str {
        let mut rest = self;
        while let [before @ .., byte] = rest.as_bytes()
            && is_one_of(*byte, any)
        {
            rest = rest.get(..before.len()).unwrap_or_default();
        }
        rest
    }

    fn trim_any(&self, any: &[u8]) -> &str {
        self.trim_start_any(any).trim_end_any(any)
    }
}

/// `contains` of a list of bytes is a call of the standard library's search, for two or three of them.
fn is_one_of(byte: u8, any: &[u8]) -> bool {
    for one in any {
        if byte == *one {
            return true;
        }
    }
    false
}

/// See [`ByAny::pieces`].
#[derive(Clone)]
pub(crate) struct Pieces<'a> {
    rest: Option<&'a str>,
    any: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    #[inline(never)]
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (piece, rest) = rest.cut(self.any).map_or((rest, None), |(piece, rest)| (piece, Some(rest)));
        self.rest = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_are_filled_in_order_and_what_is_filled_in_is_not_read() {
        assert_eq!(fill("a {}, # of #: {}", &["{}#", "x"], &[-7, i64::MIN]), "a {}#, -7 of -9223372036854775808: x");
        assert_eq!(fill("{} #", &[], &[]), " 0");
    }

    #[test]
    fn what_is_visible_is_so_at_every_place() {
        for byte in 0..=0x7f_u8 {
            for before in 0..17 {
                let text = ["x".repeat(before), char::from(byte).into(), "~ ".repeat(5)].concat();
                assert_eq!(is_visible(&text), matches!(byte, b' '..=b'~'), "{byte} behind {before}");
            }
        }
        assert!(!is_visible("abcdefg\u{fc}") && !is_visible("\u{20ac}") && is_visible(""));
    }

    #[test]
    fn numbers_are_written_without_leading_zeros() {
        let hex = |number| {
            let mut out = String::new();
            push_hex(&mut out, number);
            out
        };
        assert_eq!([hex(0), hex(0x0a0f), hex(u32::MAX)], ["0", "a0f", "ffffffff"]);
    }

    proptest! {
        #[test]
        fn bytes_are_found_where_the_standard_library_finds_them(text in "[ -~\u{0}-\u{1f}é€\u{80}]{0,40}", byte: u8) {
            let bytes = text.as_bytes();
            for byte in [byte, b'"', 0x7f, 0x80, 0] {
                prop_assert_eq!(find_byte(bytes, byte), bytes.iter().position(|one| *one == byte));
            }
            let plain = bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)).count();
            prop_assert_eq!(plain_in_json(bytes), plain);
        }

        #[test]
        fn bytes_are_found_among_any(bytes: Vec<u8>, byte: u8) {
            prop_assert_eq!(find_byte(&bytes, byte), bytes.iter().position(|one| *one == byte));
            let plain = bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)).count();
            prop_assert_eq!(plain_in_json(&bytes), plain);
        }

        #[test]
        fn searches_find_what_the_standard_library_finds(text in "[abé/]{0,12}", part in "[abé/]{1,3}", other in "[a/]{0,2}") {
            prop_assert_eq!(find(&text, &part), text.find(&part));
            prop_assert_eq!(contains(&text, &part), text.contains(&part));
            prop_assert_eq!(split_once(&text, &part), text.split_once(&part));
            prop_assert_eq!(trim_start(&text, &part), text.trim_start_matches(part.as_str()));
            prop_assert_eq!(replace(&text, &part, &other), text.replace(&part, &other));
        }

        #[test]
        fn searches_for_one_of_a_few_find_what_the_standard_library_finds(text in "[abé/.]{0,12}") {
            prop_assert_eq!(text.find_any(b"/."), text.find(['/', '.']));
            prop_assert_eq!(text.rfind_any(b"/"), text.rfind('/'));
            prop_assert_eq!(text.contains_any(b"/."), text.contains(['/', '.']));
            prop_assert_eq!(text.cut(b"/"), text.split_once('/'));
            prop_assert_eq!(text.rcut(b"/."), text.rsplit_once(['/', '.']));
            prop_assert_eq!(text.pieces(b"/.").collect::<Vec<_>>(), text.split(['/', '.']).collect::<Vec<_>>());
            prop_assert_eq!(text.trim_any(b"/."), text.trim_matches(['/', '.']));
            prop_assert_eq!(text.trim_start_any(b"/"), text.trim_start_matches('/'));
            prop_assert_eq!(text.trim_end_any(b"/."), text.trim_end_matches(['/', '.']));
        }

        #[test]
        fn long_texts_are_the_same_where_every_byte_is(one in "[ab]{0,18}", other in "[ab]{0,18}", at in 0_usize..18) {
            prop_assert_eq!(is_same(&one, &other), one == other);
            prop_assert!(is_same(&one, &one.clone()));
            let changed: String = one.chars().enumerate().map(|(n, c)| if n == at { 'c' } else { c }).collect();
            prop_assert_eq!(is_same(&one, &changed), at >= one.len());
        }

        #[test]
        fn names_are_the_same_where_the_standard_library_says_so(one in "[aAbBé]{0,3}", other in "[aAbBé]{0,3}") {
            prop_assert_eq!(is_same_name(&one, &other), one.eq_ignore_ascii_case(&other));
        }
    }
}
