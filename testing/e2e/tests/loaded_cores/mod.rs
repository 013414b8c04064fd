//! The cases of the conformance suite of revision 4 that ask for timing, two hundred times each while two threads
//! keep two cores busy: what holds only on an idle machine doesn't hold.
//!
//! A test binary of its own, since the tests of another one should not run beside these threads.

use crate::binding::BINDING;
use core::hint;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;
use e2e::{Options, Server};
use peer::{Polling, Revision};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

const TIMES: usize = 200;

/// Two tests at once would be four busy threads.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Runs `once` two hundred times on loaded cores, `together` at a time.
async fn repeat<F>(server: Server, together: usize, once: fn(Polling) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let _alone = ONE_AT_A_TIME.lock().await;
    let _load = Load::start();
    let server = Arc::new(server);
    for _ in 0..TIMES / together {
        let mut group = JoinSet::new();
        for _ in 0..together {
            let server = Arc::clone(&server);
            group.spawn(async move {
                once(Polling::open(server.authority(), Revision::V4, "").await).await
            });
        }
        // the first failure is the test's own
        while let Some(ended) = group.join_next().await {
            ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        }
    }
}

// 9
#[tokio::test]
async fn several_echoes_come_in_one_response() {
    repeat(Server::echo(BINDING, Options::PATIENT), 2, |session| async move {
        session.post("4test1\u{1e}4test2\u{1e}4test3").await.expect(200);
        assert_eq!(session.get().await.expect(200).text(), "4test1\u{1e}4test2\u{1e}4test3");
    })
    .await;
}

// 10
#[tokio::test]
async fn text_and_binary_echoes_come_in_one_response() {
    repeat(Server::echo(BINDING, Options::PATIENT), 2, |session| async move {
        session.post("4hello\u{1e}bAQIDBA==").await.expect(200);
        assert_eq!(session.get().await.expect(200).text(), "4hello\u{1e}bAQIDBA==");
    })
    .await;
}

// 17
#[tokio::test]
async fn session_is_gone_half_a_second_after_its_handshake() {
    repeat(Server::echo(BINDING, Options::SUITE), 25, |session| async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        session.get().await.expect(400);
    })
    .await;
}

/// Two threads that do nothing as fast as they can.
struct Load {
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn start() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let threads = (0..2)
            .map(|_| {
                let ended = Arc::clone(&ended);
                thread::spawn(move || {
                    while !ended.load(Relaxed) {
                        hint::spin_loop();
                    }
                })
            })
            .collect();
        Self { ended, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ended.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
