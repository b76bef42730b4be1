//! How much of an answer is read, and for how long. The server is a thread with a socket: it goes on for as long as it may.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use broker_api::{Broker as _, CancelOutcome, SubmitOutcome};

use crate::world::*;

/// Far more than anybody keeps of an answer, here or on the way.
const ENDLESS: usize = 256 << 20;
/// What is given at a time.
const PART: usize = 16 << 10;

/// A server for one connection, and what it gives once it has read a request.
fn server<T: Send + 'static>(gives: impl FnOnce(TcpStream) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; PART];
        // A request of ours comes in one piece, or its head does.
        assert!(stream.read(&mut bytes).unwrap() > 0);
        gives(stream)
    });
    (url, thread)
}

/// What a server says at its end; what is under way here goes on meanwhile.
async fn end_of<T>(thread: JoinHandle<T>) -> T {
    while !thread.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    thread.join().unwrap()
}

/// How many bytes of a part that repeats the other side let itself be sent.
fn pour(mut stream: &TcpStream, part: &[u8]) -> usize {
    let mut sent = 0;
    while sent < ENDLESS && stream.write_all(part).is_ok() {
        sent += part.len();
    }
    sent
}

/// Why it is not known what became of an order.
async fn unknown(url: &str) -> Option<String> {
    match adapter(url).submit(&intent(), mark()).await {
        SubmitOutcome::Unknown { why } => Some(why.into()),
        _ => None,
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_read_up_to_a_bound() {
    // With a length, and without one until the connection closes.
    for length in [format!("content-length: {ENDLESS}\r\n"), String::new()] {
        let head = format!("HTTP/1.1 200 OK\r\n{length}\r\n");
        let (url, thread) = server(move |mut stream| {
            stream.write_all(head.as_bytes()).unwrap();
            pour(&stream, &[b' '; PART])
        });
        let why = unknown(&url).await.unwrap();
        assert!(why.contains("more than 16777216 bytes"), "{why}");
        let sent = end_of(thread).await;
        assert!((16 << 20..64 << 20).contains(&sent), "{sent}");
    }
}

#[tokio::test]
async fn a_head_without_an_end_is_read_up_to_a_bound() {
    let many = "x-filling: of a header\r\n".repeat(64);
    let long = "y".repeat(PART);
    for (first, part) in [("", many), ("x-filling: ", long)] {
        let (url, thread) = server(move |mut stream| {
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{first}").as_bytes()).unwrap();
            pour(&stream, part.as_bytes())
        });
        let why = unknown(&url).await.unwrap();
        assert!(!why.contains("in time") && !why.contains("hush"), "{why}");
        let sent = end_of(thread).await;
        assert!(sent < 16 << 20, "{sent}");
    }
}

#[tokio::test]
async fn a_question_with_such_an_answer_has_none() {
    let (url, thread) = server(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[").unwrap();
        pour(&stream, &[b' '; PART])
    });
    let failed = adapter(&url).positions().await.unwrap_err();
    assert!(failed.transient && failed.why.contains("16777216 bytes"), "{failed}");
    assert!(end_of(thread).await < 64 << 20);
}

/// Gives a byte of an answer each time it is told to, and says when it did.
fn dripping() -> (String, impl Fn() -> bool) {
    let (ticks, on_tick) = channel::<()>();
    let (dripped, on_drip) = channel::<()>();
    let (url, _) = server(move |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n").unwrap();
        dripped.send(()).unwrap();
        while on_tick.recv().is_ok() && stream.write_all(b" ").is_ok() && dripped.send(()).is_ok() {}
    });
    let began = std::cell::Cell::new(false);
    let drip = move || {
        if began.replace(true) && ticks.send(()).is_err() {
            return false;
        }
        on_drip.recv_timeout(Duration::from_secs(10)).is_ok()
    };
    (url, drip)
}

/// After how many seconds in which a byte of its answer came a call ended.
async fn seconds<T: Send + 'static>(
    call: impl Future<Output = T> + Send + 'static,
    drip: impl Fn() -> bool,
) -> (usize, T) {
    tokio::time::pause();
    let call = tokio::spawn(call);
    let mut passed = 0;
    let mut is_served = false;
    while !call.is_finished() && passed < 60 {
        // Without a task that waits for nothing, time would go on by itself.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        is_served |= drip();
        assert!(is_served, "the request arrived");
        tokio::time::advance(Duration::from_secs(1)).await;
        passed += 1;
    }
    assert!(call.is_finished(), "it waits for ever");
    (passed, call.await.unwrap())
}

#[tokio::test]
async fn an_answer_that_comes_byte_by_byte_is_waited_for_so_long_and_no_longer() {
    let (url, drip) = dripping();
    let alpaca = adapter(&url);
    let (passed, outcome) = seconds(async move { alpaca.submit(&intent(), mark()).await }, drip).await;
    assert!(matches!(&outcome, SubmitOutcome::Unknown { why } if why.contains("in time")), "{outcome:?}");
    assert!((19..=22).contains(&passed), "{passed}");
}

#[tokio::test]
async fn the_same_for_what_closes_a_position() {
    let (url, drip) = dripping();
    let alpaca = adapter(&url);
    let (passed, outcome) = seconds(async move { alpaca.close(key("MSFT")).await }, drip).await;
    assert!(matches!(&outcome, CancelOutcome::Unknown { why } if why.contains("in time")), "{outcome:?}");
    assert!((19..=22).contains(&passed), "{passed}");
}
