//! Servers that are nodes of a cluster over a real NATS or Redis, which is killed, stopped and
//! started again, as are the nodes themselves.

mod buses {
    #[macro_use]
    mod over_both;

    mod engine;
    mod forwarding;
    mod node;
    mod processes;
    mod suite;
}
