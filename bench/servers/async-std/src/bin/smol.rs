//! On smol.

fn main() {
    server_async_std::run();
}
