//! Facts of compile time, so that they don't first fail in a user's build.

use engineio_proto::server::{Event, Exchange, Input, Opening, Refusal, Route, Session, Transmit};
use engineio_proto::{
    ConfigError, Cors, Frame, Message, Outgoing, Packet, Response, SendError, ServerConfig,
    ServerConfigBuilder,
};

const fn shareable<T: Send + Sync + Unpin + 'static>() {}

const _: () = {
    shareable::<Session>();
    shareable::<ServerConfig>();
    shareable::<ServerConfigBuilder>();
    shareable::<ConfigError>();
    shareable::<Cors>();
    shareable::<Event>();
    shareable::<Exchange>();
    shareable::<Frame>();
    shareable::<Input>();
    shareable::<Message>();
    shareable::<Opening>();
    shareable::<Outgoing>();
    shareable::<Packet>();
    shareable::<Refusal>();
    shareable::<Response>();
    shareable::<Route<'static>>();
    shareable::<SendError>();
    shareable::<Transmit>();
};

/// Memory of an idle session is a promise; so is the cost of moving these about.
#[test]
fn sizes_stay_within_bounds() {
    for (name, size, bound) in [
        ("Session", size_of::<Session>(), if cfg!(feature = "metrics") { 768 } else { 704 }),
        ("Input", size_of::<Input>(), 80),
        ("Transmit", size_of::<Transmit>(), 72),
        ("Event", size_of::<Event>(), 48),
        ("Outgoing", size_of::<Outgoing>(), 56),
        ("SendError", size_of::<SendError>(), 64),
        ("Frame", size_of::<Frame>(), 56),
        ("Message", size_of::<Message>(), 40),
    ] {
        println!("{name}: {size} bytes");
        assert!(size <= bound, "{name} has grown to {size} bytes, more than {bound}");
    }
}
