//! One cell of a table of states by inputs.

use engineio_proto::CloseCode;

use super::{ConnId, Failure, REVISIONS, Scenario, Scene, scenario};

/// Walks one state: each input, and its outcome in both revisions.
pub(crate) fn walk(state: impl Fn(Scenario) -> Scene, lines: &[(Input, &str)]) {
    for (input, expected) in lines {
        for revision in REVISIONS {
            let mut scene = state(scenario().revision(revision));
            input.happens_in(&mut scene);
            assert_eq!(scene.outcome(), *expected, "{input:?} in revision {revision:?}");
        }
    }
}

/// One thing that happens to a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    Get,
    Post,
    WebSocket,
    /// A POST with a message in it.
    Message,
    /// A POST with a message, then `1`, then another.
    Goodbye,
    IllegalBody,
    /// On `w1`, as are all frames.
    Frame(&'static str),
    GetFails(Failure),
    PostFails(Failure),
    FramesFail(Failure),
    UpgradeTimeout,
    /// Neither ping nor pong comes.
    Silence,
    CloseTimeout,
    Close,
    /// Facts about a connection that never was.
    Stranger,
}

impl Input {
    fn happens_in(self, scene: &mut Scene) {
        match self {
            Self::Get => {
                scene.get();
            }
            Self::Post => {
                scene.begin_post();
            }
            Self::WebSocket => {
                scene.upgrade();
            }
            Self::Message => {
                scene.post(&["4a"]);
            }
            Self::Goodbye => {
                scene.post(&["4a", "1", "4b"]);
            }
            Self::IllegalBody => {
                scene.post(&["4a", "x"]);
            }
            Self::Frame(text) => scene.frame(scene.conn("w1"), text),
            Self::GetFails(why) => scene.fail(scene.conn("g1"), why),
            Self::PostFails(why) => scene.fail(scene.conn("p1"), why),
            Self::FramesFail(why) => scene.fail(scene.conn("w1"), why),
            Self::UpgradeTimeout => scene.wait(10_000),
            Self::Silence => {
                scene.wait(25_000);
                scene.wait(20_000);
            }
            Self::CloseTimeout => {
                scene.wait(29_999);
                assert!(!scene.session.is_closed(), "the end came early");
                scene.wait(1);
            }
            Self::Close => scene.close(),
            Self::Stranger => {
                let stranger = ConnId(99);
                scene.body(stranger, "4a");
                scene.frame(stranger, "4a");
                for why in FAILURES {
                    scene.fail(stranger, why);
                }
            }
        }
    }
}

const FAILURES: [Failure; 5] = [
    Failure::Gone,
    Failure::Closed(CloseCode::NORMAL),
    Failure::TooLarge,
    Failure::Malformed,
    Failure::TimedOut,
];
