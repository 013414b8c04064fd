//! On async-std.

fn main() {
    server_async_std::run();
}
