//! Directories of a cluster that need no service.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use engineio_hub::cluster::{Directory, InvalidTemplate, Nodes};
use engineio_proto::NodeTag;

/// Where the directory says at once that this node is.
fn place(nodes: &Nodes, tag: &str) -> Option<String> {
    let tag: NodeTag = tag.parse().expect("a legal tag");
    let located = pin!(nodes.locate(&tag)).poll(&mut Context::from_waker(Waker::noop()));
    match located {
        Poll::Ready(place) => place.map(|place| place.to_string()),
        Poll::Pending => panic!("it asks nobody"),
    }
}

#[test]
fn list_of_nodes_knows_those_and_no_others() {
    let tag = "a".parse().expect("a legal tag");
    let nodes = Nodes::fixed([(tag, "http://10.0.0.1:3000".parse().expect("a URL"))]);
    assert_eq!(place(&nodes, "a").as_deref(), Some("http://10.0.0.1:3000/"));
    assert_eq!(place(&nodes, "b"), None);
}

#[test]
fn template_puts_the_tag_into_the_host() {
    let nodes = Nodes::template("http://{node}.chat.svc:3000").expect("a template");
    assert_eq!(place(&nodes, "chat-0").as_deref(), Some("http://chat-0.chat.svc:3000/"));
    let nodes = Nodes::template("http://chat-{node}/").expect("a template");
    assert_eq!(place(&nodes, "1").as_deref(), Some("http://chat-1/"));
}

#[test]
fn template_whose_tag_would_not_be_in_the_host_is_refused() {
    for template in [
        "http://chat.svc:3000",
        "http://chat.svc:3000/{node}",
        "http://chat.svc:{node}",
        "http://{node}@chat.svc",
        "http://{node}.{node}.svc",
        "{node}.chat.svc:3000",
        "{node}",
        "",
    ] {
        let refused = Nodes::template(template).err();
        assert_eq!(refused, Some(InvalidTemplate::NoHost), "{template}");
    }
}

#[test]
fn template_of_another_scheme_than_http_is_refused_with_what_to_do() {
    for template in ["https://{node}.chat.svc", "ftp://{node}.chat.svc"] {
        let refused = Nodes::template(template).expect_err(template);
        assert_eq!(refused, InvalidTemplate::Scheme);
        assert!(refused.to_string().contains("use `http`"), "{refused}");
    }
}
