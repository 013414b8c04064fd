//! Nodes that are killed and stopped, each a process of its own, and what the members of the others
//! hear meanwhile.

use std::sync::{Arc, Mutex};

use e2e::{Member, within};
use engineio_tokio::{Client, ClientOptions, connect};
use tokio::task::JoinHandle;

use super::engine::{Engine, Kind};

over_both! {
    (nats) (redis)
    node_that_is_killed_costs_the_members_of_others_nothing
    node_that_stands_still_for_a_moment_misses_nothing
    node_that_stands_still_for_long_is_told_what_it_missed
}

/// A client of a node, whose session is in the group. It listens to one of the nodes.
struct Guest {
    heard: Arc<Mutex<Vec<u64>>>,
    /// Ends with its session.
    listening: JoinHandle<()>,
}

impl Guest {
    async fn of(node: &mut Member, speaker: &Member) -> Self {
        let before = node.census().await.sessions;
        let client = connect(ClientOptions::new(&node.url()));
        let client = within("a session", client).await.expect("a session");
        node.reaches(before + 1).await;
        let heard = Arc::default();
        let listening =
            tokio::spawn(listen(client, speaker.authority().to_owned(), Arc::clone(&heard)));
        Self { heard, listening }
    }

    /// The numbers that came, in their order.
    fn heard(&self) -> Vec<u64> {
        self.heard.lock().expect("no panic").clone()
    }

    fn last(&self) -> u64 {
        self.heard.lock().expect("no panic").last().copied().unwrap_or_default()
    }

    fn leave(self) {
        self.listening.abort();
    }

    async fn hears(&self, number: u64) {
        peer::until(|| self.last() >= number).await;
    }

    /// Waits until it hears what this node says: subscriptions take a moment. Returns the last number
    /// that was said.
    async fn begins_to_hear(&self, node: &mut Member, mut said: u64) -> u64 {
        let hears = async {
            while self.heard().is_empty() {
                node.say(1, 0).await;
                said += 1;
                tokio::time::sleep(core::time::Duration::from_millis(20)).await;
            }
        };
        within("the first message", hears).await;
        self.hears(said).await;
        said
    }
}

async fn listen(mut client: Client, speaker: String, heard: Arc<Mutex<Vec<u64>>>) {
    while let Some(message) = client.recv().await {
        let text = message.as_text().expect("text");
        let mut words = text.split(' ');
        let number = words.next().and_then(|number| number.parse().ok());
        if words.next() == Some(&speaker) {
            heard.lock().expect("no panic").push(number.expect("a number"));
        }
    }
}

/// How many numbers are missing between those that came. None came twice or too early.
fn gaps(heard: &[u64]) -> u64 {
    heard.windows(2).map(|pair| (pair[1] - pair[0]).checked_sub(1).expect("not twice")).sum()
}

async fn three_nodes(engine: &Engine) -> [Member; 3] {
    let url = engine.url();
    [Member::start(&url).await, Member::start(&url).await, Member::start(&url).await]
}

/// Waits until each of these nodes has so many sessions, all in the group: none of them has lost a
/// message. Then these clients leave, which are all that there are, and nothing is left of them.
async fn lost_nothing<const NODES: usize, const GUESTS: usize>(
    mut nodes: [(&mut Member, u64); NODES],
    guests: [Guest; GUESTS],
) {
    for (node, sessions) in &mut nodes {
        let census = node.reaches(*sessions).await;
        assert_eq!((census.unsent, census.missed), (0, 0), "{}", node.authority());
    }
    guests.into_iter().for_each(Guest::leave);
    for (node, _) in nodes {
        node.reaches(0).await;
    }
}

async fn node_that_is_killed_costs_the_members_of_others_nothing(kind: Kind) {
    let engine = Engine::start(kind).await;
    let [mut one, mut other, mut third] = three_nodes(&engine).await;
    let witness = Guest::of(&mut other, &third).await;
    witness.begins_to_hear(&mut third, 0).await;
    let victim = Guest::of(&mut third, &one).await;
    third.say(2_000, 100).await;
    witness.hears(500).await;
    third.kill();
    within("the end of its session", victim.listening).await.expect("no panic");

    let guest = Guest::of(&mut other, &one).await;
    let mut said = guest.begins_to_hear(&mut one, 0).await;
    one.say(1_000, 100).await;
    said += 1_000;
    guest.hears(said).await;
    // A process that takes its place gets what is sent from then on.
    let mut next = Member::start(&engine.url()).await;
    let back = Guest::of(&mut next, &one).await;
    said = back.begins_to_hear(&mut one, said).await;
    one.say(1_000, 100).await;
    back.hears(said + 1_000).await;
    guest.hears(said + 1_000).await;
    assert_eq!((gaps(&guest.heard()), gaps(&back.heard())), (0, 0));
    // What left the third one came whole and in order.
    assert_eq!(gaps(&witness.heard()), 0);
    let nodes = [(&mut one, 0), (&mut other, 2), (&mut next, 1)];
    lost_nothing(nodes, [witness, guest, back]).await;
}

async fn node_that_stands_still_for_a_moment_misses_nothing(kind: Kind) {
    let engine = Engine::start(kind).await;
    let [mut one, mut other, mut third] = three_nodes(&engine).await;
    let (guest, sleeper) = (Guest::of(&mut other, &one).await, Guest::of(&mut third, &one).await);
    let said = guest.begins_to_hear(&mut one, 0).await;
    let said = sleeper.begins_to_hear(&mut one, said).await;
    third.pause();
    one.say(1_000, 100).await;
    guest.hears(said + 1_000).await;
    assert!(sleeper.last() <= said);
    third.resume();
    sleeper.hears(said + 1_000).await;
    assert_eq!((gaps(&guest.heard()), gaps(&sleeper.heard())), (0, 0));
    lost_nothing([(&mut one, 0), (&mut other, 1), (&mut third, 1)], [guest, sleeper]).await;
}

async fn node_that_stands_still_for_long_is_told_what_it_missed(kind: Kind) {
    let engine = Engine::start(kind).await;
    let [mut one, mut other, mut third] = three_nodes(&engine).await;
    let (guest, sleeper) = (Guest::of(&mut other, &one).await, Guest::of(&mut third, &one).await);
    let said = guest.begins_to_hear(&mut one, 0).await;
    let mut said = sleeper.begins_to_hear(&mut one, said).await;
    third.pause();
    // More than the engine keeps for a subscriber, and no more at once than a node keeps for it.
    for _ in 0..100 {
        one.say(100, 16 << 10).await;
        said += 100;
        guest.hears(said).await;
    }
    third.resume();
    // It comes back to the engine by itself.
    let before = said;
    let is_back = async {
        while sleeper.last() <= before {
            one.say(1, 0).await;
            said += 1;
            tokio::time::sleep(core::time::Duration::from_millis(20)).await;
        }
    };
    within("it hears again", is_back).await;
    sleeper.hears(said).await;
    guest.hears(said).await;
    let missed = gaps(&sleeper.heard());
    println!("{kind:?}: {missed} of {said} messages were missed");
    assert!(missed > 0, "{kind:?}");
    assert_eq!(third.reaches(1).await.missed, missed, "{kind:?}");
    assert_eq!(gaps(&guest.heard()), 0);
    lost_nothing([(&mut one, 0), (&mut other, 1)], [guest, sleeper]).await;
    third.reaches(0).await;
}
