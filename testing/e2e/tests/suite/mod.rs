//! What every binding does with all peers.

mod bot;
mod browser;
mod chat;
mod chromium;
mod client_hostile;
mod client_peers;
mod conformance;
mod javascript_peers;
mod jsonp;
mod limits;
mod own_client;
mod proxies;
mod python_peers;
mod reconnecting;
mod slow_application;
mod starting;
mod upgrade;
