//! A small HTTP server on loopback, answered by a closure, that remembers what it was asked.

use std::{
    io::Cursor,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use tiny_http::{Header, Response, Server as Listener};

/// A request as it came; the target is not normalised.
pub struct Asked {
    pub method: String,
    pub target: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer: status, headers, body.
pub type Said = (u16, Vec<(&'static str, String)>, String);

/// Answers until it is dropped.
pub struct Server {
    pub url: String,
    calls: Arc<Mutex<Vec<String>>>,
    listener: Arc<Listener>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Not an answer: the body never comes.
    pub const NO_ANSWER: Said = (0, Vec::new(), String::new());

    pub fn start(answer: impl Fn(&Asked) -> Said + Send + 'static) -> Self {
        let listener = Arc::new(Listener::http("127.0.0.1:0").unwrap());
        let url = format!("http://{}", listener.server_addr().to_ip().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (of_thread, seen) = (listener.clone(), calls.clone());
        let thread = std::thread::spawn(move || {
            for request in of_thread.incoming_requests() {
                let text = |header: &Header| (header.field.to_string(), header.value.to_string());
                let asked = Asked {
                    method: request.method().to_string(),
                    target: request.url().to_owned(),
                    headers: request.headers().iter().map(text).collect(),
                };
                seen.lock().unwrap().push(format!("{} {}", asked.method, asked.target));
                let (status, headers, body) = answer(&asked);
                // The body that is announced never comes.
                let length = if status == Self::NO_ANSWER.0 { 1 } else { body.len() };
                let status = if status == Self::NO_ANSWER.0 { 200 } else { status };
                let headers = headers.iter().map(|(name, value)| Header::from_bytes(*name, value.as_bytes()).unwrap()).collect();
                let _ = request.respond(Response::new(status.into(), headers, Cursor::new(body), Some(length), None));
            }
        });
        Self { url, calls, listener, thread: Some(thread) }
    }

    /// Every request so far, as `GET /path`.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listener.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A JSON answer.
pub fn json(status: u16, value: &serde_json::Value) -> Said {
    (status, vec![("content-type", "application/json".to_owned())], value.to_string())
}
