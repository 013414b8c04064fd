//! What is measured.

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    /// Where it is in a picture.
    pub(crate) point: Option<Point>,
}

/// A point on the horizontal axis of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) axis: Axis,
    pub(crate) at: u32,
}

/// What grows in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Connections with a message under way each.
    Connections,
    /// Bytes of a message.
    Size,
    /// Messages under way on each connection.
    InFlight,
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
    /// A client's messages come back, and it is the client that is measured.
    Client { transport: &'static str, in_flight: usize },
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

    /// Whether it measures clients, and not servers.
    pub(crate) const fn is_clients(self) -> bool {
        matches!(self, Self::Client { .. })
    }
}

const fn echo(clients: usize, in_flight: usize, message: Message) -> Work {
    Work::Echo { clients, in_flight, message }
}

const fn row(id: &'static str, name: &'static str, work: Work) -> Row {
    Row { id, name, work, point: None }
}

const fn client(
    id: &'static str,
    name: &'static str,
    transport: &'static str,
    in_flight: usize,
) -> Row {
    row(id, name, Work::Client { transport, in_flight })
}

/// A row that isn't measured unless it is asked for.
const fn growth(id: &'static str, name: &'static str, axis: Axis, at: u32) -> Row {
    let count = at as usize;
    let work = match axis {
        Axis::Connections => echo(count, 1, Text(64)),
        Axis::Size => echo(16, 1, Binary(count)),
        Axis::InFlight => echo(16, count, Text(64)),
    };
    Row { id, name, work, point: Some(Point { axis, at }) }
}

use Axis::{Connections, InFlight, Size};
use Message::{Binary, Text};

pub(crate) const ROWS: [Row; 34] = [
    row("echo-64", "WebSocket echo 64 B, 64 clients, 1 in flight", echo(64, 1, Text(64))),
    row("pipe-64", "the same, 32 in flight", echo(64, 32, Text(64))),
    row("echo-16k", "WebSocket echo 16 KiB binary, 16 clients", echo(16, 1, Binary(16 << 10))),
    row("wide-1000", "WebSocket echo 64 B, 1,000 connections", echo(1_000, 1, Text(64))),
    row("wide-10000", "the same, 10,000 connections", echo(10_000, 1, Text(64))),
    row("echo-1k", "WebSocket echo 1 KiB binary, 16 clients", echo(16, 1, Binary(1 << 10))),
    row("echo-64k", "WebSocket echo 64 KiB binary, 16 clients", echo(16, 1, Binary(64 << 10))),
    row("echo-1m", "WebSocket echo 1 MB binary, 16 clients", echo(16, 1, Binary(1_000_000))),
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
    client("client-echo", "WebSocket echo 64 B, 1 in flight", "websocket", 1),
    client("client-pipe", "the same, 32 in flight", "websocket", 32),
    client("client-polling", "the same over polling, 10 in flight", "polling", 10),
    growth("growth-connections-10", "64 B text, 10 connections", Connections, 10),
    growth("growth-connections-100", "64 B text, 100 connections", Connections, 100),
    growth("growth-connections-1000", "64 B text, 1,000 connections", Connections, 1_000),
    growth("growth-connections-10000", "64 B text, 10,000 connections", Connections, 10_000),
    growth("growth-size-64", "64 B binary, 16 connections", Size, 64),
    growth("growth-size-1k", "1 KiB binary, 16 connections", Size, 1 << 10),
    growth("growth-size-8k", "8 KiB binary, 16 connections", Size, 8 << 10),
    growth("growth-size-64k", "64 KiB binary, 16 connections", Size, 64 << 10),
    growth("growth-size-1m", "1 MB binary, 16 connections", Size, 1_000_000),
    growth("growth-in-flight-1", "64 B text, 16 connections, 1 in flight", InFlight, 1),
    growth("growth-in-flight-4", "64 B text, 16 connections, 4 in flight", InFlight, 4),
    growth("growth-in-flight-16", "64 B text, 16 connections, 16 in flight", InFlight, 16),
    growth("growth-in-flight-64", "64 B text, 16 connections, 64 in flight", InFlight, 64),
];
