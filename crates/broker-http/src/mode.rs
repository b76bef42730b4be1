//! What kind of account it is: practice or real money. Host and account say it together.

use broker_api::{Mode, QueryFailed};

use crate::transport::query_failed;

/// What kind of account answers at `host`, by what the host says and what the account says of itself; `wanted` is what the
/// configuration says, `change` what a person changes where it is another one.
///
/// # Errors
/// They contradict each other, nothing says that it is real money, or it is not what is wanted.
pub fn mode(
    host: &str,
    by_host: Option<Mode>,
    by_account: Option<Mode>,
    wanted: Mode,
    change: &str,
) -> Result<Mode, QueryFailed> {
    let why = match (by_host, by_account) {
        (Some(host_says), Some(account_says)) if host_says != account_says => {
            format!(
                "{host} is the {host_says} host, but its account is a {account_says} one; nothing is sent there"
            )
        }
        // Practice may rest on the host alone; real money may not.
        (_, Some(mode)) | (Some(mode @ Mode::Practice), None) if mode == wanted => return Ok(mode),
        (_, Some(mode)) | (Some(mode @ Mode::Practice), None) => format!(
            "the account at {host} is a {mode} one, and the configuration says {wanted}; change the {change} or the mode"
        ),
        (_, None) => {
            format!("nothing says whether the account at {host} is practice or live; nothing is sent there")
        }
    };
    Err(query_failed(why, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_agree_and_real_money_says_so_itself() {
        const P: Option<Mode> = Some(Mode::Practice);
        const L: Option<Mode> = Some(Mode::Live);
        let of = |by_host, by_account, wanted| mode("host", by_host, by_account, wanted, "keys").ok();
        for wanted in [Mode::Practice, Mode::Live] {
            let is = |found: Option<Mode>| found.filter(|mode| *mode == wanted);
            assert_eq!(of(P, P, wanted), is(P));
            assert_eq!(of(L, L, wanted), is(L));
            assert_eq!(of(None, P, wanted), is(P));
            assert_eq!(of(None, L, wanted), is(L));
            assert_eq!(of(P, None, wanted), is(P), "practice may rest on the host alone");
            for (by_host, by_account) in [(P, L), (L, P), (L, None), (None, None)] {
                assert_eq!(of(by_host, by_account, wanted), None, "{by_host:?} {by_account:?}");
            }
        }
    }
}
