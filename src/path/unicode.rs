//! Characters that some origin takes for ASCII ones. Tables and look-ups, no rule about paths.

/// The ASCII text that a character is compatible with, or that code pages map it to.
///
/// Source: NFKC of Unicode 15 where it is printable ASCII; U+2044, U+2215, U+29F8 (`/`), U+2216, U+29F5, U+29F9 (`\`) by best fit;
/// U+3002, U+FF61 (`.`) by IDNA.
pub(super) fn compatible_ascii(character: char) -> Option<Ascii> {
    let code = u32::from(character);
    // Most letters of the world, whose texts are long in a URL.
    if matches!(code, ..0x80 | 0x380..0x1d00 | 0x3400..0xa7f0) {
        return None;
    }
    let before = RUNS.partition_point(|(first, ..)| *first <= code).checked_sub(1);
    if let Some((first, length, ascii)) = before.and_then(|index| RUNS.get(index))
        && code - first < u32::from(*length)
    {
        let offset = u8::try_from(code - first).ok()?;
        return Some(Ascii::One([ascii.checked_add(offset)?]));
    }
    let index = SEVERAL.binary_search_by_key(&code, |(several, _)| *several).ok()?;
    SEVERAL.get(index).map(|(_, text)| Ascii::Several(text))
}

/// What [`compatible_ascii`] gives.
pub(super) enum Ascii {
    One([u8; 1]),
    Several(&'static str),
}

impl Ascii {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::One(byte) => byte,
            Self::Several(text) => text.as_bytes(),
        }
    }
}

/// The letter below the mark of a Latin letter up to U+017F.
pub(super) fn base_letter(character: char) -> Option<u8> {
    let index = u32::from(character).checked_sub(0xc0)?;
    LETTERS.get(usize::try_from(index).ok()?).copied().filter(u8::is_ascii_alphabetic)
}

/// The one character for a Latin letter and a combining mark.
///
/// Source: canonical composition (NFC), for the letters up to U+017F.
pub(super) fn compose(letter: char, mark: char) -> Option<char> {
    let mark = MARKS.iter().position(|known| *known == u32::from(mark))?;
    let mark = b'a'.checked_add(u8::try_from(mark).ok()?)?;
    let letter = u8::try_from(letter).ok()?;
    let index = LETTERS.iter().zip(MARKS_OF_LETTERS).position(|pair| pair == (&letter, &mark))?;
    char::from_u32(0xc0 + u32::try_from(index).ok()?)
}

/// Combining marks of Latin script.
pub(super) fn is_combining(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// Characters that are not seen and that normalisation or comparison may leave out.
///
/// Source: Unicode `Default_Ignorable_Code_Point`.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Runs of characters that are compatible with runs of ASCII: first, how many, first in ASCII.
#[rustfmt::skip]
const RUNS: &[(u32, u8, u8)] = &[
    (0xaa, 1, b'a'), (0xb2, 2, b'2'), (0xb9, 1, b'1'), (0xba, 1, b'o'), (0x17f, 1, b's'), (0x2b0, 1, b'h'), (0x2b2, 1, b'j'),
    (0x2b3, 1, b'r'), (0x2b7, 1, b'w'), (0x2b8, 1, b'y'), (0x2e1, 1, b'l'), (0x2e2, 1, b's'), (0x2e3, 1, b'x'),
    (0x37e, 1, b';'), (0x1d2c, 1, b'A'), (0x1d2e, 1, b'B'), (0x1d30, 2, b'D'), (0x1d33, 8, b'G'), (0x1d3c, 1, b'O'),
    (0x1d3e, 1, b'P'), (0x1d3f, 1, b'R'), (0x1d40, 2, b'T'), (0x1d42, 1, b'W'), (0x1d43, 1, b'a'), (0x1d47, 1, b'b'),
    (0x1d48, 2, b'd'), (0x1d4d, 1, b'g'), (0x1d4f, 1, b'k'), (0x1d50, 1, b'm'), (0x1d52, 1, b'o'), (0x1d56, 1, b'p'),
    (0x1d57, 2, b't'), (0x1d5b, 1, b'v'), (0x1d62, 1, b'i'), (0x1d63, 1, b'r'), (0x1d64, 2, b'u'), (0x1d9c, 1, b'c'),
    (0x1da0, 1, b'f'), (0x1dbb, 1, b'z'), (0x1fef, 1, b'`'), (0x2024, 1, b'.'), (0x2044, 1, b'/'), (0x2070, 1, b'0'),
    (0x2071, 1, b'i'), (0x2074, 6, b'4'), (0x207a, 1, b'+'), (0x207c, 1, b'='), (0x207d, 2, b'('), (0x207f, 1, b'n'),
    (0x2080, 10, b'0'), (0x208a, 1, b'+'), (0x208c, 1, b'='), (0x208d, 2, b'('), (0x2090, 1, b'a'), (0x2091, 1, b'e'),
    (0x2092, 1, b'o'), (0x2093, 1, b'x'), (0x2095, 1, b'h'), (0x2096, 4, b'k'), (0x209a, 1, b'p'), (0x209b, 2, b's'),
    (0x2102, 1, b'C'), (0x210a, 1, b'g'), (0x210b, 1, b'H'), (0x210c, 1, b'H'), (0x210d, 1, b'H'), (0x210e, 1, b'h'),
    (0x2110, 1, b'I'), (0x2111, 1, b'I'), (0x2112, 1, b'L'), (0x2113, 1, b'l'), (0x2115, 1, b'N'), (0x2119, 3, b'P'),
    (0x211c, 1, b'R'), (0x211d, 1, b'R'), (0x2124, 1, b'Z'), (0x2128, 1, b'Z'), (0x212a, 1, b'K'), (0x212c, 2, b'B'),
    (0x212f, 1, b'e'), (0x2130, 2, b'E'), (0x2133, 1, b'M'), (0x2134, 1, b'o'), (0x2139, 1, b'i'), (0x2145, 1, b'D'),
    (0x2146, 2, b'd'), (0x2148, 2, b'i'), (0x2160, 1, b'I'), (0x2164, 1, b'V'), (0x2169, 1, b'X'), (0x216c, 1, b'L'),
    (0x216d, 2, b'C'), (0x216f, 1, b'M'), (0x2170, 1, b'i'), (0x2174, 1, b'v'), (0x2179, 1, b'x'), (0x217c, 1, b'l'),
    (0x217d, 2, b'c'), (0x217f, 1, b'm'), (0x2215, 1, b'/'), (0x2216, 1, b'\\'), (0x2460, 9, b'1'), (0x24b6, 26, b'A'),
    (0x24d0, 26, b'a'), (0x24ea, 1, b'0'), (0x29f5, 1, b'\\'), (0x29f8, 1, b'/'), (0x29f9, 1, b'\\'), (0x2c7c, 1, b'j'),
    (0x2c7d, 1, b'V'), (0x3002, 1, b'.'), (0xa7f1, 1, b'S'), (0xa7f2, 1, b'C'), (0xa7f3, 1, b'F'), (0xa7f4, 1, b'Q'),
    (0xfb29, 1, b'+'), (0xfe10, 1, b','), (0xfe13, 2, b':'), (0xfe15, 1, b'!'), (0xfe16, 1, b'?'), (0xfe33, 1, b'_'),
    (0xfe34, 1, b'_'), (0xfe35, 2, b'('), (0xfe37, 1, b'{'), (0xfe38, 1, b'}'), (0xfe47, 1, b'['), (0xfe48, 1, b']'),
    (0xfe4d, 1, b'_'), (0xfe4e, 1, b'_'), (0xfe4f, 1, b'_'), (0xfe50, 1, b','), (0xfe52, 1, b'.'), (0xfe54, 1, b';'),
    (0xfe55, 1, b':'), (0xfe56, 1, b'?'), (0xfe57, 1, b'!'), (0xfe59, 2, b'('), (0xfe5b, 1, b'{'), (0xfe5c, 1, b'}'),
    (0xfe5f, 1, b'#'), (0xfe60, 1, b'&'), (0xfe61, 2, b'*'), (0xfe63, 1, b'-'), (0xfe64, 1, b'<'), (0xfe65, 1, b'>'),
    (0xfe66, 1, b'='), (0xfe68, 1, b'\\'), (0xfe69, 2, b'$'), (0xfe6b, 1, b'@'), (0xff01, 94, b'!'), (0xff61, 1, b'.'),
    (0x107a5, 1, b'q'), (0x1ccd6, 26, b'A'), (0x1ccf0, 10, b'0'), (0x1d400, 26, b'A'), (0x1d41a, 26, b'a'), (0x1d434, 26, b'A'),
    (0x1d44e, 7, b'a'), (0x1d456, 18, b'i'), (0x1d468, 26, b'A'), (0x1d482, 26, b'a'), (0x1d49c, 1, b'A'), (0x1d49e, 2, b'C'),
    (0x1d4a2, 1, b'G'), (0x1d4a5, 2, b'J'), (0x1d4a9, 4, b'N'), (0x1d4ae, 8, b'S'), (0x1d4b6, 4, b'a'), (0x1d4bb, 1, b'f'),
    (0x1d4bd, 7, b'h'), (0x1d4c5, 11, b'p'), (0x1d4d0, 26, b'A'), (0x1d4ea, 26, b'a'), (0x1d504, 2, b'A'), (0x1d507, 4, b'D'),
    (0x1d50d, 8, b'J'), (0x1d516, 7, b'S'), (0x1d51e, 26, b'a'), (0x1d538, 2, b'A'), (0x1d53b, 4, b'D'), (0x1d540, 5, b'I'),
    (0x1d546, 1, b'O'), (0x1d54a, 7, b'S'), (0x1d552, 26, b'a'), (0x1d56c, 26, b'A'), (0x1d586, 26, b'a'), (0x1d5a0, 26, b'A'),
    (0x1d5ba, 26, b'a'), (0x1d5d4, 26, b'A'), (0x1d5ee, 26, b'a'), (0x1d608, 26, b'A'), (0x1d622, 26, b'a'),
    (0x1d63c, 26, b'A'), (0x1d656, 26, b'a'), (0x1d670, 26, b'A'), (0x1d68a, 26, b'a'), (0x1d7ce, 10, b'0'),
    (0x1d7d8, 10, b'0'), (0x1d7e2, 10, b'0'), (0x1d7ec, 10, b'0'), (0x1d7f6, 10, b'0'), (0x1f12b, 1, b'C'), (0x1f12c, 1, b'R'),
    (0x1f130, 26, b'A'), (0x1fbf0, 10, b'0'),
];

/// Characters that are compatible with several ASCII characters.
#[rustfmt::skip]
const SEVERAL: &[(u32, &str)] = &[
    (0x132, "IJ"), (0x133, "ij"), (0x1c7, "LJ"), (0x1c8, "Lj"), (0x1c9, "lj"), (0x1ca, "NJ"), (0x1cb, "Nj"), (0x1cc, "nj"),
    (0x1f1, "DZ"), (0x1f2, "Dz"), (0x1f3, "dz"), (0x2025, ".."), (0x2026, "..."), (0x20a8, "Rs"), (0x2100, "a/c"),
    (0x2101, "a/s"), (0x2105, "c/o"), (0x2106, "c/u"), (0x2116, "No"), (0x2120, "SM"), (0x2121, "TEL"), (0x2122, "TM"),
    (0x213b, "FAX"), (0x2161, "II"), (0x2162, "III"), (0x2163, "IV"), (0x2165, "VI"), (0x2166, "VII"), (0x2167, "VIII"),
    (0x2168, "IX"), (0x216a, "XI"), (0x216b, "XII"), (0x2171, "ii"), (0x2172, "iii"), (0x2173, "iv"), (0x2175, "vi"),
    (0x2176, "vii"), (0x2177, "viii"), (0x2178, "ix"), (0x217a, "xi"), (0x217b, "xii"), (0x2488, "1."), (0x2489, "2."),
    (0x248a, "3."), (0x248b, "4."), (0x248c, "5."), (0x248d, "6."), (0x248e, "7."), (0x248f, "8."), (0x2490, "9."),
    (0x2491, "10."), (0x2492, "11."), (0x2493, "12."), (0x2494, "13."), (0x2495, "14."), (0x2496, "15."), (0x2497, "16."),
    (0x2498, "17."), (0x2499, "18."), (0x249a, "19."), (0x249b, "20."), (0x249c, "(a)"), (0x249d, "(b)"), (0x249e, "(c)"),
    (0x249f, "(d)"), (0x24a0, "(e)"), (0x24a1, "(f)"), (0x24a2, "(g)"), (0x24a3, "(h)"), (0x24a4, "(i)"), (0x24a5, "(j)"),
    (0x24a6, "(k)"), (0x24a7, "(l)"), (0x24a8, "(m)"), (0x24a9, "(n)"), (0x24aa, "(o)"), (0x24ab, "(p)"), (0x24ac, "(q)"),
    (0x24ad, "(r)"), (0x24ae, "(s)"), (0x24af, "(t)"), (0x24b0, "(u)"), (0x24b1, "(v)"), (0x24b2, "(w)"), (0x24b3, "(x)"),
    (0x24b4, "(y)"), (0x24b5, "(z)"), (0x3250, "PTE"), (0x32cc, "Hg"), (0x32cd, "erg"), (0x32ce, "eV"), (0x32cf, "LTD"),
    (0x3371, "hPa"), (0x3372, "da"), (0x3373, "AU"), (0x3374, "bar"), (0x3375, "oV"), (0x3376, "pc"), (0x3377, "dm"),
    (0x3378, "dm2"), (0x3379, "dm3"), (0x337a, "IU"), (0x3380, "pA"), (0x3381, "nA"), (0x3383, "mA"), (0x3384, "kA"),
    (0x3385, "KB"), (0x3386, "MB"), (0x3387, "GB"), (0x3388, "cal"), (0x3389, "kcal"), (0x338a, "pF"), (0x338b, "nF"),
    (0x338e, "mg"), (0x338f, "kg"), (0x3390, "Hz"), (0x3391, "kHz"), (0x3392, "MHz"), (0x3393, "GHz"), (0x3394, "THz"),
    (0x3396, "ml"), (0x3397, "dl"), (0x3398, "kl"), (0x3399, "fm"), (0x339a, "nm"), (0x339c, "mm"), (0x339d, "cm"),
    (0x339e, "km"), (0x339f, "mm2"), (0x33a0, "cm2"), (0x33a1, "m2"), (0x33a2, "km2"), (0x33a3, "mm3"), (0x33a4, "cm3"),
    (0x33a5, "m3"), (0x33a6, "km3"), (0x33a9, "Pa"), (0x33aa, "kPa"), (0x33ab, "MPa"), (0x33ac, "GPa"), (0x33ad, "rad"),
    (0x33b0, "ps"), (0x33b1, "ns"), (0x33b3, "ms"), (0x33b4, "pV"), (0x33b5, "nV"), (0x33b7, "mV"), (0x33b8, "kV"),
    (0x33b9, "MV"), (0x33ba, "pW"), (0x33bb, "nW"), (0x33bd, "mW"), (0x33be, "kW"), (0x33bf, "MW"), (0x33c2, "a.m."),
    (0x33c3, "Bq"), (0x33c4, "cc"), (0x33c5, "cd"), (0x33c7, "Co."), (0x33c8, "dB"), (0x33c9, "Gy"), (0x33ca, "ha"),
    (0x33cb, "HP"), (0x33cc, "in"), (0x33cd, "KK"), (0x33ce, "KM"), (0x33cf, "kt"), (0x33d0, "lm"), (0x33d1, "ln"),
    (0x33d2, "log"), (0x33d3, "lx"), (0x33d4, "mb"), (0x33d5, "mil"), (0x33d6, "mol"), (0x33d7, "PH"), (0x33d8, "p.m."),
    (0x33d9, "PPM"), (0x33da, "PR"), (0x33db, "sr"), (0x33dc, "Sv"), (0x33dd, "Wb"), (0x33ff, "gal"), (0xfb00, "ff"),
    (0xfb01, "fi"), (0xfb02, "fl"), (0xfb03, "ffi"), (0xfb04, "ffl"), (0xfb05, "st"), (0xfb06, "st"), (0xfe19, "..."),
    (0xfe30, ".."), (0x1f100, "0."), (0x1f110, "(A)"), (0x1f111, "(B)"), (0x1f112, "(C)"), (0x1f113, "(D)"), (0x1f114, "(E)"),
    (0x1f115, "(F)"), (0x1f116, "(G)"), (0x1f117, "(H)"), (0x1f118, "(I)"), (0x1f119, "(J)"), (0x1f11a, "(K)"),
    (0x1f11b, "(L)"), (0x1f11c, "(M)"), (0x1f11d, "(N)"), (0x1f11e, "(O)"), (0x1f11f, "(P)"), (0x1f120, "(Q)"),
    (0x1f121, "(R)"), (0x1f122, "(S)"), (0x1f123, "(T)"), (0x1f124, "(U)"), (0x1f125, "(V)"), (0x1f126, "(W)"),
    (0x1f127, "(X)"), (0x1f128, "(Y)"), (0x1f129, "(Z)"), (0x1f12d, "CD"), (0x1f12e, "WZ"), (0x1f14a, "HV"), (0x1f14b, "MV"),
    (0x1f14c, "SD"), (0x1f14d, "SS"), (0x1f14e, "PPV"), (0x1f14f, "WC"), (0x1f16a, "MC"), (0x1f16b, "MD"), (0x1f16c, "MR"),
    (0x1f190, "DJ"),
];

/// The letters below the marks of U+00C0 to U+017F, in order; `.` where there is none.
const LETTERS: &[u8; 192] =
    b"AAAAAA.CEEEEIIIIDNOOOOO.OUUUUY..aaaaaa.ceeeeiiiidnooooo.ouuuuy.yAaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKk.LlLlLl..LlNnNnNn...OoOoOo..RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz.";

/// Their marks, as `a` plus the place in [`MARKS`]; `.` for letters that are not composed of two.
const MARKS_OF_LETTERS: &[u8; 192] =
    b"abcdhi.labchabch.dabcdh..abchb..abcdhi.labchabch.dabcdh..abchb.heeffmmbbccggkkkk..eeffggmmkkccffggllcc..ddeeffmmg...ccll.bbllkk....bbllkk...eeffjj..bbllkkbbccllkkllkk..ddeeffiijjmmcccchbbggkk.";

/// The combining marks of Latin letters.
const MARKS: [u32; 13] = [0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x30a, 0x30b, 0x30c, 0x327, 0x328];

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii(character: char) -> Option<String> {
        compatible_ascii(character).map(|ascii| String::from_utf8(ascii.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn tables_are_sorted_and_stay_in_ascii() {
        assert!(RUNS.windows(2).all(|pair| pair[0].0 + u32::from(pair[0].1) <= pair[1].0));
        assert!(SEVERAL.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(RUNS.iter().all(|(_, length, ascii)| u32::from(*ascii) + u32::from(*length) <= 0x7f));
        let mut codes = RUNS.iter().map(|(first, ..)| *first).chain(SEVERAL.iter().map(|(code, _)| *code));
        assert!(codes.all(|code| compatible_ascii(char::from_u32(code).unwrap()).is_some()));
    }

    #[test]
    fn compatible_characters_have_their_ascii() {
        for (character, expected) in [
            ('ａ', "a"),
            ('Ａ', "A"),
            ('／', "/"),
            ('．', "."),
            ('∕', "/"),
            ('。', "."),
            ('ⁿ', "n"),
            ('ⅰ', "i"),
            ('𝐚', "a"),
            ('ﬁ', "fi"),
            ('℀', "a/c"),
        ] {
            assert_eq!(ascii(character).as_deref(), Some(expected), "{character}");
        }
        for character in ['a', 'é', '日', 'а', '\u{10ffff}', '\u{80}'] {
            assert_eq!(ascii(character), None, "{character}");
        }
    }

    #[test]
    fn marks_come_off_and_on() {
        assert_eq!(base_letter('é'), Some(b'e'));
        assert_eq!(base_letter('ø'), Some(b'o'));
        assert_eq!(base_letter('×'), None);
        assert_eq!(base_letter('z'), None);
        assert_eq!(compose('e', '\u{301}'), Some('é'));
        assert_eq!(compose('e', 'e'), None);
        assert_eq!(compose('日', '\u{301}'), None);
        assert_eq!(compose('z', '\u{30c}'), Some('ž'));
    }
}
