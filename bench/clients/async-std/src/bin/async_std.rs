//! On async-std.

fn main() {
    client_async_std::run();
}
