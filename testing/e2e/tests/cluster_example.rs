//! The example `cluster`: a chat on three nodes behind HAProxy, with Redis between them.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use e2e::{cluster_example, free_port, needs, require, signal, within};
use engineio_tokio::{Client, ClientOptions, connect};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The running example. Dropping it ends it as Ctrl-C does.
struct Cluster {
    child: Child,
    balancer: String,
    nodes: Vec<String>,
}

impl Cluster {
    async fn start() -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let child = Command::new(cluster_example())
            .args(["--listen", &listen])
            .env("PATH", path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("the example");
        let lines = lines(&mut child);
        let mut cluster = Self { child, balancer: String::new(), nodes: Vec::new() };
        cluster.read(lines).await;
        assert_eq!((cluster.nodes.len(), &*cluster.balancer), (3, &*format!("http://{listen}")));
        cluster
    }

    /// Reads where the nodes are, and the balancer.
    async fn read(&mut self, mut lines: UnboundedReceiver<String>) {
        while let Some(line) = within("a line of the example", lines.recv()).await {
            if let Some(url) = line.strip_prefix("listening on ") {
                url.clone_into(&mut self.balancer);
                return;
            }
            let (_, url) = line.split_once(" on ").unwrap_or_else(|| panic!("it said {line:?}"));
            self.nodes.push(url.to_owned());
        }
        panic!("it has ended");
    }

    /// The processes that it has started, with what they run.
    fn processes(&self) -> Vec<(u32, String)> {
        let parent = self.child.id();
        let mine = processes().into_iter().filter(|(_, of, _)| *of == parent);
        mine.map(|(id, _, args)| (id, args)).collect()
    }

    /// Kills the node with this tag.
    fn kill(&self, tag: &str) {
        let told = format!(" node --tag {tag} ");
        let all = self.processes();
        let node = all.iter().find(|(_, args)| args.contains(&told));
        signal("KILL", node.unwrap_or_else(|| panic!("no node {tag} in {all:?}")).0);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal("INT", self.child.id());
            let _ = self.child.wait();
        }
    }
}

/// `PATH` with the folders of the programs that the example starts, which may be elsewhere.
fn path() -> OsString {
    let programs = [require("haproxy"), require("redis")];
    let folders = programs.iter().filter_map(|it| it.parent()).map(Into::into);
    let others = env::var_os("PATH").unwrap_or_default();
    env::join_paths(folders.chain(env::split_paths(&others))).expect("no colon in a folder's name")
}

/// The lines of its output, which is read to its end.
fn lines(child: &mut Child) -> UnboundedReceiver<String> {
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let (say, said) = unbounded_channel();
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = say.send(line);
        }
    });
    said
}

/// All processes: the number of each, of its parent, and what it runs.
fn processes() -> Vec<(u32, u32, String)> {
    let listed = Command::new(require("ps")).args(["-A", "-o", "pid=,ppid=,args="]).output();
    let listed = String::from_utf8_lossy(&listed.expect("ps").stdout).into_owned();
    let process = |line: &str| {
        let mut words = line.split_whitespace();
        let ids = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((ids.0, ids.1, words.collect::<Vec<_>>().join(" ")))
    };
    listed.lines().filter_map(process).collect()
}

/// A guest of the chat.
async fn enter(url: &str, name: &str) -> Client {
    let client = connect(ClientOptions::new(url).query("name", name));
    within("a session", client).await.expect("a session")
}

async fn say(guest: &Client, text: &str) {
    guest.send(format!(r#"{{"kind":"say","text":"{text}"}}"#)).await.expect("a session");
}

/// Waits for a message that holds this.
async fn hears(guest: &mut Client, text: &str) {
    loop {
        let message = within(text, guest.recv()).await;
        if message.expect("a session").as_text().is_some_and(|heard| heard.contains(text)) {
            return;
        }
    }
}

#[needs(haproxy, ps, redis)]
#[tokio::test]
async fn guests_of_all_nodes_chat_while_a_node_is_killed_and_ctrl_c_ends_all() {
    let mut cluster = Cluster::start().await;
    let mut ada = enter(&cluster.nodes[0], "Ada").await;
    let mut grace = enter(&cluster.nodes[1], "Grace").await;
    // Subscriptions of a node begin before it listens.
    hears(&mut ada, r#""name":"Grace""#).await;
    say(&ada, "from a").await;
    hears(&mut grace, "from a").await;
    say(&grace, "from b").await;
    hears(&mut ada, "from b").await;
    // Polls and upgrades through the balancer reach any node.
    let mut mary = enter(&cluster.balancer, "Mary").await;
    hears(&mut ada, r#""name":"Mary""#).await;
    say(&mary, "from anywhere").await;
    hears(&mut grace, "from anywhere").await;
    say(&ada, "to anywhere").await;
    hears(&mut mary, "to anywhere").await;
    mary.close();

    cluster.kill("c");
    say(&ada, "still here").await;
    hears(&mut grace, "still here").await;
    // The balancer goes on with the others.
    for number in 0..6 {
        let name = format!("guest {number}");
        let guest = loop {
            // Until it knows that the node is gone.
            let client = connect(ClientOptions::new(&cluster.balancer).query("name", &name));
            if let Ok(guest) = within("an answer", client).await {
                break guest;
            }
        };
        hears(&mut ada, &name).await;
        hears(&mut grace, &name).await;
        guest.close();
    }

    let started = cluster.processes();
    assert!(started.len() >= 4, "{started:?}");
    signal("INT", cluster.child.id());
    within("the end of its session", ada.closed()).await;
    within("the end of its session", grace.closed()).await;
    let mut status = None;
    peer::until(|| {
        status = cluster.child.try_wait().expect("its status");
        status.is_some()
    })
    .await;
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    let left = processes().into_iter().filter(|(id, _, _)| started.iter().any(|it| it.0 == *id));
    assert_eq!(left.collect::<Vec<_>>(), []);
}
