//! How a case looks at what became of what it did, with the patience that a broker is owed.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use super::{Bench, demand, failed, number};
use crate::conformance::{Done, Stop};
use crate::{
    CancelOutcome, ClientOrderId, Cursor, End, Fill, Finding, Held, OpenOrder, OrderKind, Qty, SentWindow,
    Side, VenueEvent, VenueOrder,
};

/// How often something that takes a moment is looked for.
const LOOKS: u32 = 40;
/// How much time passes between two looks.
const MOMENT: TimeDelta = TimeDelta::milliseconds(500);

impl Bench {
    /// What the venue says of an order.
    ///
    /// # Errors
    /// A question that fails.
    pub async fn find(&self, id: ClientOrderId) -> Result<Finding, Stop> {
        let now = self.broker().clock().await.map_err(|why| Stop::Failed(why.to_string()))?;
        let sent = SentWindow { from: self.from, to: now };
        self.broker().find(id, self.began, sent).await.map_err(|why| Stop::Failed(format!("{id}: {why}")))
    }

    /// The order as the venue has it.
    ///
    /// # Errors
    /// One that it does not have.
    pub async fn found(&mut self, id: ClientOrderId) -> Result<VenueOrder, Stop> {
        for _ in 0..LOOKS {
            if let Finding::Found { order } = self.find(id).await? {
                return Ok(order);
            }
            self.stage.pass(MOMENT).await?;
        }
        failed(format!("{id} arrived and is not found: {:?}", self.find(id).await?))
    }

    /// Asks for a cancel, again as long as that does not reach the order: a venue may not know it yet.
    ///
    /// # Errors
    /// A cancel that never reaches it.
    pub async fn cancel(&mut self, id: ClientOrderId) -> Result<CancelOutcome, Stop> {
        for _ in 0..LOOKS {
            match self.broker().cancel(id).await {
                CancelOutcome::NotSent { .. } => self.stage.pass(MOMENT).await?,
                answer => return Ok(answer),
            }
        }
        failed(format!("{id} cannot be cancelled: {:?}", self.broker().cancel(id).await))
    }

    /// Waits until an order has ended so.
    ///
    /// # Errors
    /// One that does not.
    pub async fn ends(&mut self, id: ClientOrderId, end: End) -> Result<VenueOrder, Stop> {
        let mut order = self.found(id).await?;
        for _ in 0..LOOKS {
            if order.end == Some(end) {
                return Ok(order);
            }
            self.stage.pass(MOMENT).await?;
            order = self.found(id).await?;
        }
        failed(format!("{id} must end as {end:?}: {order:?}"))
    }

    /// Lets a few moments pass, and demands that an order lives, with nothing executed.
    ///
    /// # Errors
    /// One that ended or was executed.
    pub async fn rests(&mut self, id: ClientOrderId) -> Done {
        for _ in 0..3 {
            let order = self.found(id).await?;
            demand(order.end.is_none() && order.filled.is_zero(), || format!("{id} must rest: {order:?}"))?;
            self.stage.pass(MOMENT).await?;
        }
        Ok(())
    }

    /// All that happened since the case began, or since a place.
    ///
    /// # Errors
    /// A log that cannot be read, or has no end.
    pub async fn events_since(&self, since: Option<Cursor>) -> Result<(Vec<VenueEvent>, Cursor), Stop> {
        let (mut events, mut cursor) = (Vec::new(), since);
        for _ in 0..10_000 {
            let read = self.broker().activity_since(cursor).await;
            let read = read.map_err(|why| Stop::Failed(format!("its log: {why}")))?;
            events.extend(read.events);
            cursor = Some(read.cursor);
            if read.complete {
                return Ok((once(events), read.cursor));
            }
        }
        failed("its log has no end")
    }

    /// All that happened since the case began.
    ///
    /// # Errors
    /// See [`Self::events_since`].
    pub async fn events(&self) -> Result<Vec<VenueEvent>, Stop> {
        Ok(self.events_since(Some(self.began)).await?.0)
    }

    /// The executions of an order since the case began, once they come to what the order says.
    ///
    /// # Errors
    /// When they never do.
    pub async fn fills(&mut self, id: ClientOrderId) -> Result<Vec<Fill>, Stop> {
        let mut seen = (Vec::new(), Qty::ZERO);
        for _ in 0..LOOKS {
            let filled = self.found(id).await?.filled;
            let fills: Vec<Fill> = self
                .events()
                .await?
                .into_iter()
                .filter_map(|event| match event {
                    VenueEvent::Filled(fill) if fill.order == id => Some(fill),
                    _ => None,
                })
                .collect();
            let sum: Decimal = fills.iter().map(|fill| fill.qty.get()).sum();
            if sum == filled.get() {
                return Ok(fills);
            }
            seen = (fills, filled);
            self.stage.pass(MOMENT).await?;
        }
        failed(format!("{id} says that {} were executed, and its executions are {:?}", seen.1, seen.0))
    }

    /// Buys, or sells short, so many units at market, to their end.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn filled(&mut self, side: Side, count: i64) -> Result<Vec<Fill>, Stop> {
        let order = self.order(side, count, OrderKind::MARKET)?;
        self.take(&order).await?;
        self.ends(order.id, End::Filled).await?;
        self.fills(order.id).await
    }

    /// Every live order.
    ///
    /// # Errors
    /// A question that fails.
    pub async fn open(&self) -> Result<Vec<OpenOrder>, Stop> {
        self.broker().open_orders().await.map_err(|why| Stop::Failed(format!("its live orders: {why}")))
    }

    /// What is held of what is traded.
    ///
    /// # Errors
    /// A question that fails.
    pub async fn held(&self) -> Result<Held, Stop> {
        let all = self.broker().positions().await;
        let all = all.map_err(|why| Stop::Failed(format!("its positions: {why}")))?;
        let of_key: Vec<_> = all.iter().filter(|position| position.key == self.key()).collect();
        demand(of_key.len() <= 1, || format!("one instrument is one position: {of_key:?}"))?;
        Ok(of_key.first().map_or(Held::FLAT, |position| position.held))
    }

    /// Demands what is held, as soon as the venue says so.
    ///
    /// # Errors
    /// When it never does.
    pub async fn holds(&mut self, count: i64) -> Done {
        let wanted = number(Held::new(Decimal::from(count)))?;
        for _ in 0..LOOKS {
            if self.held().await? == wanted {
                return Ok(());
            }
            self.stage.pass(MOMENT).await?;
        }
        failed(format!("{} must be held, and it says {}", wanted, self.held().await?))
    }
}

/// Events that were told again are the same event: a cursor may overlap.
fn once(events: Vec<VenueEvent>) -> Vec<VenueEvent> {
    let mut seen: Vec<VenueEvent> = Vec::new();
    for event in events {
        if !seen.contains(&event) {
            seen.push(event);
        }
    }
    seen
}
