//! The tests of the chapter "Testing with virtual time", which shows each part between two empty
//! lines as it is here.

mod paused {
    use std::time::Duration;

    use engineio_tokio::{Server, ServerConfig, Socket, connect};
    use tokio::time::{Instant, timeout};

    // The application: it sends back what it hears, and drops who says nothing for five minutes.
    async fn serve(server: Server) {
        while let Some(socket) = server.accept().await {
            tokio::spawn(talk(socket));
        }
    }

    async fn talk(mut socket: Socket) {
        let patience = Duration::from_secs(300);
        while let Ok(Some(message)) = timeout(patience, socket.recv()).await {
            let _ = socket.send(message).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_for_five_minutes_is_dropped() {
        let server = Server::new(ServerConfig::default());
        let serving = server.bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", serving.local_addr());
        tokio::spawn(serving);
        tokio::spawn(serve(server.clone()));

        let mut client = connect(&*url).await.unwrap();
        client.send("hello").await.unwrap();
        assert_eq!(client.recv().await, Some("hello".into()));

        let start = Instant::now();
        assert_eq!(client.recv().await, None); // eleven heartbeats pass meanwhile
        assert_eq!(start.elapsed().as_secs(), 300);
        assert!(server.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn application_has_nine_seconds_to_accept() {
        let server = Server::new(ServerConfig::default());
        let serving = server.bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", serving.local_addr());
        tokio::spawn(serving);

        let slow = server.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(9)).await;
            slow.accept().await.unwrap().detach();
        });
        assert!(connect(&*url).await.is_ok());

        let nobody = connect(&*url).await.unwrap_err();
        assert_eq!(nobody.refused().map(|refused| refused.status), Some(503));
    }
}

mod by_hand {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::task::{Context, Poll, Waker};

    use engineio_hub::{Answer, Hub, ServerEvent};
    use engineio_proto::{Instant, ServerCloseReason, ServerConfig};

    /// A server whose clock stands still until the test moves it.
    struct Bench {
        hub: Hub,
        millis: Arc<AtomicU64>,
    }

    impl Bench {
        fn new(config: ServerConfig) -> Self {
            let millis = Arc::new(AtomicU64::new(0));
            let clock = millis.clone();
            let now = move || Instant::from_millis(clock.load(Relaxed));
            Self { hub: Hub::new(config, now, Box::new(())), millis }
        }

        /// Lets time pass, and with it what is due.
        fn pass(&self, millis: u64) {
            self.millis.fetch_add(millis, Relaxed);
            self.hub.expire(&mut Context::from_waker(Waker::noop()));
        }

        /// A client's request. `None` while it waits for its answer.
        fn request(&self, method: &str, query: &str, body: &'static str) -> Option<String> {
            let request = http::Request::builder()
                .method(method)
                .uri(format!("/engine.io/?EIO=4&transport=polling{query}"))
                .header("host", "chat.example");
            let (head, ()) = request.body(()).unwrap().into_parts();
            let mut seat = self.hub.admit(&head).unwrap();
            if seat.is_reading() {
                seat.data(body.as_bytes());
                seat.end();
            }
            loop {
                match seat.poll_answer(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Answer::Respond { response, .. }) => {
                        return Some(String::from_utf8_lossy(response.body()).into_owned());
                    }
                    Poll::Ready(Answer::Yield) => {} // the application first
                    Poll::Ready(Answer::Upgrade(..)) => panic!("not asked for"),
                    Poll::Pending => return None,
                }
            }
        }
    }

    #[test]
    fn client_that_falls_silent_is_reported_to_the_millisecond() {
        let bench = Bench::new(ServerConfig::default());
        let mut events = bench.hub.events();
        let mut next = || match events.poll_now() {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        };

        let open = bench.request("GET", "", "").unwrap();
        let session = format!("&sid={}", docs::sid(&open).unwrap());
        assert!(matches!(next(), Some(ServerEvent::Connect(_))));
        assert_eq!(bench.request("POST", &session, "4hello").unwrap(), "ok");
        assert!(matches!(next(), Some(ServerEvent::Message(_, hello)) if hello == "hello".into()));

        bench.pass(25_000); // the ping
        assert_eq!(bench.request("GET", &session, "").unwrap(), "2");
        bench.pass(19_999);
        assert!(next().is_none());
        bench.pass(1);
        assert!(matches!(next(), Some(ServerEvent::Disconnect(_, ServerCloseReason::PingTimeout))));
    }
}
