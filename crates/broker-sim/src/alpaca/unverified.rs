//! Rules that pages mention and nobody has met: each only where its switch is on.

use rust_decimal::Decimal;

use super::errors::Refusal;
use super::order::Tif;
use super::request::Wanted;
use super::rules::is_fractional;
use super::settings::Quirks;
use super::venue::Venue;

const NO_ORDER: &str = "order not found";

pub(super) fn unverified(venue: &Venue, wanted: &Wanted, asset: usize) -> Result<(), Refusal> {
    let quirks = venue.quirks();
    let listed = &venue.assets[asset];
    let is_odd = |id: &String| id.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'-');
    if quirks.plain_ids && wanted.client_id.as_ref().is_some_and(is_odd) {
        return Err(Refusal::invalid("client_order_id has characters that are not allowed"));
    }
    if listed.is_crypto() {
        return Ok(());
    }
    if quirks.elite_only && !matches!(wanted.tif, Tif::Day | Tif::Gtc) {
        let tif = wanted.tif.as_str();
        return Err(Refusal::unprocessable(format!("time_in_force {tif} is not enabled for this account")));
    }
    if !quirks.fraction_extended && wanted.extended && is_fractional(wanted) {
        return Err(Refusal::unprocessable("fractional orders are for regular hours"));
    }
    let away = listed.last().zip(wanted.limit).map(|(last, limit)| (limit - last).abs() / last);
    let most = Decimal::new(i64::from(quirks.price_away_percent), 2);
    if quirks.price_away_percent > 0 && away.is_some_and(|away| away > most) {
        return Err(Refusal::unprocessable("limit price is too far away from the market"));
    }
    Ok(())
}

impl Refusal {
    /// As it is told where the switches are so.
    pub(super) fn told(mut self, quirks: &Quirks) -> Self {
        match self.status {
            401 if quirks.bare_401 => (self.code, self.message) = (0, "unauthorized".to_owned()),
            404 if self.message.starts_with(NO_ORDER) => {
                if quirks.brief_not_found {
                    self.message.truncate(NO_ORDER.len());
                }
                if quirks.bare_404 {
                    self.code = 0;
                }
            }
            404 if quirks.bare_404 => self.code = 0,
            _ => {}
        }
        self
    }
}
