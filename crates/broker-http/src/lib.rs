//! What adapters to brokers over HTTP share. It knows no broker: hosts, credentials, paths and the meaning of answers are
//! each adapter's own.
//!
//! | module | what |
//! |---|---|
//! | `base` | a host that may be spoken to: over TLS, or on this machine |
//! | `secret` | how credentials are checked, put in a header, and masked where an answer repeats them |
//! | `limits` | how many requests may leave, cancels and exits first. Pure |
//! | `mode` | practice or real money, as host and account say together |
//! | `transport` | one request, one answer: HTTP/1, no retries, no redirects, no proxies |
//! | `exact` | numbers to their last digit, from text or from JSON numbers |

mod base;
mod exact;
mod limits;
mod mode;
pub mod secret;
mod transport;

pub use base::{Base, ConfigError, Scheme, is_loopback};
pub use exact::{Exact, Rough};
pub use limits::{Limits, Priority, Told};
pub use mode::mode;
pub use transport::{
    Answer, Client, Clock, Failure, Host, Request, StartError, builder, lock, query_failed, short, tls, told,
};
