//! Tests over both engines.

/// Makes a test over each engine of functions that take its kind. In parentheses is what the tests over
/// NATS and those over Redis need.
macro_rules! over_both {
    ($nats:tt $redis:tt $($name:ident)*) => {
        mod nats {
            $(#[needs::needs $nats]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Kind::Nats).await;
            })*
        }

        mod redis {
            $(#[needs::needs $redis]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Kind::Redis).await;
            })*
        }
    };
}
