//! Engine.IO for tokio.
#![forbid(unsafe_code)]

mod body;
mod driver;
mod exchange;
mod listener;
mod server;
mod service;
mod watched;
mod websocket;

pub use engineio_hub::{
    Closed, Events, Flush, Incoming, Observer, Overflow, Recv, RemoteAddr, Sender, Sending,
    ServerEvent, Socket,
};
pub use engineio_proto::{
    CloseReason, Config, ConfigBuilder, ConfigError, Cookie, Cors, InvalidHeader, InvalidSid,
    Message, Outgoing, Revision, Revisions, SameSite, SendError, Sid, Transport, Transports,
    Violation,
};

pub use body::ResponseBody;
pub use server::{Server, ServerBuilder};
pub use service::{EngineIoLayer, EngineIoService, NotFound, ServiceFuture};
