//! What a client's echoes take beside others that keep the server busy.

mod crowd;

use std::time::Duration;

use e2e::Binding;
use tokio::time::sleep;

use crate::good::{Echoes, Good};
use crate::serving::{Memory, Serving, name};
use crowd::{CROWDS, Crowd};

/// Prints a table with the median and the 99th percentile in milliseconds. In parentheses stand
/// those of a client of another server at the same time, which nobody else uses: what is there, too,
/// is the machine's. False: a client had no echo.
pub(crate) async fn compare(all: &[Binding], seconds: u64) -> bool {
    let mut is_sound = true;
    println!(
        "| echo beside | {} |",
        all.iter().map(|it| name(*it)).collect::<Vec<_>>().join(" | ")
    );
    println!("|---|{}", "---|".repeat(all.len()));
    for crowd in CROWDS {
        print!("| {} ", crowd.what);
        for binding in all {
            let (beside, apart, megabytes) = measure(*binding, crowd, seconds).await;
            is_sound &= beside.is_some() && apart.is_some();
            print!("| {} ({})", text(beside), text(apart));
            if megabytes > 0 {
                print!(", {megabytes} MB/s");
            }
            print!(" ");
        }
        println!("|");
    }
    is_sound
}

fn text(echoes: Option<Echoes>) -> String {
    echoes.map_or_else(|| "lost".to_owned(), |echoes| echoes.to_string())
}

/// Echoes beside the crowd, echoes apart from it, and what the crowd moves.
async fn measure(
    binding: Binding,
    crowd: Crowd,
    seconds: u64,
) -> (Option<Echoes>, Option<Echoes>, u64) {
    let server = Serving::start(binding, Memory::Usual);
    let other = Serving::start(binding, Memory::Usual);
    let gathered = crowd.gather(server.address).await;
    sleep(WARM_UP).await;
    let before = gathered.bytes();
    let goods = [server.address, other.address].map(Good::start);
    sleep(Duration::from_secs(seconds)).await;
    let moved = gathered.bytes() - before;
    let [beside, apart] = goods.map(Good::end);
    (beside, apart, moved / seconds.max(1) / 1_000_000)
}

/// Until buffers have grown, and are full.
const WARM_UP: Duration = Duration::from_secs(1);
