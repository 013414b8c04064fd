//! The server that is made of `std` alone, with a client that is.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

#[expect(dead_code, reason = "an example has a main of its own")]
#[path = "../../engineio-proto/examples/std_server.rs"]
mod std_server;

#[test]
fn std_server_echoes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || std_server::serve(&listener));

    let open = ask(address, "GET", "", "");
    assert!(open.starts_with("HTTP/1.1 200") && open.contains(r#""upgrades":[]"#), "{open}");
    let sid = format!("&sid={}", docs::sid(&open).unwrap());
    let waiting = {
        let sid = sid.clone();
        thread::spawn(move || ask(address, "GET", &sid, ""))
    };
    assert!(ask(address, "POST", &sid, "4hello\u{1e}4there").ends_with("\r\n\r\nok"));
    let echo = waiting.join().unwrap();
    assert!(echo.ends_with("\r\n\r\n4hello\u{1e}4there"), "{echo}");
    assert!(ask(address, "POST", &sid, "1").ends_with("ok"));
    assert!(ask(address, "GET", &sid, "").ends_with(r#""Session ID unknown"}"#));
}

fn ask(address: SocketAddr, method: &str, sid: &str, body: &str) -> String {
    let target = format!("/engine.io/?EIO=4&transport=polling{sid}");
    let length = body.len();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {target} HTTP/1.1\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
