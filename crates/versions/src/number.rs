//! Numbers of any length: dates with a time in them are longer than a machine's word.

/// A whole number, kept as its digits without leading zeros: the longer one is the greater.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number {
    length: usize,
    digits: String,
}

impl Number {
    /// From digits, and nothing but digits. None at all are zero.
    pub(crate) fn new(digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self { length: digits.len(), digits: digits.to_owned() }
    }

    pub(crate) const fn is_zero(&self) -> bool {
        self.length == 0
    }
}

/// Cuts off the digits at the beginning.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}
