//! Every cell of the table in `server/transport.rs`: states by inputs.
//!
//! A line of a table below is an input and its outcome: what each connection
//! gets, then the events, then where the session is. `g` are GETs, `p` POSTs and `w`
//! WebSockets, counted in the order in which they came; in all states but those that say
//! so a GET (`g1`) waits. Both revisions give the same transcript.

mod common;

use common::cell::{Input, walk};
use common::{Failure, Scenario};

use Input::{
    Close, CloseTimeout, Frame, FramesFail, Get, GetFails, Goodbye, IllegalBody, Message, Post,
    PostFails, Silence, Stranger, UpgradeTimeout, WebSocket,
};

const CLOSED: Failure = Failure::Closed(engineio_proto::CloseCode::NORMAL);

#[test]
fn polling() {
    walk(
        |scenario| scenario.polling().parked(),
        &[
            (Get, "g1: 200 1; g2: 400 | closed OverlappingPolls | over"),
            (Post, "polling"),
            (WebSocket, "w1: 101 | polling"),
            (Message, "p1: 200 ok | a | polling"),
            (Goodbye, "g1: 200 6; p1: 200 ok | a, closed Peer | over"),
            (IllegalBody, "g1: 200 1; p1: 400 | closed Packet | over"),
            (GetFails(Failure::Gone), "polling"),
            (GetFails(Failure::TooLarge), "g1: 413 | polling"),
            (GetFails(Failure::Malformed), "g1: 400 | polling"),
            (GetFails(Failure::TimedOut), "g1: 408 | polling"),
            (Silence, "g1: 200 1 | closed PingTimeout | over"),
            (Close, "g1: 200 1 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn polling_without_a_get() {
    walk(
        |scenario| scenario.polling().followed(),
        &[
            (Get, "polling"),
            (Post, "polling"),
            (WebSocket, "w1: 101 | polling"),
            (Message, "p1: 200 ok | a | polling"),
            (Goodbye, "p1: 200 ok | a, closed Peer | over"),
            (IllegalBody, "p1: 400 | closed Packet | over"),
            (Silence, "closed PingTimeout | over"),
            (Close, "closing"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn polling_where_upgrades_are_off() {
    walk(
        |scenario| scenario.config(|config| config.allow_upgrades(false)).polling().parked(),
        &[(WebSocket, "w1: 400 code 3 | polling")],
    );
}

#[test]
fn framed_where_upgrades_are_off() {
    walk(
        |scenario| scenario.config(|config| config.allow_upgrades(false)).websocket(),
        &[(WebSocket, "w2: 101, hangup 1008 | websocket")],
    );
}

#[test]
fn polling_with_a_post_under_way() {
    walk(
        |scenario| scenario.polling().parked().posting(),
        &[
            (Get, "g1: 200 1; p1: 400; g2: 400 | closed OverlappingPolls | over"),
            (Post, "g1: 200 1; p1: 400; p2: 400 | closed OverlappingPosts | over"),
            (WebSocket, "w1: 101 | polling"),
            (PostFails(Failure::Gone), "g1: 200 1 | closed TransportLost | over"),
            (PostFails(Failure::TooLarge), "p1: 413 | polling"),
            (PostFails(Failure::Malformed), "g1: 200 1; p1: 400 | closed Framing | over"),
            (PostFails(Failure::TimedOut), "g1: 200 1; p1: 408 | closed SlowBody | over"),
            (Silence, "g1: 200 1; p1: 408 | closed SlowBody | over"),
            (Close, "g1: 200 1; p1: 400 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn polling_and_closing() {
    // No GET waits: it would take the last word with it.
    walk(
        |scenario| scenario.polling().followed().closing(),
        &[
            (Get, "g1: 200 1 | closed Application | over"),
            (Post, "closing"),
            (WebSocket, "w1: 101 | closing"),
            (Message, "p1: 200 ok | closing"),
            (Goodbye, "p1: 200 ok | closed Peer | over"),
            (IllegalBody, "p1: 400 | closed Packet | over"),
            (CloseTimeout, "closed Application | over"),
            (Close, "closing"),
            (Stranger, "closing"),
        ],
    );
}

#[test]
fn probing() {
    walk(
        |scenario| scenario.polling().parked().probing(),
        &[
            (Get, "g1: 200 1; w1: hangup 1000; g2: 400 | closed OverlappingPolls | over"),
            (Post, "polling"),
            (WebSocket, "w2: 101, hangup 1008 | polling"),
            (Message, "p1: 200 ok | a | polling"),
            (Goodbye, "g1: 200 6; w1: hangup 1000; p1: 200 ok | a, closed Peer | over"),
            (IllegalBody, "g1: 200 1; w1: hangup 1000; p1: 400 | closed Packet | over"),
            (Frame("2probe"), "g1: 200 6; w1: 3probe | polling"),
            (Frame("5"), "g1: 200 6 | upgraded | websocket"),
            (Frame("4a"), "w1: hangup 1000 | polling"),
            (Frame("2"), "w1: hangup 1000 | polling"),
            (Frame("1"), "w1: hangup 1000 | polling"),
            (Frame("x"), "w1: hangup 1000 | polling"),
            (GetFails(Failure::Gone), "polling"),
            (FramesFail(Failure::Gone), "polling"),
            (FramesFail(CLOSED), "w1: hangup 1000 | polling"),
            (FramesFail(Failure::TooLarge), "w1: hangup 1000 | polling"),
            (UpgradeTimeout, "w1: hangup 1000 | polling"),
            (Close, "g1: 200 1; w1: hangup 1000 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn probing_with_a_post_under_way() {
    walk(
        |scenario| scenario.polling().parked().posting().probing(),
        &[
            (Post, "g1: 200 1; p1: 400; w1: hangup 1000; p2: 400 | closed OverlappingPosts | over"),
            (PostFails(Failure::Gone), "g1: 200 1; w1: hangup 1000 | closed TransportLost | over"),
            (PostFails(Failure::TooLarge), "p1: 413 | polling"),
            (
                PostFails(Failure::Malformed),
                "g1: 200 1; p1: 400; w1: hangup 1000 | closed Framing | over",
            ),
            (
                PostFails(Failure::TimedOut),
                "g1: 200 1; p1: 408; w1: hangup 1000 | closed SlowBody | over",
            ),
            (Frame("5"), "g1: 200 6; p1: 400 | upgraded | websocket"),
            (Close, "g1: 200 1; p1: 400; w1: hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn probed() {
    // No GET waits: it was answered.
    walk(
        |scenario| scenario.polling().probed(),
        &[
            (Get, "g1: 200 6 | polling"),
            (Post, "polling"),
            (WebSocket, "w2: 101, hangup 1008 | polling"),
            (Message, "p1: 200 ok | a | polling"),
            (Goodbye, "w1: hangup 1000; p1: 200 ok | a, closed Peer | over"),
            (IllegalBody, "w1: hangup 1000; p1: 400 | closed Packet | over"),
            (Frame("2probe"), "w1: 3probe | polling"),
            (Frame("5"), "upgraded | websocket"),
            (Frame("4a"), "w1: hangup 1000 | polling"),
            (FramesFail(Failure::Gone), "polling"),
            (FramesFail(CLOSED), "w1: hangup 1000 | polling"),
            (Close, "closing"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn probed_and_closing() {
    walk(
        |scenario| scenario.polling().probed().closing(),
        &[
            (Get, "g1: 200 1 | closed Application | over"),
            (WebSocket, "w2: 101, hangup 1008 | closing"),
            (Message, "p1: 200 ok | closing"),
            (Goodbye, "w1: hangup 1000; p1: 200 ok | closed Peer | over"),
            (Frame("2probe"), "w1: 3probe | closing"),
            (Frame("5"), "w1: 1, hangup 1000 | upgraded, closed Application | over"),
            (Frame("4a"), "w1: hangup 1000 | closing"),
            (FramesFail(Failure::Gone), "closing"),
            (CloseTimeout, "w1: hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn framed() {
    for state in [Scenario::websocket, |scenario: Scenario| scenario.polling().upgraded()] {
        walk(
            state,
            &[
                (Get, "g1: 400 code 3 | websocket"),
                (Post, "p1: 400 code 3 | websocket"),
                (WebSocket, "w2: 101, hangup 1008 | websocket"),
                (Frame("4a"), "a | websocket"),
                (Frame("0{}"), "websocket"),
                (Frame("5"), "websocket"),
                (Frame("6"), "websocket"),
                (Frame("1"), "w1: hangup 1000 | closed Peer | over"),
                (Frame("x"), "w1: hangup 1002 | closed Packet | over"),
                (Frame(""), "w1: hangup 1002 | closed Packet | over"),
                (FramesFail(Failure::Gone), "closed TransportLost | over"),
                (FramesFail(CLOSED), "w1: hangup 1000 | closed Peer 1000 | over"),
                (FramesFail(Failure::TooLarge), "w1: hangup 1009 | closed TooLarge | over"),
                (FramesFail(Failure::Malformed), "w1: hangup 1002 | closed Framing | over"),
                (FramesFail(Failure::TimedOut), "w1: hangup 1000 | closed TransportLost | over"),
                (Close, "w1: 1, hangup 1000 | closed Application | over"),
                (Stranger, "websocket"),
            ],
        );
    }
}

#[test]
fn framed_and_closing() {
    walk(
        |scenario| scenario.websocket().closing(),
        &[
            (Get, "w1: 1, hangup 1000; g1: 400 code 3 | closed Application | over"),
            (Post, "w1: 1, hangup 1000; p1: 400 code 3 | closed Application | over"),
            (WebSocket, "w1: 1, hangup 1000; w2: 101, hangup 1008 | closed Application | over"),
            (Frame("4a"), "w1: 1, hangup 1000 | closed Application | over"),
            (Frame("1"), "w1: hangup 1000 | closed Peer | over"),
            (Frame("x"), "w1: hangup 1002 | closed Packet | over"),
            (FramesFail(Failure::Gone), "closed TransportLost | over"),
            (CloseTimeout, "w1: hangup 1000 | closed Application | over"),
            (Close, "w1: 1, hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn closed() {
    for state in [
        |scenario: Scenario| scenario.polling().parked().posting().probed().closed(),
        |scenario: Scenario| scenario.websocket().parked().posting().closed(),
    ] {
        walk(
            state,
            &[
                (Get, "g2: 400 code 1 | over"),
                (Post, "p2: 400 code 1 | over"),
                (WebSocket, "w2: 400 code 1 | over"),
                (Message, "p2: 400 code 1 | over"),
                (Goodbye, "p2: 400 code 1 | over"),
                (IllegalBody, "p2: 400 code 1 | over"),
                (Frame("4a"), "over"),
                (Frame("5"), "over"),
                (GetFails(Failure::Gone), "over"),
                (PostFails(Failure::TooLarge), "over"),
                (FramesFail(Failure::Gone), "over"),
                (Silence, "over"),
                (Close, "over"),
                (Stranger, "over"),
            ],
        );
    }
}
