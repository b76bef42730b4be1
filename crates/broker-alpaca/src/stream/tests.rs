//! Against a server on loopback that says what a test wants.

use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::*;

type Client = WebSocketStream<TcpStream>;

const SOON: Duration = Duration::from_secs(20);

struct Server(TcpListener);

impl Server {
    async fn start() -> (Self, Handle) {
        Self::patient(Patience {
            answer: Duration::from_secs(10),
            quiet: Duration::from_mins(1),
            first: Duration::from_millis(5),
            longest: Duration::from_millis(10),
        })
        .await
    }

    async fn patient(patience: Patience) -> (Self, Handle) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (text, host) = (format!("ws://127.0.0.1:{port}/stream"), "127.0.0.1".to_owned());
        let base = Base { text, host, port, is_tls: false };
        let secret = SecretString::from(
            r#"{"action":"authenticate","data":{"key_id":"k","secret_key":"s"}}"#.to_owned(),
        );
        let clock: Clock = Arc::new(|| Time::UNIX_EPOCH + TimeDelta::hours(1));
        (
            Self(listener),
            Handle::with_patience(base, crate::transport::tls(false).unwrap(), secret, clock, patience),
        )
    }

    /// The next connection, authorized and listening. Frames are binary, as on the practice host.
    async fn listening(&self) -> Client {
        let mut client = self.authorized().await;
        assert_eq!(heard(&mut client).await, LISTEN);
        tell(&mut client, r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#).await;
        client
    }

    async fn authorized(&self) -> Client {
        let mut client = self.connected().await;
        assert!(heard(&mut client).await.contains(r#""key_id":"k""#), "each connection authenticates");
        tell(
            &mut client,
            r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#,
        )
        .await;
        client
    }

    async fn connected(&self) -> Client {
        let (tcp, _) = timeout(SOON, self.0.accept()).await.unwrap().unwrap();
        accept_async(tcp).await.unwrap()
    }
}

async fn heard(client: &mut Client) -> String {
    loop {
        if let Message::Text(text) = timeout(SOON, client.next()).await.unwrap().unwrap().unwrap() {
            return text.to_string();
        }
    }
}

async fn tell(client: &mut Client, text: &str) {
    client.send(Message::binary(text.as_bytes().to_vec())).await.unwrap();
}

async fn hinted(handle: &Handle) -> bool {
    timeout(SOON, handle.hint()).await.is_ok()
}

async fn is_quiet(handle: &Handle) -> bool {
    timeout(Duration::from_millis(50), handle.hint()).await.is_err()
}

#[tokio::test]
async fn it_hints_when_it_listens_and_at_every_message() {
    let (server, handle) = Server::start().await;
    let (mut client, first) = tokio::join!(server.listening(), hinted(&handle));
    assert!(first, "what happened before is in the log only");
    assert!(is_quiet(&handle).await);
    client
        .send(Message::text(r#"{"stream":"trade_updates","data":{"event":"fill","order":{}}}"#))
        .await
        .unwrap();
    assert!(hinted(&handle).await, "a text frame");
    tell(&mut client, r#"{"stream":"trade_updates","data":{"event":"a_new_word"}}"#).await;
    assert!(hinted(&handle).await, "a binary frame, and a word that is not known");
    assert!(!handle.take_amended());
    tell(&mut client, r#"{"stream":"trade_updates","data":{"event":"trade_bust"}}"#).await;
    assert!(hinted(&handle).await && handle.take_amended() && !handle.take_amended());
    // Two messages while nobody waits are one hint, and it is kept.
    tell(&mut client, r#"{"stream":"trade_updates","data":{"event":"new"}}"#).await;
    tell(&mut client, r#"{"stream":"trade_updates","data":{"event":"fill"}}"#).await;
    sleep(Duration::from_millis(30)).await;
    assert!(hinted(&handle).await);
}

#[tokio::test]
async fn it_comes_back_and_authenticates_anew() {
    let (server, handle) = Server::start().await;
    let (client, _) = tokio::join!(server.listening(), hinted(&handle));
    drop(client);
    let (mut client, again) = tokio::join!(server.listening(), hinted(&handle));
    assert!(again, "what was missed is in the log");
    tell(&mut client, "no JSON").await;
    let (_client, third) = tokio::join!(server.listening(), hinted(&handle));
    assert!(third);
}

#[tokio::test]
async fn refusals_give_no_hint() {
    let (server, handle) = Server::start().await;
    let (quiet, ()) = tokio::join!(is_quiet(&handle), async {
        let mut client = server.connected().await;
        heard(&mut client).await;
        tell(
            &mut client,
            r#"{"stream":"authorization","data":{"status":"unauthorized","action":"authenticate"}}"#,
        )
        .await;
    });
    assert!(quiet);
    // An acknowledgement without our stream is none.
    let mut client = server.authorized().await;
    heard(&mut client).await;
    tell(&mut client, r#"{"stream":"listening","data":{"streams":[]}}"#).await;
    assert!(is_quiet(&handle).await);
    let (_client, hint) = tokio::join!(server.listening(), hinted(&handle));
    assert!(hint);
}

#[tokio::test]
async fn a_connection_that_only_pings_is_mute() {
    let patience = Patience {
        answer: Duration::from_millis(300),
        quiet: Duration::from_millis(100),
        first: Duration::from_millis(5),
        longest: Duration::from_millis(10),
    };
    let (server, handle) = Server::patient(patience).await;
    let (mut client, _) = tokio::join!(server.listening(), hinted(&handle));
    assert_eq!(heard(&mut client).await, LISTEN, "after a silence it asks whether anybody is there");
    tell(&mut client, r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#).await;
    assert!(is_quiet(&handle).await, "an answer to that is no hint");
    assert_eq!(heard(&mut client).await, LISTEN);
    // No answer now, but pings.
    let pings = async {
        while client.send(Message::Ping(Vec::new().into())).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = pings => {}
        (_client, hint) = async { tokio::join!(server.listening(), hinted(&handle)) } => assert!(hint),
    }
}

#[tokio::test]
async fn the_log_tells_of_a_mute_stream() {
    let (server, handle) = Server::start().await;
    let (_client, _) = tokio::join!(server.listening(), hinted(&handle));
    let began = Time::UNIX_EPOCH + TimeDelta::hours(1);
    // From before it listened: that says nothing.
    handle.log_told(began - TimeDelta::minutes(1));
    assert!(is_quiet(&handle).await);
    *lock(&handle.stream.heard) = Heard {
        listens_since: Some(began - TimeDelta::minutes(10)),
        told_at: Some(began - TimeDelta::minutes(8)),
    };
    handle.log_told(began - TimeDelta::minutes(1));
    let (_client, hint) = tokio::join!(server.listening(), hinted(&handle));
    assert!(hint, "it was closed and connects anew");
}

#[tokio::test]
async fn it_ends_with_its_adapter() {
    let (server, handle) = Server::start().await;
    let (mut client, _) = tokio::join!(server.listening(), hinted(&handle));
    drop(handle);
    let end = timeout(SOON, client.next()).await.unwrap();
    assert!(matches!(end, None | Some(Err(_) | Ok(Message::Close(_)))), "{end:?}");
}

#[test]
fn pauses_double_to_the_longest() {
    let base = Base { text: String::new(), host: String::new(), port: 0, is_tls: false };
    let clock: Clock = Arc::new(|| Time::UNIX_EPOCH + TimeDelta::nanoseconds(200));
    let handle =
        Handle::new(base, crate::transport::tls(false).unwrap(), SecretString::from(String::new()), clock);
    let seconds = |failures| handle.stream.pause(failures).as_secs();
    assert_eq!([0, 1, 2, 4, 5, 40].map(seconds), [1, 2, 4, 16, 30, 30]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_read_is_none_that_answers() {
    let (ours, theirs) = tokio::io::duplex(16);
    let mut socket =
        WebSocketStream::from_raw_socket(ours, tokio_tungstenite::tungstenite::protocol::Role::Client, None)
            .await;
    let said = say(&mut socket, LISTEN, Duration::from_secs(10)).await;
    assert_eq!(said, Err(LATE.to_owned()));
    drop(theirs);
}
