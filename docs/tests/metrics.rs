//! The program of the chapter on operating that counts. Alone in its build, with the feature `metrics`:
//! otherwise the other tests would count as well.

#[tokio::test]
async fn prometheus_gets_the_figures_of_sessions_and_refusals()
-> Result<(), Box<dyn std::error::Error>> {
    use axum::Router;
    use axum::routing::get;
    use engineio_tokio::{MetricsObserver, Server, ServerConfig};
    use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

    let round_trips = Matcher::Full("engineio_heartbeat_round_trip_seconds".into());
    let prometheus = PrometheusBuilder::new()
        .set_buckets_for_metric(round_trips, &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])?
        .install_recorder()?;
    MetricsObserver::describe();
    let server = Server::new(ServerConfig::default());
    let app: Router = Router::new()
        .route("/metrics", get(move || async move { prometheus.render() }))
        .layer(server.layer());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    let open = docs::get(address, "/engine.io/?EIO=4&transport=polling");
    let (open, _socket) = tokio::join!(open, server.accept());
    assert!(open?.contains("0{\"sid\""));
    docs::get(address, "/engine.io/?EIO=5&transport=polling").await?;
    let rendered = docs::get(address, "/metrics").await?;
    for line in [
        "engineio_sessions_opened_total{transport=\"polling\",revision=\"4\"} 1",
        "engineio_requests_refused_total{cause=\"unsupported_revision\"} 1",
        "# TYPE engineio_requests_refused_total counter",
    ] {
        assert!(rendered.contains(line), "{line}: {rendered}");
    }
    Ok(())
}
