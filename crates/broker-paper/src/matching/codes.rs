//! Every code the engine says: why it refuses, how an order ended, which model made a fill.

use broker_api::Code;

macro_rules! words {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// One of the engine's codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Word {
            $($name),*
        }

        impl Word {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),*];

            pub(super) const fn code(self) -> Code {
                // Constants: a code is checked when this is compiled, and only copied when it is said.
                match self {
                    $(Self::$name => const { Code::fixed($text) }),*
                }
            }

            #[cfg(test)]
            const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

words! {
    // refusals
    BadBracket = "bad_bracket",
    BadNumber = "bad_number",
    BadPrice = "bad_price",
    BadQuantity = "bad_quantity",
    BadTimeInForce = "bad_time_in_force",
    DuplicateId = "duplicate_id",
    InsufficientMargin = "insufficient_margin",
    MinNotional = "min_notional",
    NoConversion = "no_conversion",
    NoPrice = "no_price",
    NotShortable = "not_shortable",
    UnknownInstrument = "unknown_instrument",
    // endings, the first also a refusal
    NothingToReduce = "nothing_to_reduce",
    Cancelled = "cancelled",
    Expired = "expired",
    Fok = "fok",
    Ioc = "ioc",
    LegFilled = "leg_filled",
    // models
    Gap = "gap",
    Open = "open",
    Quote = "quote",
    RangeLimit = "range_limit",
    RangeStop = "range_stop",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_code() {
        for word in Word::ALL {
            assert_eq!(word.code().as_str(), word.as_str());
        }
    }
}
