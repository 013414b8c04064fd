//! What is tokio's: the frameworks that a server mounts under, and time that tests can pause.

mod idle_http2;
mod mounting;
mod paused_time;
