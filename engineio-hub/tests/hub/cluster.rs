//! A server that is one of several.

use engineio_proto::NodeTag;

use crate::common::world::World;

const POLLING: &str = "EIO=4&transport=polling";

/// A world of the node with this tag.
fn node(tag: &str) -> World {
    let tag: NodeTag = tag.parse().unwrap();
    World::with(|config| config.node(tag))
}

#[test]
fn sids_of_a_node_begin_with_its_tag() {
    let world = node("n1");
    let client = world.clone();
    world.run(async move {
        let call = client.get(POLLING);
        let socket = client.accept().await;
        assert_eq!(socket.sid().node(), client.hub.config().node());
        let sid = socket.sid().as_str().to_owned();
        assert_eq!((sid.len(), &sid[..3]), (25, "n1."));
        assert_eq!(call.status().await, 200);
        let ok = client.post(&format!("{POLLING}&sid={sid}"), "4hello");
        assert_eq!(ok.status().await, 200);
    });
}
