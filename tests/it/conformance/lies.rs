//! The lies, and which case is there for which.

/// One lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Executions are not told.
    HidesFills,
    /// What is held is told with the other sign.
    TurnsSign,
    /// A limit order that rests is told to have been cancelled.
    EndsResting,
    /// Executions are told a little worse than they were.
    WorsePrices,
    /// Whatever waits for a price is executed at once.
    WakesAtOnce,
    /// A stop-limit order is a stop order.
    ForgetsLimit,
    /// A trailing stop stays where it was.
    DoesNotTrail,
    /// Whatever its time in force, an order lives until cancelled.
    AlwaysGtc,
    /// Whatever its time in force, an order lives for the day.
    AlwaysDay,
    /// An order that is executed in part is told to be whole.
    PartIsWhole,
    /// Nothing is told to be executed of an order that was cancelled.
    ForgetsParts,
    /// A cancel is taken, and nothing is done.
    KeepsCancelled,
    /// Every cancel is said to be taken.
    TakesEveryCancel,
    /// An order that is cancelled twice is told to live again.
    LivesAgain,
    /// A second order of a name is another order.
    RenamesSecond,
    /// Executions are told under another name.
    LosesNames,
    /// Nothing is found.
    FindsNothing,
    /// Everything is found, live.
    FindsEverything,
    /// The first event after a place is passed over.
    SkipsOne,
    /// Every second reading has nothing.
    ForgetsNow,
    /// The log begins anew with each process.
    ForgetsAtRestart,
    /// All executions have one name.
    OneExecution,
    /// Executions are told by half.
    TellsHalf,
    /// Without a place it is read from its end.
    BeginsAtTheEnd,
    /// It never says that it is the end.
    NeverComplete,
    /// The last is told first.
    Backwards,
    /// The average price is of something else.
    WrongAverage,
    /// What is closed is told as held, with nothing.
    ListsFlat,
    /// What it is worth does not move.
    EquityStands,
    /// What can be bought does not move.
    PowerStands,
    /// The figures are of another account.
    OtherAccount,
    /// Time stands.
    TimeStands,
    /// Days are told twice.
    DaysTwice,
    /// Nothing is refused.
    RefusesNothing,
    /// It has rules for everything.
    KnowsEverything,
    /// The least is no whole number of lots.
    BadRules,
    /// What may only reduce may do everything.
    ForgetsReduceOnly,
    /// It says that it takes fewer kinds than it does.
    SaysLess,
    /// It refuses what it says that it keeps.
    KeepsNothing,
    /// Legs are told without their entry.
    OrphansLegs,
    /// A leg is told to live when it is over.
    LegsStay,
    /// Legs are told under names of the venue's own.
    RenamesLegs,
    /// It says that it closed a position, and does nothing.
    KeepsPosition,
    /// The kinds of live orders are not told.
    HidesKinds,
    /// Put off is told as unknown.
    ThrottledIsUnknown,
    /// Bad credentials are told as something that passes.
    KeysPass,
    /// What was taken back is not told.
    HidesBusts,
    /// No answer is told as a refusal.
    SilenceIsRefusal,
    /// What rests is told to be executed.
    ExecutesInTheNight,
    /// It hints that the stream began, and of nothing after that.
    HintsOnce,
    /// What the stream did not tell is not in its log.
    RestsOnItsStream,
}

/// The lie that a case is there for.
pub(super) const fn of(case: u16) -> Option<Lie> {
    use Lie as L;
    Some(match case {
        1 => L::HidesFills,
        2 | 52 => L::ListsFlat,
        3 | 58 => L::TurnsSign,
        4 | 33 => L::EndsResting,
        5..=7 => L::WorsePrices,
        8 | 9 => L::WakesAtOnce,
        10 => L::ForgetsLimit,
        11 => L::DoesNotTrail,
        12 | 14..=16 => L::AlwaysGtc,
        13 => L::AlwaysDay,
        17 => L::PartIsWhole,
        18 => L::ForgetsParts,
        20 | 24..=26 | 35 => L::KeepsCancelled,
        21 | 22 => L::TakesEveryCancel,
        23 => L::LivesAgain,
        30 | 31 => L::RenamesSecond,
        32 => L::LosesNames,
        34 | 38 | 82 => L::FindsNothing,
        36 | 37 | 81 => L::FindsEverything,
        40 => L::ForgetsNow,
        41 => L::SkipsOne,
        42 => L::ForgetsAtRestart,
        43 => L::OneExecution,
        44 => L::TellsHalf,
        45 => L::BeginsAtTheEnd,
        46 => L::NeverComplete,
        47 | 48 => L::Backwards,
        50 => L::WrongAverage,
        53 => L::EquityStands,
        54 => L::PowerStands,
        55 => L::OtherAccount,
        56 => L::TimeStands,
        57 => L::DaysTwice,
        59 => L::KeepsPosition,
        60..=63 => L::RefusesNothing,
        64 => L::KnowsEverything,
        65 => L::BadRules,
        66 | 67 => L::ForgetsReduceOnly,
        68 => L::SaysLess,
        69 => L::KeepsNothing,
        70 => L::ExecutesInTheNight,
        71 => L::OrphansLegs,
        72 => L::LegsStay,
        73 => L::HidesKinds,
        74 => L::RenamesLegs,
        80 => L::SilenceIsRefusal,
        83 => L::ThrottledIsUnknown,
        84 => L::KeysPass,
        85 => L::HidesBusts,
        90 => L::HintsOnce,
        91 => L::RestsOnItsStream,
        _ => return None,
    })
}
