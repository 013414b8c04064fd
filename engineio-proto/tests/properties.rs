//! What holds whatever happens, in whatever order.

mod common;

use common::world::World;
use common::{Message, Revision, ServerConfig};
use proptest::prelude::*;

/// One thing that happens in a world.
#[derive(Clone, Debug)]
enum Op {
    Send {
        count: u8,
        size: u16,
        is_binary: bool,
    },
    ClientSend {
        count: u8,
        size: u16,
        is_binary: bool,
    },
    Upgrade,
    Run(u16),
    Sleep(u16),
    Stall(bool),
    Read(bool),
    /// From here on, things that may lose messages.
    Cut(usize),
    DuplicateGet,
    Close,
    ClientClose,
    ClientHangup,
}

impl Op {
    fn happens_in(self, world: &mut World) {
        match self {
            Self::Send { count, size, is_binary } => {
                for _ in 0..count {
                    world.send(message(world.sent.len(), size, is_binary));
                }
            }
            Self::ClientSend { count, size, is_binary } => {
                for _ in 0..count {
                    world.client_send(message(world.client_sent.len(), size, is_binary));
                }
            }
            Self::Upgrade => world.upgrade(),
            Self::Run(millis) => world.run_for(millis.into()),
            Self::Sleep(millis) => world.sleep(millis.into()),
            Self::Stall(is_stalled) => world.is_stalled = is_stalled,
            Self::Read(is_reading) => world.is_reading = is_reading,
            Self::Cut(which) => world.cut(which),
            Self::DuplicateGet => world.duplicate_get(),
            Self::Close => world.close(),
            Self::ClientClose => world.client_close(),
            Self::ClientHangup => world.client_hangup(),
        }
    }
}

/// The number tells messages apart.
fn message(number: usize, size: u16, is_binary: bool) -> Message {
    let text = format!("{number}{}", "é".repeat(usize::from(size)));
    if is_binary { text.into_bytes().into() } else { text.into() }
}

fn harmless() -> impl Strategy<Value = Op> {
    let batch = || (1..6_u8, 0..200_u16, any::<bool>());
    prop_oneof![
        4 => batch().prop_map(|(count, size, is_binary)| Op::Send { count, size, is_binary }),
        4 => batch().prop_map(|(count, size, is_binary)| Op::ClientSend { count, size, is_binary }),
        2 => Just(Op::Upgrade),
        6 => (0..400_u16).prop_map(Op::Run),
        1 => (0..400_u16).prop_map(Op::Sleep),
        1 => any::<bool>().prop_map(Op::Stall),
        1 => any::<bool>().prop_map(Op::Read),
    ]
}

fn anything() -> impl Strategy<Value = Op> {
    prop_oneof![
        24 => harmless(),
        2 => (1_000..40_000_u16).prop_map(Op::Run),
        1 => (1_000..40_000_u16).prop_map(Op::Sleep),
        3 => any::<usize>().prop_map(Op::Cut),
        1 => Just(Op::DuplicateGet),
        1 => Just(Op::Close),
        1 => Just(Op::ClientClose),
        1 => Just(Op::ClientHangup),
    ]
}

/// Marks and limits so small that everybody runs into them.
fn narrow() -> ServerConfig {
    ServerConfig::builder()
        .outbox_high_water(4_000)
        .outbox_low_water(1_000)
        .inbox_high_water(2_000)
        .inbox_limit(6_000)
        .max_payload(1_500)
        .build()
        .expect("a legal configuration")
}

prop_compose! {
    fn world()(
        is_old in any::<bool>(),
        is_framed in prop::bool::weighted(0.2),
        is_narrow in any::<bool>(),
        latency in prop_oneof![Just(0), 1..30_u64, 30..300_u64],
        seed in any::<u64>(),
    ) -> (ServerConfig, Revision, bool, u64, u64) {
        let revision = if is_old { Revision::V3 } else { Revision::V4 };
        let config = if is_narrow { narrow() } else { ServerConfig::default() };
        (config, revision, is_framed, seed, latency)
    }
}

fn created(
    (config, revision, is_framed, seed, latency): (ServerConfig, Revision, bool, u64, u64),
) -> World {
    World::new(config, revision, is_framed, seed, latency)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// The world itself checks, at every step: each side got a prefix of what the
    /// other sent, each request at most one answer, `Closed` comes once and last,
    /// deadlines advance, getters and sinks agree, memory is bounded.
    #[test]
    fn nothing_is_reordered_repeated_or_answered_twice(
        world in world(),
        ops in prop::collection::vec(anything(), 0..60),
    ) {
        let mut world = created(world);
        for op in ops {
            op.happens_in(&mut world);
        }
        world.finish();
    }

    #[test]
    fn everything_arrives_where_nothing_is_cut(
        world in world(),
        ops in prop::collection::vec(harmless(), 0..40),
    ) {
        let mut world = created(world);
        for op in ops {
            op.happens_in(&mut world);
        }
        world.is_stalled = false;
        world.is_reading = true;
        world.run_for(100_000);
        prop_assert_eq!(world.client.over, None);
        prop_assert_eq!(&world.closed, &None);
        prop_assert_eq!(&world.client.received, &world.sent);
        prop_assert_eq!(&world.received, &world.client_sent);
        world.finish();
    }
}
