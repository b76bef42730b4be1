//! What the targets share: a few instruments, a folder in memory, a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use broker_api::{Amount, AssetClass, Catalog, Currency, Instrument, Key, Ratio, Symbol, Time, VenueId};
use tempfile::TempDir;

/// A stock, a pair, two coins.
pub static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let row = |symbol: &str, asset_class| Instrument {
        key: Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new(symbol).unwrap() },
        asset_class,
        quote: Currency::new("USD").unwrap(),
        tick: "0.00001".parse().unwrap(),
        lot: "1".parse().unwrap(),
        qty_min: "1".parse().unwrap(),
        qty_max: "1000000".parse().unwrap(),
        notional_min: Amount::ZERO,
        margin: Ratio::ONE,
        shortable: true,
    };
    let rows = vec![
        row("AAPL", AssetClass::Equity),
        row("EUR/USD", AssetClass::Forex),
        row("BTC/USD", AssetClass::Crypto),
        row("ETH/USD", AssetClass::Crypto),
    ];
    Arc::new(Catalog::new(rows).unwrap())
});

/// A Monday in a session.
pub fn monday() -> Time {
    "2026-11-23T17:00:00Z".parse().unwrap()
}

thread_local! {
    static FOLDER: TempDir = {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
    };
}

/// A file of this thread's own folder, in memory where the system has such a thing.
pub fn file(name: &str) -> PathBuf {
    FOLDER.with(|folder| folder.path().join(name))
}

/// Fails when nothing is said to a person. What a terminal would take for a command is escaped where it is printed.
#[track_caller]
pub fn assert_said(text: &str) {
    assert!(!text.trim().is_empty(), "nothing is said");
}
