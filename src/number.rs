//! Decimal text to the double nearest to it, as JavaScript and `str::parse` read it.
//!
//! The standard library does the same with a table of the powers of five, which nothing compresses: 14 KB of a gzipped Wasm
//! module. Numbers in claims and settings are short, so two ways are enough: up to 2^53 and 22 places doubles themselves
//! calculate exactly (Clinger's fast path); anything longer goes through integers of any length, slower and just as exact.
//!
//! Source: IEEE 754 section 5.12.2 (correct rounding, ties to even); Clinger, "How to read floating point numbers accurately".

use crate::text::{self, ByAny as _};

/// Digits that are calculated with. The halfway point between two doubles has at most 767 digits that are not zero at the end, so
/// digits after these only say on which side of one a number lies.
const DIGITS: usize = 800;

/// Reads `[+-]digits[.digits][e[+-]digits]`, where the digits before or after the point may be missing, but not both.
/// Infinite where a double cannot hold the number; `None` where the text is none.
pub(crate) fn parse_decimal(text: &str) -> Option<f64> {
    // Nearly all numbers of claims and cookies, with little code.
    let is_short_integer = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_short_integer { Some(digits(0.0, text)) } else { parse_any(text) }
}

#[inline(never)]
fn parse_any(text: &str) -> Option<f64> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.find_any(b"eE") {
        Some(at) => (text.get(..at)?, parse_exponent(text.get(at + 1..)?)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.cut(b".").unwrap_or((mantissa, ""));
    let is_number = whole.len() + fraction.len() > 0 && text::is_all(whole, is_digit) && text::is_all(fraction, is_digit);
    if !is_number {
        return None;
    }
    let exponent = exponent.saturating_sub(length(fraction));
    let value = match exponent {
        -22..=22 if whole.len() + fraction.len() <= 15 => exactly(whole, fraction, exponent),
        _ => nearest([whole, fraction], exponent),
    };
    Some(if is_negative { -value } else { value })
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix('-')).unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    let mut exponent: i64 = 0;
    for byte in digits.bytes() {
        let digit = i64::from(char::from(byte).to_digit(10)?);
        // Far beyond what any double has, and any text has digits.
        exponent = (exponent * 10 + digit).min(1 << 40);
    }
    Some(if text.starts_with('-') { -exponent } else { exponent })
}

#[allow(clippy::cast_possible_wrap)] // no text is that long
fn length(text: &str) -> i64 {
    text.len() as i64
}

/// The double nearest to the digits, of two texts one behind the other, times a power of ten.
fn nearest(digits: [&str; 2], exponent: i64) -> f64 {
    let mut exponent = exponent;
    let mut significant = Vec::new();
    let mut is_longer = false;
    for part in digits {
        for byte in part.bytes() {
            let digit = byte - b'0';
            if significant.len() >= DIGITS {
                exponent = exponent.saturating_add(1);
                is_longer |= digit != 0;
            } else if digit != 0 || !significant.is_empty() {
                significant.push(digit);
            }
        }
    }
    if is_longer {
        significant.push(1);
        exponent = exponent.saturating_sub(1);
    }
    #[allow(clippy::cast_possible_wrap)] // at most one more than `DIGITS`
    let magnitude = exponent.saturating_add(significant.len() as i64);
    match exponent {
        _ if significant.is_empty() || magnitude < -330 => 0.0,
        _ if magnitude > 310 => f64::INFINITY,
        _ => {
            let mut numerator = Natural::default();
            for digit in significant {
                numerator.multiply_and_add(10, digit.into());
            }
            let mut denominator = Natural(vec![1]);
            let scaled = if exponent < 0 { &mut denominator } else { &mut numerator };
            for _ in 0..exponent.unsigned_abs() {
                scaled.multiply_and_add(10, 0);
            }
            quotient(numerator, denominator)
        }
    }
}

/// Up to 15 digits and 22 places: both factors are doubles, so there is one rounding.
fn exactly(whole: &str, fraction: &str, exponent: i64) -> f64 {
    let value = digits(digits(0.0, whole), fraction);
    let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * 10.0);
    if exponent < 0 { value / power } else { value * power }
}

fn digits(before: f64, digits: &str) -> f64 {
    digits.bytes().fold(before, |value, digit| value * 10.0 + f64::from(digit - b'0'))
}

/// The double nearest to a fraction of two integers above zero.
fn quotient(mut numerator: Natural, mut denominator: Natural) -> f64 {
    // A power of two with which the quotient has one or two bits more than a double; the smallest doubles have fewer.
    let mut exponent = (numerator.bits() - denominator.bits() - 54).max(-1075);
    if exponent < 0 { &mut numerator } else { &mut denominator }.shift_left(exponent.unsigned_abs());
    denominator.shift_left(55);
    let mut quotient = 0_u64;
    for _ in 0..=55 {
        quotient <<= 1;
        if numerator.subtract_if_not_less(&denominator) {
            quotient |= 1;
        }
        numerator.multiply_and_add(2, 0);
    }
    let extra = if quotient >> 54 == 0 { 1 } else { 2 };
    let (below, half) = (quotient & ((1 << extra) - 1), 1 << (extra - 1));
    quotient >>= extra;
    exponent += extra;
    if below > half || (below == half && (!numerator.is_zero() || quotient & 1 == 1)) {
        quotient += 1;
    }
    #[allow(clippy::cast_precision_loss)] // at most 2^53
    let quotient = quotient as f64;
    match u64::try_from(exponent + 1023) {
        Ok(biased @ 1..2047) => quotient * f64::from_bits(biased << 52),
        Ok(2047..) => f64::INFINITY,
        Ok(0) | Err(_) => quotient * f64::from_bits(1 << (exponent + 1074)),
    }
}

/// An integer from zero on: 32 bits each, the lowest first, the highest not zero.
#[derive(Default)]
struct Natural(Vec<u32>);

impl Natural {
    #[allow(clippy::cast_possible_truncation)] // that is how a number is taken apart
    fn multiply_and_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for part in &mut self.0 {
            carry += u64::from(*part) * u64::from(factor);
            *part = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn shift_left(&mut self, bits: u32) {
        let mut limbs = vec![0; bits as usize / 32];
        limbs.append(&mut self.0);
        self.0 = limbs;
        self.multiply_and_add(1 << (bits % 32), 0);
    }

    /// How many bits it has, less the zeros before the first one.
    #[allow(clippy::cast_possible_wrap, clippy::cast_possible_truncation)] // some thousands
    fn bits(&self) -> i32 {
        self.0.len() as i32 * 32 - self.0.last().map_or(0, |part| part.leading_zeros()) as i32
    }

    fn is_less(&self, other: &Self) -> bool {
        if self.0.len() != other.0.len() {
            return self.0.len() < other.0.len();
        }
        let mut is_less = false;
        // From the lowest part on: the last that differs counts.
        for (part, of_other) in self.0.iter().zip(&other.0) {
            if part != of_other {
                is_less = part < of_other;
            }
        }
        is_less
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Subtracts, and says so, where the other one is not more.
    #[allow(clippy::cast_possible_truncation)] // that is how a number is taken apart
    fn subtract_if_not_less(&mut self, other: &Self) -> bool {
        if self.is_less(other) {
            return false;
        }
        let mut borrowed = false;
        for (at, part) in self.0.iter_mut().enumerate() {
            let taken = u64::from(other.0.get(at).copied().unwrap_or_default()) + u64::from(borrowed);
            borrowed = u64::from(*part) < taken;
            *part = u64::from(*part).wrapping_sub(taken) as u32;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn same(text: &str) {
        let expected = text.parse::<f64>().ok().map(f64::to_bits);
        assert_eq!(parse_decimal(text).map(f64::to_bits), expected, "{text}");
    }

    #[test]
    fn what_is_no_decimal_number_is_none() {
        for text in
            ["", "-", "+", ".", "e5", ".e5", "1e", "1e+", "1e5x", "0x10", "1_0", "1..2", "--1", " 1", "inf", "NaN", "1,5", "١"]
        {
            assert_eq!(parse_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_at_the_edges_of_a_double_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0",
            "-0",
            "0.0e9999999999999999999",
            "1",
            ".5",
            "5.",
            "+3",
            "1760000000",
            "0.1",
            "-1.5e-3",
            "9007199254740993",
            "9007199254740992.9999999999999999",
            "9007199254740993.00000000000000000000001",
            "1e22",
            "1e23",
            "8.5e15",
            "123456789012345e22",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "1e99999999999999999999",
            "2.2250738585072014e-308",
            "2.2250738585072011e-308",
            "2.225073858507201136e-308",
            "4.9406564584124654e-324",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.47e-324",
            "1e-324",
            "1e-99999999999999999999",
            "6929495644600919.5",
            "3.518437208883201171875e13",
            "0.000000000000000000000000000000000000000000000000000000000001",
            "179769313486231580793e289",
        ] {
            same(text);
        }
        let halfway = "2.4703282292062327208299693206166e-324";
        same(halfway);
        same(&format!("1{}", "0".repeat(400)));
        same(&format!("0.{}1", "0".repeat(400)));
        same(&format!("{}e-2000", "7".repeat(2_000)));
        // More digits than are calculated with, right at the middle of two doubles, and one above it.
        same(&format!("9007199254740993{}e-2000", "0".repeat(2_000)));
        same(&format!("9007199254740993{}1e-2001", "0".repeat(2_000)));
    }

    proptest! {
        #[test]
        fn every_double_is_read_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            same(&format!("{value:e}"));
            same(&format!("{value}"));
            same(&format!("{value:.30e}"));
        }

        #[test]
        fn numbers_are_read_as_the_standard_library_reads_them(text in "[+-]?[0-9]{0,25}(\\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?") {
            same(&text);
        }
    }
}
