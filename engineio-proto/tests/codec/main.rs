//! The codec through its public functions.

mod behaviour;
mod properties;
mod vectors;
