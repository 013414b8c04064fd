//! What is tokio's: the frameworks that a server mounts under, and time that tests can pause.

mod mounting;
mod paused_time;
