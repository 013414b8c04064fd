//! Every cell of the table in `client/transport.rs`: states by inputs.
//!
//! A line of a table below is an input and its outcome: what is started and written,
//! then the events, then where the session is. `g` are GETs, `p` POSTs and `w` WebSockets,
//! counted in the order in which they were started; in all states but those that say so
//! a GET (`g1`) waits. Both revisions give the same transcript.

mod common;

use common::client_cell::{Input, walk};
use common::{ClientScenario, Failure};
use engineio_proto::Transport::{Polling, WebSocket};

use Input::{
    Abort, Answer, Close, CloseTimeout, ConnectTimeout, Frame, FramesFail, GetFails, Goodbye,
    IllegalAnswer, Ok, OpenAnswer, OpenFrame, PostFails, RefusedGet, RefusedPost, RefusedWebSocket,
    Send, Silence, Stranger, UpgradeTimeout, Upgraded,
};

const GONE: Failure = Failure::Gone;
const CLOSED: Failure = Failure::Closed(engineio_proto::CloseCode::NORMAL);

#[test]
fn opening_over_polling() {
    walk(
        ClientScenario::opening,
        &[
            (OpenAnswer, "WS w1; GET g2 | opened | polling"),
            (Answer, "WS w1 | opening"),
            (Goodbye, "WS w1 | opening"),
            (IllegalAnswer, "WS w1 | opening"),
            (RefusedGet, "closed Refused 400 | over"),
            (GetFails(GONE), "WS w1 | opening"),
            (GetFails(Failure::TooLarge), "WS w1; g1: hangup 1000 | opening"),
            (GetFails(Failure::Malformed), "WS w1; g1: hangup 1000 | opening"),
            (GetFails(Failure::TimedOut), "WS w1; g1: hangup 1000 | opening"),
            (ConnectTimeout, "WS w1; g1: hangup 1000 | opening"),
            (Send, "opening"),
            (Close, "closing"),
            (Abort, "g1: hangup 1000 | closed Application | over"),
            (Stranger, "opening"),
        ],
    );
}

#[test]
fn opening_over_the_last_transport() {
    walk(
        |scenario| scenario.transports(&[Polling]).opening(),
        &[
            (OpenAnswer, "GET g2 | opened | polling"),
            (Answer, "closed Unexpected | over"),
            (IllegalAnswer, "closed Packet | over"),
            (GetFails(GONE), "closed Unreachable | over"),
            (ConnectTimeout, "g1: hangup 1000 | closed ConnectTimeout | over"),
        ],
    );
    walk(
        |scenario| scenario.transports(&[WebSocket]).opening(),
        &[
            (Upgraded, "opening"),
            (RefusedWebSocket, "closed Refused 400 | over"),
            (OpenFrame, "opened | websocket"),
            (Frame("4a"), "w1: hangup 1000 | closed Unexpected | over"),
            (Frame("x"), "w1: hangup 1000 | closed Packet | over"),
            (FramesFail(GONE), "closed Unreachable | over"),
            (FramesFail(CLOSED), "w1: hangup 1000 | closed Server 1000 | over"),
            (FramesFail(Failure::TooLarge), "w1: hangup 1000 | closed TooLarge | over"),
            (FramesFail(Failure::Malformed), "w1: hangup 1000 | closed Framing | over"),
            (FramesFail(Failure::TimedOut), "w1: hangup 1000 | closed ConnectTimeout | over"),
            (ConnectTimeout, "w1: hangup 1000 | closed ConnectTimeout | over"),
            (Close, "closing"),
            (Abort, "w1: hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn opening_over_a_websocket() {
    walk(
        |scenario| scenario.transports(&[WebSocket, Polling]).opening(),
        &[
            (Upgraded, "opening"),
            (RefusedWebSocket, "GET g1 | opening"),
            (OpenFrame, "opened | websocket"),
            (Frame("4a"), "GET g1; w1: hangup 1000 | opening"),
            (FramesFail(GONE), "GET g1 | opening"),
            (FramesFail(CLOSED), "GET g1; w1: hangup 1000 | opening"),
            (ConnectTimeout, "GET g1; w1: hangup 1000 | opening"),
        ],
    );
}

#[test]
fn opening_and_closing() {
    walk(
        |scenario| scenario.opening().closing(),
        &[
            (OpenAnswer, "POST p1 1 | opened | closing"),
            (Answer, "WS w1 | closing"),
            (RefusedGet, "closed Refused 400 | over"),
            (GetFails(GONE), "WS w1 | closing"),
            (CloseTimeout, "g1: hangup 1000 | closed Application | over"),
            (Send, "closing"),
            (Close, "closing"),
            (Abort, "g1: hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn polling() {
    walk(
        ClientScenario::polling,
        &[
            (OpenAnswer, "closed Unexpected | over"),
            (Answer, "GET g2 | a | polling"),
            (Goodbye, "a, closed Server | over"),
            (IllegalAnswer, "closed Packet | over"),
            (RefusedGet, "closed Refused 400 | over"),
            (GetFails(GONE), "closed TransportLost | over"),
            (GetFails(Failure::TooLarge), "g1: hangup 1009 | closed TooLarge | over"),
            (GetFails(Failure::Malformed), "g1: hangup 1002 | closed Framing | over"),
            (GetFails(Failure::TimedOut), "g1: hangup 1000 | closed TransportLost | over"),
            (UpgradeTimeout, "polling"),
            (Send, "POST p1 4b | polling"),
            (Close, "POST p1 1 | closing"),
            (Abort, "g1: hangup 1000 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn polling_with_a_post_under_way() {
    walk(
        |scenario| scenario.polling().posting(),
        &[
            (Answer, "GET g2 | a | polling"),
            (Goodbye, "p1: hangup 1000 | a, closed Server | over"),
            (IllegalAnswer, "p1: hangup 1002 | closed Packet | over"),
            (RefusedGet, "p1: hangup 1000 | closed Refused 400 | over"),
            (GetFails(GONE), "p1: hangup 1000 | closed TransportLost | over"),
            (Ok, "polling"),
            (RefusedPost, "g1: hangup 1000 | closed Refused 400 | over"),
            (PostFails(GONE), "g1: hangup 1000 | closed TransportLost | over"),
            (PostFails(CLOSED), "g1: hangup 1000; p1: hangup 1000 | closed Server 1000 | over"),
            (
                PostFails(Failure::TooLarge),
                "g1: hangup 1009; p1: hangup 1009 | closed TooLarge | over",
            ),
            (
                PostFails(Failure::Malformed),
                "g1: hangup 1002; p1: hangup 1002 | closed Framing | over",
            ),
            (Silence, "g1: hangup 1000; p1: hangup 1000 | closed PingTimeout | over"),
            (Send, "polling"),
            (Close, "closing"),
            (Abort, "g1: hangup 1000; p1: hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn polling_and_closing() {
    // A POST is under way, and `1` has not left.
    walk(
        |scenario| scenario.polling().posting().closing(),
        &[
            (Answer, "GET g2 | closing"),
            (Goodbye, "p1: hangup 1000 | closed Server | over"),
            (RefusedGet, "p1: hangup 1000 | closed Refused 400 | over"),
            (Ok, "POST p2 1 | closing"),
            (RefusedPost, "g1: hangup 1000 | closed Refused 400 | over"),
            (CloseTimeout, "g1: hangup 1000; p1: hangup 1000 | closed Application | over"),
            (Send, "closing"),
            (Close, "closing"),
        ],
    );
}

#[test]
fn polling_and_closed_but_for_the_last_answer() {
    let state = |scenario: ClientScenario| {
        let mut scene = scenario.polling().closing();
        assert_eq!(scene.outcome(), "POST p1 1 | closing");
        scene
    };
    walk(
        state,
        &[
            (Answer, "closing"),
            (Goodbye, "closing"),
            (IllegalAnswer, "closing"),
            (RefusedGet, "closing"),
            (GetFails(GONE), "closing"),
            (GetFails(Failure::TimedOut), "closing"),
            (Ok, "g1: hangup 1000 | closed Application | over"),
            (RefusedPost, "g1: hangup 1000 | closed Application | over"),
            (PostFails(GONE), "g1: hangup 1000 | closed TransportLost | over"),
            (CloseTimeout, "g1: hangup 1000; p1: hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn asking_for_a_websocket() {
    walk(
        ClientScenario::asking,
        &[
            (Answer, "GET g2 | a | polling"),
            (Goodbye, "w1: hangup 1000 | a, closed Server | over"),
            (IllegalAnswer, "w1: hangup 1002 | closed Packet | over"),
            (RefusedGet, "w1: hangup 1000 | closed Refused 400 | over"),
            (GetFails(GONE), "w1: hangup 1000 | closed TransportLost | over"),
            (Upgraded, "w1: 2probe | polling"),
            (RefusedWebSocket, "polling"),
            (Frame("3probe"), "w1: hangup 1000 | polling"),
            (FramesFail(GONE), "polling"),
            (FramesFail(CLOSED), "w1: hangup 1000 | polling"),
            (UpgradeTimeout, "w1: hangup 1000 | polling"),
            (Send, "POST p1 4b | polling"),
            (Close, "POST p1 1; w1: hangup 1000 | closing"),
            (Abort, "w1: hangup 1000; g1: hangup 1000 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn probing() {
    walk(
        ClientScenario::probing,
        &[
            (Answer, "GET g2 | a | polling"),
            (Goodbye, "w1: hangup 1000 | a, closed Server | over"),
            (GetFails(GONE), "w1: hangup 1000 | closed TransportLost | over"),
            (Upgraded, "polling"),
            (RefusedWebSocket, "polling"),
            (Frame("3probe"), "polling"),
            (Frame("3"), "w1: hangup 1000 | polling"),
            (Frame("4a"), "w1: hangup 1000 | polling"),
            (Frame("1"), "w1: hangup 1000 | polling"),
            (Frame("x"), "w1: hangup 1000 | polling"),
            (FramesFail(GONE), "polling"),
            (FramesFail(CLOSED), "w1: hangup 1000 | polling"),
            (FramesFail(Failure::TooLarge), "w1: hangup 1000 | polling"),
            (UpgradeTimeout, "w1: hangup 1000 | polling"),
            (Send, "POST p1 4b | polling"),
            (Close, "POST p1 1; w1: hangup 1000 | closing"),
            (Abort, "w1: hangup 1000; g1: hangup 1000 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn pausing() {
    walk(
        ClientScenario::pausing,
        &[
            (Answer, "w1: 5 | a, upgraded | websocket"),
            (Goodbye, "w1: hangup 1000 | a, closed Server | over"),
            (IllegalAnswer, "w1: hangup 1002 | closed Packet | over"),
            (RefusedGet, "w1: hangup 1000 | closed Refused 400 | over"),
            (GetFails(GONE), "w1: hangup 1000 | closed TransportLost | over"),
            (Upgraded, "polling"),
            (Frame("3probe"), "w1: hangup 1000 | polling"),
            (Frame("4a"), "w1: hangup 1000 | polling"),
            (FramesFail(GONE), "polling"),
            (FramesFail(CLOSED), "w1: hangup 1000 | polling"),
            (UpgradeTimeout, "w1: hangup 1000 | polling"),
            (Send, "polling"),
            (Close, "POST p1 1; w1: hangup 1000 | closing"),
            (Abort, "w1: hangup 1000; g1: hangup 1000 | closed Application | over"),
            (Stranger, "polling"),
        ],
    );
}

#[test]
fn pausing_with_a_post_under_way() {
    let state = |scenario: ClientScenario| {
        let mut scene = scenario.probing().posting();
        scene.frame("w1", "3probe");
        scene
    };
    walk(
        state,
        &[
            (Answer, "a | polling"),
            (Ok, "polling"),
            (RefusedPost, "w1: hangup 1000; g1: hangup 1000 | closed Refused 400 | over"),
            (PostFails(GONE), "w1: hangup 1000; g1: hangup 1000 | closed TransportLost | over"),
            (FramesFail(GONE), "polling"),
            (UpgradeTimeout, "w1: hangup 1000 | polling"),
            (Close, "w1: hangup 1000 | closing"),
        ],
    );
}

#[test]
fn framed() {
    for state in [ClientScenario::websocket, ClientScenario::moved] {
        walk(
            state,
            &[
                (Upgraded, "websocket"),
                (OpenFrame, "w1: hangup 1002 | closed Unexpected | over"),
                (Frame("4a"), "a | websocket"),
                (Frame("5"), "w1: hangup 1002 | closed Unexpected | over"),
                (Frame("6"), "websocket"),
                (Frame("1"), "closing"),
                (Frame("x"), "w1: hangup 1002 | closed Packet | over"),
                (Frame(""), "w1: hangup 1002 | closed Packet | over"),
                (FramesFail(GONE), "closed TransportLost | over"),
                (FramesFail(CLOSED), "w1: hangup 1000 | closed Server 1000 | over"),
                (FramesFail(Failure::TooLarge), "w1: hangup 1009 | closed TooLarge | over"),
                (FramesFail(Failure::Malformed), "w1: hangup 1002 | closed Framing | over"),
                (FramesFail(Failure::TimedOut), "w1: hangup 1000 | closed TransportLost | over"),
                (UpgradeTimeout, "websocket"),
                (Silence, "w1: hangup 1000 | closed PingTimeout | over"),
                (Send, "w1: 4b | websocket"),
                (Close, "w1: 1, hangup 1000 | closed Application | over"),
                (Abort, "w1: hangup 1000 | closed Application | over"),
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
            (Frame("4a"), "w1: 1, hangup 1000 | closed Application | over"),
            (Frame("1"), "w1: hangup 1000 | closed Server | over"),
            (Frame("x"), "w1: hangup 1002 | closed Packet | over"),
            (FramesFail(GONE), "closed TransportLost | over"),
            (CloseTimeout, "w1: hangup 1000 | closed Application | over"),
            (Send, "w1: 1, hangup 1000 | closed Application | over"),
            (Close, "w1: 1, hangup 1000 | closed Application | over"),
        ],
    );
}

#[test]
fn closed() {
    for state in [
        |scenario: ClientScenario| scenario.probing().posting().closed(),
        |scenario: ClientScenario| scenario.moved().closed(),
    ] {
        walk(
            state,
            &[
                (OpenAnswer, "over"),
                (Goodbye, "over"),
                (RefusedGet, "over"),
                (GetFails(GONE), "over"),
                (Upgraded, "over"),
                (RefusedWebSocket, "over"),
                (OpenFrame, "over"),
                (Frame("3probe"), "over"),
                (Frame("x"), "over"),
                (FramesFail(CLOSED), "over"),
                (ConnectTimeout, "over"),
                (Silence, "over"),
                (Send, "over"),
                (Close, "over"),
                (Abort, "over"),
                (Stranger, "over"),
            ],
        );
    }
}

#[test]
fn websocket_that_connects_after_the_end_is_hung_up() {
    walk(
        |scenario| {
            let mut scene = scenario.asking();
            scene.session.abort(scene.time());
            scene
        },
        &[
            (Upgraded, "w1: hangup 1000; g1: hangup 1000 | closed Application | over"),
            (RefusedWebSocket, "g1: hangup 1000 | closed Application | over"),
            (Answer, "w1: hangup 1000 | closed Application | over"),
        ],
    );
}
