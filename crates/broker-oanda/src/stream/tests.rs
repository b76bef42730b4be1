//! Against a server on loopback that says what a test wants.

use broker_api::Time;
use chrono::TimeDelta;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const SOON: Duration = Duration::from_secs(20);

struct Server(TcpListener);

impl Server {
    async fn start(quiet: Duration) -> (Self, Handle) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (text, host) = (format!("http://127.0.0.1:{port}"), "127.0.0.1".to_owned());
        let base = Base { text, host, port, is_tls: false };
        let patience = Patience {
            answer: Duration::from_secs(10),
            quiet,
            first: Duration::from_millis(5),
            longest: Duration::from_millis(10),
        };
        let clock: Clock = Arc::new(|| Time::UNIX_EPOCH + TimeDelta::hours(1));
        let tls = broker_http::tls(false).unwrap();
        (Self(listener), Handle::with_patience(&base, tls, HeaderMap::new(), clock, patience).unwrap())
    }

    /// The next connection, answered so far that lines can come.
    async fn streaming(&self) -> TcpStream {
        let (mut tcp, _) = timeout(SOON, self.0.accept()).await.unwrap().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(SOON, tcp.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(
            head.starts_with("GET /v3/accounts/101-004-1-001/transactions/stream HTTP/1.1\r\n"),
            "{head}"
        );
        tcp.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        tcp
    }
}

async fn say(tcp: &mut TcpStream, text: &str) {
    tcp.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await.unwrap();
}

async fn hint(handle: &Handle) {
    handle.hint(std::future::ready("101-004-1-001".to_owned())).await;
}

async fn hinted(handle: &Handle) -> bool {
    timeout(SOON, hint(handle)).await.is_ok()
}

async fn is_quiet(handle: &Handle) -> bool {
    timeout(Duration::from_millis(60), hint(handle)).await.is_err()
}

const BEAT: &str =
    "{\"type\":\"HEARTBEAT\",\"lastTransactionID\":\"41\",\"time\":\"2026-03-16T08:01:05Z\"}\n";

#[tokio::test]
async fn it_hints_when_it_is_connected_and_at_what_the_log_was_not_read_to() {
    let (server, handle) = Server::start(Duration::from_mins(1)).await;
    let (mut tcp, first) = tokio::join!(server.streaming(), hinted(&handle));
    assert!(first, "what happened before is in the log only");
    handle.read_to(Id(41));
    say(&mut tcp, BEAT).await;
    assert!(is_quiet(&handle).await, "the log was read to there");
    // In two parts, and of a type of tomorrow.
    say(&mut tcp, "{\"id\":\"42\",\"type\":\"A_").await;
    assert!(is_quiet(&handle).await);
    say(&mut tcp, "TYPE\"}\n").await;
    assert!(hinted(&handle).await);
    handle.read_to(Id(42));
    say(&mut tcp, &BEAT.replace("41", "43")).await;
    assert!(hinted(&handle).await, "a line was lost, and the heartbeat tells of it");
    say(&mut tcp, "no JSON\n").await;
    assert!(hinted(&handle).await);
}

#[tokio::test]
async fn it_comes_back_after_an_end_and_after_silence() {
    let (server, handle) = Server::start(Duration::from_millis(200)).await;
    let (tcp, _) = tokio::join!(server.streaming(), hinted(&handle));
    drop(tcp);
    let (tcp, again) = tokio::join!(server.streaming(), hinted(&handle));
    assert!(again, "what was missed is in the log");
    // Open, and mute.
    let (_next, third) = tokio::join!(server.streaming(), hinted(&handle));
    assert!(third);
    drop(tcp);
}

#[tokio::test]
async fn it_ends_with_its_adapter() {
    let (server, handle) = Server::start(Duration::from_mins(1)).await;
    let (mut tcp, _) = tokio::join!(server.streaming(), hinted(&handle));
    drop(handle);
    let end = timeout(SOON, tcp.read_u8()).await.unwrap();
    assert!(end.is_err(), "{end:?}");
}

#[tokio::test]
async fn pauses_double_to_the_longest() {
    let (_server, handle) = Server::start(Duration::from_mins(1)).await;
    let millis = |failures| handle.stream.pause(failures).as_millis();
    assert_eq!([0, 1, 2, 40].map(millis), [4, 8, 8, 8]);
    assert_eq!(Patience::default().longest, LONGEST);
}
