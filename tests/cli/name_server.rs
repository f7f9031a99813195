//! A name server on loopback with a handful of records.

use std::{
    net::UdpSocket,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CAA, CNAME},
    },
};

/// What a name has.
#[derive(Clone)]
pub enum Has {
    Name(&'static str),
    Address([u8; 4]),
    /// A CAA record: tag and value.
    Caa(&'static str, &'static str),
    /// The server fails when it is asked for this name.
    Failure,
}

pub struct NameServer {
    pub address: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    pub fn start(zone: Vec<(&'static str, Has)>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut packet = [0; 1500];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((length, client)) = socket.recv_from(&mut packet) {
                    let answer = answer(&zone, &Message::from_vec(&packet[..length]).unwrap());
                    socket.send_to(&answer.to_vec().unwrap(), client).unwrap();
                }
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(zone: &[(&str, Has)], question: &Message) -> Message {
    let query = &question.queries[0];
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_query(query.clone());
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    let mut name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let mut is_known = false;
    loop {
        let here: Vec<&Has> = zone.iter().filter(|(known, _)| *known == name).map(|(_, has)| has).collect();
        is_known |= !here.is_empty();
        let mut next = None;
        for has in here {
            let data = match has {
                Has::Name(target) => {
                    next = Some((*target).to_owned());
                    RData::CNAME(CNAME(Name::from_ascii(format!("{target}.")).unwrap()))
                }
                Has::Address([a, b, c, d]) => RData::A(A::new(*a, *b, *c, *d)),
                Has::Caa(tag, value) => {
                    let mut caa = CAA::new_issue(false, None, Vec::new());
                    caa.tag = (*tag).to_owned();
                    caa.value = value.as_bytes().to_vec();
                    RData::CAA(caa)
                }
                Has::Failure => {
                    answer.metadata.response_code = ResponseCode::ServFail;
                    return answer;
                }
            };
            if data.record_type() == query.query_type() || data.record_type() == RecordType::CNAME {
                let owner = Name::from_ascii(format!("{name}.")).unwrap();
                answer.add_answer(Record::from_rdata(owner, 60, data));
            }
        }
        match next.filter(|_| query.query_type() != RecordType::CNAME) {
            Some(target) => name = target,
            None => break,
        }
    }
    if !is_known {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer
}
