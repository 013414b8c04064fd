//! A terminal in the room of the example `chat`, on smol. The code is in `shared/client.rs`.
//!
//! ```text
//! cargo run -p engineio-async-std --no-default-features --features smol,client,tls --example smol-client
//! ```

#[path = "../../../examples/client/options.rs"]
mod options;
#[path = "../shared/smol.rs"]
mod rt;
#[path = "../shared/client.rs"]
mod run;
#[path = "../../../examples/client/words.rs"]
mod words;

use engineio_async_std as engineio;

fn main() {
    options::leave(rt::block_on(run::run()))
}
