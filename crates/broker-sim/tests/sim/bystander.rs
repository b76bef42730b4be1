//! Somebody who stands at the wire, requests that arrive late, rows that come late, and what changed since.

use std::sync::{Arc, Mutex};

use broker_sim::core::{Bystander, OnRequest, Reply, Request};
use chrono::TimeDelta;
use serde_json::json;

use crate::wire::*;

/// Refuses the first order that it sees, and writes down what was answered to orders.
#[derive(Clone, Default)]
struct Watcher(Arc<Mutex<Vec<Option<u16>>>>);

impl Bystander for Watcher {
    fn request(&mut self, request: &Request) -> Option<OnRequest> {
        let is_first = self.0.lock().unwrap().is_empty();
        (request.method == "POST" && is_first).then_some(OnRequest::Reject {
            status: 403,
            code: 1.into(),
            message: "not this one".into(),
        })
    }

    fn answered(&mut self, request: &Request, answer: Option<&Reply>) {
        if request.method == "POST" {
            self.0.lock().unwrap().push(answer.map(|answer| answer.status));
        }
    }
}

#[tokio::test]
async fn somebody_who_stands_at_the_wire_decides_and_sees_the_answers() {
    let sim = Sim::start().await;
    let watcher = Watcher::default();
    sim.control.stand_by(watcher.clone());
    let order = order("AAPL", "buy", "1", "market", "day", &json!({}));
    assert_eq!(sim.post(&order).await.status, 403);
    assert_eq!(sim.post(&order).await.status, 200);
    sim.control.fault_lines(r#"{"request":{"method":"POST","do":"lost_reply"}}"#).unwrap();
    assert!(sim.send("POST", "/v2/orders", &order.to_string()).await.is_none());
    assert_eq!(*watcher.0.lock().unwrap(), [Some(403), Some(200), None]);
    assert_eq!(sim.control.truth()["orders"].as_array().unwrap().len(), 2, "one was refused");
}

#[tokio::test]
async fn a_late_request_arrives_when_its_time_has_come() {
    let sim = Sim::start().await;
    let rule = r#"{"request":{"method":"POST","do":{"late_request":{"millis":30000}}}}"#;
    sim.control.fault_lines(rule).unwrap();
    let order = order("AAPL", "buy", "1", "market", "day", &json!({}));
    assert!(sim.send("POST", "/v2/orders", &order.to_string()).await.is_none());
    let began = sim.control.now();
    let orders = || sim.control.truth()["orders"].as_array().unwrap().clone();
    sim.control.step(TimeDelta::seconds(29)).unwrap();
    assert_eq!(orders().len(), 0);
    sim.control.step(TimeDelta::seconds(60)).unwrap();
    assert_eq!(orders()[0]["status"], "filled");
    let created: broker_api::Time = orders()[0]["created_at"].as_str().unwrap().parse().unwrap();
    assert_eq!((created - began).num_seconds(), 30);
}

#[tokio::test]
async fn an_execution_has_its_row_when_the_switch_says_so() {
    let sim = Sim::with(|settings| settings.quirks.fills_after = TimeDelta::seconds(5)).await;
    sim.buy("AAPL", "1").await;
    let rows = async || sim.get("/v2/account/activities/FILL").await.ok().as_array().unwrap().len();
    assert_eq!(rows().await, 0);
    sim.control.step(TimeDelta::seconds(6)).unwrap();
    assert_eq!(rows().await, 1);
}

#[tokio::test]
async fn what_changed_is_told_once() {
    let sim = Sim::start().await;
    sim.buy("AAPL", "1").await;
    let moment = sim.control.truth()["changed"].as_str().unwrap().parse().unwrap();
    let told = sim.control.truth_since(moment);
    assert_eq!((&told["orders"], &told["executions"]), (&json!([]), &json!([])));
    assert_eq!(told["positions"][0]["qty"], "1");
    sim.buy("MSFT", "1").await;
    let told = sim.control.truth_since(moment);
    assert_eq!(told["orders"].as_array().unwrap().len(), 1);
    assert_eq!(told["executions"][0]["symbol"], "MSFT");
}
