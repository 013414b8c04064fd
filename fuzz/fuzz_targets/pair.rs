// A client's session and the sessions of its server, over a link that delays, reorders between
// connections, cuts and blackholes them, repeats requests, and damages what is under way: no panic;
// messages are never out of order, twice, or made up, and none is lost while nothing is cut; one
// answer for each request; one `Closed`, last; no deadline stands still; bounded memory; left alone,
// both end. (Checked by the pair of `engineio-proto/tests/common`; once something was damaged or
// repeated, its messages aren't compared.)
#![no_main]

#[path = "../../engineio-proto/tests/common/mod.rs"]
mod common;

use common::REVISIONS;
use common::pair_ops::{CHOICES, Op, Plan};
use libfuzzer_sys::arbitrary::{self, Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: heap::Counting = heap::Counting;

#[derive(Arbitrary, Debug)]
struct Scenario {
    settings: u8,
    latency: u8,
    seed: u16,
    operations: Vec<Step>,
}

#[derive(Debug)]
struct Step(Op);

/// Four bytes each, so that a mutation of one leaves the others what they are.
impl Arbitrary<'_> for Step {
    fn arbitrary(bytes: &mut Unstructured<'_>) -> Result<Self> {
        let [code, first, second, third]: [u8; 4] = bytes.arbitrary()?;
        let (count, is_binary) = (1 + first % 5, first & 0x80 > 0);
        let size = u16::from(second) * 2;
        let (which, is) = (usize::from(first), first & 1 > 0);
        let millis = u16::from_le_bytes([first, second]);
        Ok(Self(match code % 24 {
            0..4 => Op::ServerSend { count, size, is_binary },
            4..8 => Op::ClientSend { count, size, is_binary },
            8..12 => Op::Run(millis % 512),
            12 => Op::Run(millis),
            13 => Op::Sleep(millis),
            14 => Op::ServerStalls(is),
            15 => Op::ClientStalls(is),
            16 => Op::ServerReads(is),
            17 => Op::ClientReads(is),
            18 => Op::CutProbe,
            19 => Op::Cut(which),
            20 => Op::Kill(which),
            21 => match first % 3 {
                0 => Op::ServerCloses,
                1 => Op::ClientCloses,
                _ => Op::ClientAborts,
            },
            22 => Op::Duplicate(which),
            _ => Op::Corrupt { which, place: second, byte: third },
        }))
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (4, Some(4))
    }
}

fuzz_target!(|scenario: Scenario| {
    let Scenario { settings, latency, seed, operations } = scenario;
    let plan = Plan {
        revision: REVISIONS[usize::from(settings & 1)],
        transports: CHOICES[usize::from(settings >> 1 & 3)],
        is_narrow: settings & 8 > 0,
        latency: u64::from(latency),
        seed: seed.into(),
    };
    let ((), cost) = heap::cost(|| {
        let mut pair = plan.pair();
        for Step(op) in operations.into_iter().take(MOST_STEPS) {
            op.happens_to(&mut pair);
        }
        if !pair.is_lossy {
            pair.calm();
            pair.run_for(100_000);
            assert_eq!(pair.client.session.close_reason(), None, "nothing was cut");
            assert_eq!(pair.client.received, pair.end().sent, "nothing was cut");
            assert_eq!(pair.end().received, pair.client.sent, "nothing was cut");
        }
        pair.finish();
    });
    assert!(cost.peak < MOST_MEMORY, "{} bytes", cost.peak);
});

const MOST_STEPS: usize = 100;

/// All messages of all steps, sent and received, and as much again.
const MOST_MEMORY: isize = 4 << 20;
