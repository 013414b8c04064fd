//! Looks for the programs that the tests need beside Rust.

fn main() {
    machine::tell_cargo();
}
