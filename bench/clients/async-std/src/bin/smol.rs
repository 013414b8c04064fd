//! On smol.

fn main() {
    client_async_std::run();
}
