//! A hundred signals in one pass: one commit, and a hundred orders at once.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use engine::watch::Note;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::inside::{Inside, name, simulator};
use crate::rig::is_whole;
use crate::rounds::{Line, ROUNDS, Series};

const SIGNALS: usize = 100;

/// All rounds: each at an account of its own, and the floor at another.
pub(crate) fn lines() -> Vec<Line> {
    let [mut sent, mut whole, mut floor] = [(); 3].map(|()| Series::default());
    let _ = round();
    for _ in 0..ROUNDS {
        let took = round();
        for (series, took) in [&mut sent, &mut whole, &mut floor].into_iter().zip(took) {
            series.round();
            series.put(took);
        }
    }
    let floor_is = "one commit of the same records, and 100 requests at once by a bare client";
    vec![
        Line::new("pass: 100 signals in hand to the last of 100 answers", &sent, floor_is, &floor),
        Line::new("the same to its end: executions read and booked", &whole, floor_is, &floor),
    ]
}

/// Until the last answer, until the end, and the floor.
fn round() -> [Duration; 3] {
    let mut inside = Inside::new(SIGNALS, false);
    inside.price(100);
    let _ = inside.follow();
    let signals = (0..SIGNALS).map(|n| inside.signal(n, 10, &format!("bench/{n}"))).collect();
    drop(inside.notes());
    let began = Instant::now();
    inside.turn(signals);
    let whole = began.elapsed();
    let notes = inside.notes();
    let answers = notes.iter().filter(|(note, _)| matches!(note, Note::Outcome { .. }));
    let last = answers.clone().nth(SIGNALS - 1).expect("an answer to each").1;
    assert_eq!(inside.held(), SIGNALS, "each was executed");
    let repeated = inside.repeated();
    assert!(repeated.records.len() >= 2 * SIGNALS, "{} records", repeated.records.len());
    let other = simulator(SIGNALS);
    let sends = bare(&inside.runtime, other.address());
    [last - began, whole, repeated.took + sends]
}

/// How long as many requests take that a bare client sends at once, to the last byte of the last answer.
fn bare(runtime: &Runtime, to: SocketAddr) -> Duration {
    let requests: Vec<Vec<u8>> = (0..SIGNALS).map(request).collect();
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        for request in requests {
            tasks.spawn(async move {
                let mut line = TcpStream::connect(to).await.unwrap();
                line.set_nodelay(true).unwrap();
                line.write_all(&request).await.unwrap();
                let (mut answer, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
                while !is_whole(&answer) {
                    let read = line.read(&mut buffer).await.unwrap();
                    assert!(read > 0, "no whole answer: {}", String::from_utf8_lossy(&answer));
                    answer.extend_from_slice(&buffer[..read]);
                }
                assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        began.elapsed()
    })
}

fn request(n: usize) -> Vec<u8> {
    let body = serde_json::json!({
        "client_order_id": format!("bare-{n}"), "symbol": name(n), "qty": "10", "side": "buy", "type": "market",
        "time_in_force": "gtc", "order_class": "bracket", "take_profit": { "limit_price": "110" },
        "stop_loss": { "stop_price": "95" },
    });
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST /v2/orders HTTP/1.1\r\nhost: localhost\r\napca-api-key-id: PKBENCH\r\napca-api-secret-key: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
