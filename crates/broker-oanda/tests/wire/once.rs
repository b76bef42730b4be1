//! A server that takes a request and closes sees exactly one; a server that is not there sees none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use broker_api::{Broker, CancelOutcome, SubmitOutcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::world::*;

fn created() -> serde_json::Value {
    serde_json::json!({"orderCreateTransaction": made(4101, "LIMIT_ORDER"), "lastTransactionID": "4101"})
}

/// What a server does with the requests of a connection.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Reads, and closes without a word.
    Closes,
    /// Reads, and resets.
    Resets,
    /// Answers with half an answer.
    Cuts,
    /// Answers the first request of a connection, and closes at the second.
    ClosesAtTheSecond,
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return Some(text);
        }
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, posts: Arc<AtomicUsize>) {
    let mut first = true;
    while let Some(request) = read_request(&mut stream).await {
        assert!(request.starts_with("GET ") || request.contains(" HTTP/1.1\r\n"), "{request}");
        if !request.starts_with("GET ") {
            posts.fetch_add(1, Ordering::SeqCst);
        }
        match manner {
            Manner::ClosesAtTheSecond if first => {
                let body = created().to_string();
                let head = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
            Manner::Closes | Manner::ClosesAtTheSecond => return,
            Manner::Resets => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Manner::Cuts => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"id\":").await.unwrap();
                return;
            }
        }
        first = false;
    }
}

async fn server(manner: Manner) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&posts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner, Arc::clone(&counted)));
        }
    });
    (url, posts)
}

#[tokio::test]
async fn an_order_without_an_answer_arrived_at_most_once() {
    for manner in [Manner::Closes, Manner::Resets, Manner::Cuts] {
        let (url, posts) = server(manner).await;
        let outcome = adapter(&url).submit(&intent(), mark(1)).await;
        assert!(matches!(outcome, SubmitOutcome::Unknown { .. }), "{manner:?}: {outcome:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(posts.load(Ordering::SeqCst), 1, "{manner:?}");
    }
}

#[tokio::test]
async fn a_connection_that_closes_while_it_is_used_again_is_no_reason_to_send_twice() {
    let (url, commands) = server(Manner::ClosesAtTheSecond).await;
    let oanda = adapter(&url);
    assert!(matches!(oanda.submit(&intent(), mark(1)).await, SubmitOutcome::Accepted { .. }));
    let cancel = oanda.cancel(name(NAME)).await;
    assert!(matches!(cancel, CancelOutcome::Unknown { .. }), "{cancel:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(commands.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_a_connection_nothing_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let oanda = adapter(&url);
    let outcome = oanda.submit(&intent(), mark(1)).await;
    assert!(matches!(outcome, SubmitOutcome::NotSent { .. }), "{outcome:?}");
    assert!(matches!(oanda.cancel(name(NAME)).await, CancelOutcome::NotSent { .. }));
    assert!(oanda.account().await.unwrap_err().transient);
}
