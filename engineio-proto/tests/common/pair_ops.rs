//! What may happen to a pair of sessions, as data.

use engineio_proto::{ClientConfig, RevisionChoice};
use engineio_proto::{Message, Revision, ServerConfig, Transport};

use super::pair::Pair;

/// A pair in the making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) revision: Revision,
    pub(crate) transports: &'static [Transport],
    /// Marks and limits are so small that everybody runs into them.
    pub(crate) is_narrow: bool,
    pub(crate) latency: u64,
    pub(crate) seed: u64,
}

/// Every choice of transports.
pub(crate) const CHOICES: [&[Transport]; 4] = [
    &[Transport::Polling, Transport::WebSocket],
    &[Transport::Polling],
    &[Transport::WebSocket],
    &[Transport::WebSocket, Transport::Polling],
];

impl Plan {
    pub(crate) fn pair(self) -> Pair {
        let mut client = ClientConfig::builder()
            .revision(RevisionChoice::Only(self.revision))
            .transports(self.transports.to_vec());
        let mut server = ServerConfig::builder();
        if self.is_narrow {
            client = client
                .outbox_high_water(4_000)
                .outbox_low_water(1_000)
                .inbox_high_water(2_000)
                .max_batch_packets(5);
            server = server
                .outbox_high_water(4_000)
                .outbox_low_water(1_000)
                .inbox_high_water(2_000)
                .inbox_limit(6_000)
                .max_payload(1_500);
        }
        let client = client.build().expect("a legal configuration");
        Pair::new(client, server.build().expect("legal"), self.seed, self.latency)
    }
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    ServerSend {
        count: u8,
        size: u16,
        is_binary: bool,
    },
    ClientSend {
        count: u8,
        size: u16,
        is_binary: bool,
    },
    Run(u16),
    Sleep(u16),
    ServerStalls(bool),
    ClientStalls(bool),
    ServerReads(bool),
    ClientReads(bool),
    CutProbe,
    /// From here on, things that may lose messages.
    Cut(usize),
    Kill(usize),
    ServerCloses,
    ClientCloses,
    ClientAborts,
    /// From here on, things that no honest network does.
    Duplicate(usize),
    Corrupt {
        which: usize,
        place: u8,
        byte: u8,
    },
}

impl Op {
    pub(crate) fn happens_to(self, pair: &mut Pair) {
        match self {
            Self::ServerSend { count, size, is_binary } => {
                for _ in 0..count {
                    let number = pair.server.ends.last().map_or(0, |end| end.sent.len());
                    pair.server_send(message(number, size, is_binary));
                }
            }
            Self::ClientSend { count, size, is_binary } => {
                for _ in 0..count {
                    pair.client_send(message(pair.client.sent.len(), size, is_binary));
                }
            }
            Self::Run(millis) => {
                // Time-outs don't wait for a side that stalls.
                let is_stalled = pair.server.is_stalled || pair.client.is_stalled;
                pair.is_lossy |= is_stalled && millis >= 1_000;
                pair.note_unread(millis.into());
                pair.run_for(millis.into());
            }
            Self::Sleep(millis) => pair.sleep(millis.into()),
            Self::ServerStalls(is_stalled) => pair.server.is_stalled = is_stalled,
            Self::ClientStalls(is_stalled) => pair.client.is_stalled = is_stalled,
            Self::ServerReads(is_reading) => pair.server.is_reading = is_reading,
            Self::ClientReads(is_reading) => pair.client.is_reading = is_reading,
            Self::CutProbe => pair.cut_probe(),
            Self::Cut(which) => pair.cut(which),
            Self::Kill(which) => pair.kill(which),
            Self::ServerCloses => pair.server_close(),
            Self::ClientCloses => pair.client_close(),
            Self::ClientAborts => pair.client_abort(),
            Self::Duplicate(which) => pair.duplicate(which),
            Self::Corrupt { which, place, byte } => pair.corrupt(which, place, byte),
        }
    }
}

/// The number tells messages apart.
pub(crate) fn message(number: usize, size: u16, is_binary: bool) -> Message {
    let text = format!("{number}{}", "é".repeat(usize::from(size)));
    if is_binary { text.into_bytes().into() } else { text.into() }
}
