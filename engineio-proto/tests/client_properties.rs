//! What holds for two sessions with each other whatever happens, in whatever order.
//!
//! A failing seed prints what happened, line by line.

mod common;

use common::REVISIONS;
use common::pair::Pair;
use common::pair_ops::{CHOICES, Op, Plan};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

fn harmless() -> impl Strategy<Value = Op> {
    let batch = || (1..6_u8, 0..200_u16, any::<bool>());
    let server_send = |(count, size, is_binary)| Op::ServerSend { count, size, is_binary };
    let client_send = |(count, size, is_binary)| Op::ClientSend { count, size, is_binary };
    prop_oneof![
        4 => batch().prop_map(server_send),
        4 => batch().prop_map(client_send),
        6 => (0..400_u16).prop_map(Op::Run),
        1 => (0..400_u16).prop_map(Op::Sleep),
        1 => any::<bool>().prop_map(Op::ServerStalls),
        1 => any::<bool>().prop_map(Op::ClientStalls),
        1 => any::<bool>().prop_map(Op::ServerReads),
        1 => any::<bool>().prop_map(Op::ClientReads),
        1 => Just(Op::CutProbe),
    ]
}

fn anything() -> impl Strategy<Value = Op> {
    prop_oneof![
        24 => harmless(),
        2 => (1_000..40_000_u16).prop_map(Op::Run),
        1 => (1_000..40_000_u16).prop_map(Op::Sleep),
        3 => any::<usize>().prop_map(Op::Cut),
        1 => any::<usize>().prop_map(Op::Kill),
        1 => Just(Op::ServerCloses),
        1 => Just(Op::ClientCloses),
        1 => Just(Op::ClientAborts),
    ]
}

fn hostile() -> impl Strategy<Value = Op> {
    let corrupt = |(which, place, byte)| Op::Corrupt { which, place, byte };
    prop_oneof![
        16 => anything(),
        1 => any::<usize>().prop_map(Op::Duplicate),
        3 => any::<(usize, u8, u8)>().prop_map(corrupt),
    ]
}

prop_compose! {
    fn plan()(
        revision in prop::sample::select(&REVISIONS[..]),
        transports in prop::sample::select(&CHOICES[..]),
        is_narrow in any::<bool>(),
        latency in prop_oneof![Just(0), 1..30_u64, 30..300_u64],
        seed in any::<u64>(),
    ) -> Plan {
        Plan { revision, transports, is_narrow, latency, seed }
    }
}

/// The pair itself checks, at every step: each side got a prefix of what the other sent, each
/// request at most one answer, `Closed` comes once and last, deadlines advance, getters and
/// sinks agree, and neither side finds fault with the other.
fn whatever_happens(mut pair: Pair, ops: Vec<Op>) {
    for op in ops {
        op.happens_to(&mut pair);
    }
    pair.finish();
}

fn nothing_is_cut(mut pair: Pair, ops: Vec<Op>) {
    for op in ops {
        op.happens_to(&mut pair);
    }
    pair.calm();
    pair.run_for(100_000);
    assert_eq!(pair.client.session.close_reason(), None);
    assert_eq!(pair.client.received, pair.end().sent);
    assert_eq!(pair.end().received, pair.client.sent);
    pair.finish();
}

/// What the strategy makes of a seed, the same on every machine.
fn of_seed<T>(seed: u64, strategy: &impl Strategy<Value = T>) -> T {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), random);
    strategy.new_tree(&mut runner).expect("nothing is filtered").current()
}

fn for_thousands_of_seeds(op: impl Strategy<Value = Op>, check: fn(Pair, Vec<Op>)) {
    let case = (plan(), prop::collection::vec(op, 0..40));
    for seed in 0..3_000 {
        let (plan, ops) = of_seed(seed, &case);
        let mut pair = plan.pair().logged();
        pair.title(&format!("seed {seed}: {plan:?}"));
        check(pair, ops);
    }
}

#[test]
fn for_thousands_of_seeds_nothing_is_reordered_repeated_or_answered_twice() {
    for_thousands_of_seeds(anything(), whatever_happens);
}

/// Only the messages themselves aren't compared.
#[test]
fn for_thousands_of_seeds_damage_and_repetition_end_in_order() {
    for_thousands_of_seeds(hostile(), whatever_happens);
}

#[test]
fn for_thousands_of_seeds_everything_arrives_where_nothing_is_cut() {
    for_thousands_of_seeds(harmless(), nothing_is_cut);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_reordered_repeated_or_answered_twice(
        plan in plan(),
        ops in prop::collection::vec(anything(), 0..60),
    ) {
        whatever_happens(plan.pair(), ops);
    }

    #[test]
    fn everything_arrives_where_nothing_is_cut(
        plan in plan(),
        ops in prop::collection::vec(harmless(), 0..40),
    ) {
        nothing_is_cut(plan.pair(), ops);
    }
}
