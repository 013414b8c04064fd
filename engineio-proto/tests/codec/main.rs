//! The codec through its public functions.

mod behaviour;
mod vectors;
