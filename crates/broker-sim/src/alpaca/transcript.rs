//! What a transcript of `tradewind conformance` shows of an account, as settings: its assets and prices, and the facts that can
//! be seen in single answers. What takes a measurement is in the profile beside it.

use rust_decimal::Decimal;
use serde_json::Value;

use super::assets::Asset;
use super::settings::Quirks;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The facts of the wire; those that were not seen are as usual.
    pub quirks: Quirks,
    /// The assets that were asked about.
    pub assets: Vec<Asset>,
    /// The last price that was seen of each symbol.
    pub prices: Vec<(String, Decimal)>,
    is_open: Option<bool>,
}

impl Transcript {
    /// Facts alone, without assets and prices.
    pub fn of(quirks: Quirks) -> Self {
        Self { quirks, ..Self::default() }
    }

    /// Reads a transcript.
    ///
    /// # Errors
    /// The first line that is none of a transcript.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut read = Self::default();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let line: Value = serde_json::from_str(line).map_err(|why| format!("line {number}: {why}"))?;
            match (line["frame"].as_str(), line["method"].as_str(), line["path"].as_str()) {
                (Some(form), ..) => read.quirks.text_frames = form == "text",
                (None, Some(method), Some(path)) => read.exchange(method, path, &line),
                _ => return Err(format!("line {number} is neither a request nor a frame")),
            }
        }
        if read == Self::default() {
            return Err("nothing is in it that a simulator could be told".to_owned());
        }
        Ok(read)
    }

    fn exchange(&mut self, method: &str, path: &str, line: &Value) {
        let (status, answer) = (line["status"].as_u64().unwrap_or_default(), &line["answer"]);
        if status == 429 {
            self.quirks.bare_429 = answer["code"].is_null();
        }
        match (method, path, status) {
            ("GET", "/v2/clock", 200) => self.is_open = answer["is_open"].as_bool(),
            ("GET", "/v2/account", 200) => self.quirks.legacy = !answer["pattern_day_trader"].is_null(),
            ("GET", "/v2/stocks/quotes/latest", 200) => self.quotes(&answer["quotes"]),
            ("GET", path, 200) if path.starts_with("/v2/assets/") => self.asset(answer),
            ("GET", path, 200) if path.starts_with("/v2/account/activities") => {
                let rows = answer.as_array().into_iter().flatten();
                self.quirks.sell_short_side |= rows.into_iter().any(|row| row["side"] == "sell_short");
            }
            ("POST", "/v2/orders", 200) => self.taken(&line["body"], answer),
            ("POST", "/v2/orders", 400..500) => self.refused(status, &line["body"], answer),
            _ => {}
        }
    }

    fn quotes(&mut self, quotes: &Value) {
        for (symbol, quote) in quotes.as_object().into_iter().flatten() {
            let figure =
                |name: &str| quote[name].as_number().and_then(|figure| figure.to_string().parse().ok());
            // Nought is no quote on that side.
            let price =
                [figure("ap"), figure("bp")].into_iter().flatten().find(|price: &Decimal| !price.is_zero());
            if let Some(price) = price {
                self.prices.retain(|(known, _)| known != symbol);
                self.prices.push((symbol.clone(), price));
            }
        }
    }

    fn asset(&mut self, told: &Value) {
        let Some(symbol) = told["symbol"].as_str() else { return };
        let is = |name: &str| told[name].as_bool().unwrap_or(false);
        let figure = |name: &str| told[name].as_str().and_then(|figure| figure.parse().ok());
        let usual = Asset::usual(symbol);
        let asset = Asset {
            active: told["status"] == "active",
            tradable: is("tradable"),
            marginable: is("marginable"),
            shortable: is("shortable"),
            hard_to_borrow: is("shortable") && told["borrow_status"] == "hard_to_borrow",
            fractionable: is("fractionable"),
            price_increment: figure("price_increment").unwrap_or(usual.price_increment),
            trade_increment: figure("min_trade_increment").unwrap_or(usual.trade_increment),
            ..usual
        };
        self.quirks.easy_to_borrow = !told["easy_to_borrow"].is_null();
        self.assets.retain(|known| known.symbol != symbol);
        self.assets.push(asset);
    }

    fn taken(&mut self, asked: &Value, order: &Value) {
        if is_part_until_cancelled(asked) {
            self.quirks.fraction_gtc = true;
        }
        if !asked["notional"].is_null() && asked["type"] == "limit" {
            self.quirks.notional_beyond_market = true;
        }
        if order["legs"].as_array().is_some_and(|legs| !legs.is_empty()) {
            self.quirks.group_ids = !order["group_id"].is_null();
        }
        // Of a closed market it is no news that an order was accepted.
        if self.is_open == Some(true)
            && let Ok(status) = serde_json::from_value(order["status"].clone())
        {
            self.quirks.initial_status = status;
        }
    }

    fn refused(&mut self, status: u64, asked: &Value, answer: &Value) {
        let message = answer["message"].as_str().unwrap_or_default();
        let Ok(status) = u16::try_from(status) else { return };
        if message.starts_with("client_order_id must be unique") {
            self.quirks.duplicate_status = status;
        } else if message.starts_with("potential wash trade detected") {
            self.quirks.wash_trade_status = status;
        } else if message.starts_with("asset ") && message.contains("not found") {
            self.quirks.unknown_asset_status = status;
        } else if message.starts_with("fractional") && is_part_until_cancelled(asked) {
            self.quirks.fraction_gtc = false;
        }
    }
}

fn is_part_until_cancelled(asked: &Value) -> bool {
    asked["time_in_force"] == "gtc" && asked["qty"].as_str().is_some_and(|qty| qty.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_transcript_is_refused_with_its_line() {
        for (text, why) in [
            ("", "nothing is in it"),
            ("{\"frame\":\"binary\",\"body\":{}}\nno", "line 2: expected"),
            ("{\"schema\":\"tradewind.alpaca-profile/1\"}", "line 1 is neither a request nor a frame"),
        ] {
            let said = Transcript::read(text).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_quote_without_a_side_has_the_other() {
        let line = r#"{"method":"GET","path":"/v2/stocks/quotes/latest","status":200,"answer":{"quotes":{"F":{"ap":0,"bp":11.5}}}}"#;
        let read = Transcript::read(line).unwrap();
        assert_eq!(read.prices, [("F".to_owned(), Decimal::new(115, 1))]);
        assert_eq!(read.quirks, Quirks::default());
    }
}
