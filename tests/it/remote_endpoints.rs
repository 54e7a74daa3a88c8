//! Ports of the server that lead to ports of nodes, with real agents: what is listened on, who gets through, and what is said
//! when a port is another's.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::real_server::{RealServer, until};

const NEWER: &str = "/pools?api-version=2025-06-01";

/// A range of frontend ports below those that the kernel gives to outgoing connections. Tests run side by side, each in a
/// process of its own, so each has its own range.
fn range() -> (i32, i32) {
    let first = 20_000 + i32::try_from(std::process::id() % 200).unwrap() * 50;
    (first, first + 49)
}

fn pool(protocol: &str, backend: u16, (first, last): (i32, i32), rules: Value) -> Value {
    let nat = json!({ "name": "web", "protocol": protocol, "backendPort": backend, "frontendPortRangeStart": first,
        "frontendPortRangeEnd": last, "networkSecurityGroupRules": rules });
    let network = json!({ "endpointConfiguration": { "inboundNATPools": [nat] } });
    json!({ "id": "p", "vmSize": "local_1", "targetDedicatedNodes": 1, "networkConfiguration": network })
}

/// The port that leads to the pool's node.
async fn frontend(server: &RealServer) -> u16 {
    server.batch.nodes_are("p", "idle", 1).await;
    let nodes = server.batch.all("/pools/p/nodes").await;
    let endpoint = &nodes[0]["endpointConfiguration"]["inboundEndpoints"][0];
    assert_eq!(endpoint["name"], "web.0");
    u16::try_from(endpoint["frontendPort"].as_u64().unwrap()).unwrap()
}

/// What answers on the node; says each line back, until it is dropped.
fn echo() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = listener.try_clone().unwrap();
    std::thread::spawn(move || {
        for mut stream in answering.incoming().flatten() {
            let mut byte = [0; 5];
            if stream.read_exact(&mut byte).is_ok() {
                let _ = stream.write_all(&byte);
            }
        }
    });
    (listener, port)
}

fn gets_through(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = [0; 5];
    stream.write_all(b"hello").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"hello"
}

#[tokio::test]
async fn a_port_leads_to_the_node_for_those_whom_the_rules_let_in() {
    let server = RealServer::start().await;
    let (_listener, backend) = echo();
    let rules = json!([
        { "priority": 300, "access": "deny", "sourceAddressPrefix": "*" },
        { "priority": 200, "access": "allow", "sourceAddressPrefix": "127.0.0.0/8" },
    ]);
    server.batch.post(NEWER, pool("tcp", backend, range(), rules)).await.is(201);
    let port = frontend(&server).await;
    until("it leads there", || gets_through(port)).await;
    server.batch.delete("/pools/p").await.is(202);
    until("it is closed with the pool", || TcpStream::connect(("127.0.0.1", port)).is_err()).await;

    let rules = json!([
        { "priority": 200, "access": "deny", "sourceAddressPrefix": "127.0.0.1" },
        { "priority": 300, "access": "allow", "sourceAddressPrefix": "*" },
    ]);
    server.batch.until("/pools", |page| page["value"].as_array().is_some_and(Vec::is_empty)).await;
    server.batch.post(NEWER, pool("tcp", backend, range(), rules)).await.is(201);
    let port = frontend(&server).await;
    until("it is listened on", || TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    assert!(!gets_through(port));
}

#[tokio::test]
async fn datagrams_go_there_and_back() {
    let server = RealServer::start().await;
    let node = UdpSocket::bind("127.0.0.1:0").unwrap();
    let backend = node.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut datagram = [0; 100];
        while let Ok((length, from)) = node.recv_from(&mut datagram) {
            let _ = node.send_to(&datagram[..length], from);
        }
    });
    server.batch.post(NEWER, pool("udp", backend, range(), json!([]))).await.is(201);
    let port = frontend(&server).await;
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut answer = [0; 100];
    until("an answer", || {
        client.send_to(b"hello", ("127.0.0.1", port)).unwrap();
        client.recv_from(&mut answer).is_ok()
    })
    .await;
    assert_eq!(&answer[..5], b"hello");
}

#[tokio::test]
async fn a_port_that_is_anothers_is_an_error_of_the_node_until_it_is_free() {
    let server = RealServer::start().await;
    let (_listener, backend) = echo();
    let (first, last) = range();
    let taken: Vec<TcpListener> =
        (first..=last).filter_map(|port| TcpListener::bind(("127.0.0.1", port as u16)).ok()).collect();
    server.batch.post(NEWER, pool("tcp", backend, (first, last), json!([]))).await.is(201);
    let port = frontend(&server).await;
    let error_is = async |expected: Option<&str>| {
        let is_so = |page: &Value| {
            let node = &page["value"][0];
            node["state"] == "idle" && node["errors"][0]["code"].as_str() == expected
        };
        server.batch.until("/pools/p/nodes", is_so).await;
    };
    error_is(Some("EndpointPortInUse")).await;
    drop(taken);
    error_is(None).await;
    assert!(gets_through(port));
}
