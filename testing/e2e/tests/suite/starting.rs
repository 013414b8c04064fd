//! What an example says when it can't start.

use crate::binding::BINDING;
use e2e::Example;
use std::net::TcpListener;

#[test]
fn taken_port_is_named_with_the_option_for_another() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for example in ["echo", "chat"] {
        let (is_success, said) = Example::run(BINDING, example, &["--listen", &address]);
        assert!(!is_success, "{example} succeeded");
        assert!(said.contains(&address) && said.contains("--listen"), "{example}: {said}");
    }
}
