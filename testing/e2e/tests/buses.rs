//! Servers that are nodes of a cluster over a real NATS or Redis, which is killed, stopped and
//! started again.

mod buses {
    mod engine;
    mod node;
    mod suite;
}
