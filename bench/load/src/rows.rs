//! What is measured.

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) work: Work,
}

/// What clients do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// Messages over WebSockets come back; each client has some of them under way.
    Echo { clients: usize, in_flight: usize, message: Message },
    /// Messages of one client go to all.
    Broadcast { clients: usize },
    /// Messages over polling come back, ten in each POST.
    PollingEcho { clients: usize, poll: Poll },
    /// Sessions over polling are opened and left.
    Open,
    /// Sessions over polling are opened and closed.
    OpenAndClose,
    /// Sessions over polling move to a WebSocket, and send a message over it.
    Upgrade { poll: Poll },
    /// Clients answer pings.
    Pings { clients: usize },
    /// Sessions wait, over a WebSocket.
    IdleWebSockets { clients: usize },
    /// Sessions wait, over a poll.
    IdlePolls { clients: usize },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Message {
    Text(usize),
    Binary(usize),
}

/// When a client polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// After it has sent something.
    After,
    /// Before, so that the poll waits.
    Before,
}

impl Work {
    /// Whether its result is memory, and not time.
    pub(crate) const fn is_memory(self) -> bool {
        matches!(self, Self::IdleWebSockets { .. } | Self::IdlePolls { .. })
    }
}

const fn echo(clients: usize, in_flight: usize, message: Message) -> Work {
    Work::Echo { clients, in_flight, message }
}

const fn row(id: &'static str, name: &'static str, work: Work) -> Row {
    Row { id, name, work }
}

use Message::{Binary, Text};

pub(crate) const ROWS: [Row; 25] = [
    row("echo-64", "WebSocket echo 64 B, 64 clients, 1 in flight", echo(64, 1, Text(64))),
    row("pipe-64", "the same, 32 in flight", echo(64, 32, Text(64))),
    row("echo-16k", "WebSocket echo 16 KiB binary, 16 clients", echo(16, 1, Binary(16 << 10))),
    row("wide-1000", "WebSocket echo 64 B, 1,000 clients", echo(1_000, 1, Text(64))),
    row("wide-10000", "the same, 10,000 clients", echo(10_000, 1, Text(64))),
    row("echo-1k", "WebSocket echo 1 KiB binary, 16 clients", echo(16, 1, Binary(1 << 10))),
    row("echo-64k", "WebSocket echo 64 KiB binary, 16 clients", echo(16, 1, Binary(64 << 10))),
    row("echo-900k", "WebSocket echo 900 kB binary, 16 clients", echo(16, 1, Binary(900_000))),
    row("broadcast", "broadcast to 1,000, a delivery", Work::Broadcast { clients: 1_000 }),
    row(
        "polling",
        "polling echo, 10 a POST, a message",
        Work::PollingEcho { clients: 16, poll: Poll::After },
    ),
    row(
        "polling-pending",
        "the same with a poll that waits",
        Work::PollingEcho { clients: 16, poll: Poll::Before },
    ),
    row("open", "polling handshake, sessions left open", Work::Open),
    row("open-close", "handshake and close", Work::OpenAndClose),
    row("upgrade", "polling, probe, upgrade, one echo", Work::Upgrade { poll: Poll::Before }),
    row("upgrade-alone", "upgrade without a poll that waits", Work::Upgrade { poll: Poll::After }),
    row("pings", "a ping and its pong, WebSocket", Work::Pings { clients: 1_000 }),
    row("idle", "RSS of an idle WebSocket session", Work::IdleWebSockets { clients: 5_000 }),
    row("idle-poll", "RSS of a poll that waits", Work::IdlePolls { clients: 5_000 }),
    row("clients-10", "grows: 64 B text, 10 clients", echo(10, 1, Text(64))),
    row("clients-100", "grows: 64 B text, 100 clients", echo(100, 1, Text(64))),
    row("size-64", "grows: 64 B binary, 16 clients", echo(16, 1, Binary(64))),
    row("size-8k", "grows: 8 KiB binary, 16 clients", echo(16, 1, Binary(8 << 10))),
    row("depth-1", "grows: 64 B text, 16 clients, 1 in flight", echo(16, 1, Text(64))),
    row("depth-8", "grows: 64 B text, 16 clients, 8 in flight", echo(16, 8, Text(64))),
    row("depth-64", "grows: 64 B text, 16 clients, 64 in flight", echo(16, 64, Text(64))),
];
