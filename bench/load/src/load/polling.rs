use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::http::{Http, POLLING, messages, sid};
use super::{Done, Outcome, forever, measure};
use crate::rows::Poll;
use crate::servers::Running;

/// Messages in a POST.
const IN_A_POST: usize = 10;

pub(super) async fn run(
    server: &Running,
    clients: usize,
    poll: Poll,
    window: Duration,
) -> io::Result<Outcome> {
    let done = Rc::new(Done::default());
    for _ in 0..clients {
        forever(&done, talk(server.address(), poll, Rc::clone(&done)));
    }
    measure(server, &done, window).await
}

async fn talk(address: SocketAddr, poll: Poll, done: Rc<Done>) -> io::Result<()> {
    let (mut posts, mut polls) = (Http::connect(address).await?, Http::connect(address).await?);
    let open = polls.get(POLLING).await?;
    let target = format!("{POLLING}&sid={}", sid(&open)?);
    let payload = vec![format!("4{}", "x".repeat(64)); IN_A_POST].join("\u{1e}");
    loop {
        let mut came = 0;
        if poll == Poll::Before {
            polls.send(&target).await?;
            posts.post(&target, &payload).await?;
            came += messages(&polls.answer().await?);
        } else {
            posts.post(&target, &payload).await?;
        }
        while came < IN_A_POST {
            came += messages(&polls.get(&target).await?);
        }
        done.add(came as u64);
    }
}
