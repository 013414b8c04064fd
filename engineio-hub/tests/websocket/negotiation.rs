//! What a server agrees to, and what a client lets it.

use engineio_hub::websocket::Deflate;
use http::HeaderMap;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

const ANSWER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

fn headers(lines: &[&str]) -> HeaderMap {
    let lines = lines.iter().map(|line| (SEC_WEBSOCKET_EXTENSIONS, line.parse().unwrap()));
    lines.collect()
}

/// What a server answers to a request with these lines.
fn answer(lines: &[&str]) -> Option<String> {
    let agreed = Deflate::accept(&headers(lines), 0)?;
    Some(agreed.answer().to_str().unwrap().to_owned())
}

fn with_window(bits: u8) -> Option<String> {
    Some(format!("{ANSWER}; server_max_window_bits={bits}"))
}

#[test]
fn what_browsers_and_other_clients_offer_is_accepted_without_context_takeover() {
    for offer in [
        // Chromium, Firefox, Node's `ws`.
        "permessage-deflate; client_max_window_bits",
        // Safari.
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits=15",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover",
        "permessage-deflate;server_no_context_takeover;client_no_context_takeover",
        "permessage-deflate ; client_max_window_bits = \"10\"",
        ANSWER,
    ] {
        assert_eq!(answer(&[offer]).as_deref(), Some(ANSWER), "{offer}");
    }
}

#[test]
fn limit_of_the_servers_window_is_kept_unless_zlib_can_not() {
    for bits in 9..=15 {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}");
        assert_eq!(answer(&[&offer]), with_window(bits));
        let quoted = format!("permessage-deflate; server_max_window_bits=\"{bits}\"");
        assert_eq!(answer(&[&quoted]), with_window(bits));
    }
    assert_eq!(answer(&["permessage-deflate; server_max_window_bits=8"]), None);
}

#[test]
fn offer_with_an_unknown_repeated_or_senseless_parameter_is_declined() {
    for parameters in [
        "unknown",
        "client_max_window_bits; unknown=1",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=10; server_max_window_bits=10",
        "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover=true",
        "client_no_context_takeover=",
        "server_max_window_bits",
        "server_max_window_bits=",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=010",
        "server_max_window_bits=+10",
        "server_max_window_bits=ten",
        "server_max_window_bits=1e1",
        "client_max_window_bits=0",
        "client_max_window_bits=256",
        "client_max_window_bits=99999999999999999999",
        "",
        "=",
        "\"",
    ] {
        let offer = format!("permessage-deflate; {parameters}");
        assert_eq!(answer(&[&offer]), None, "{offer}");
    }
}

#[test]
fn first_acceptable_offer_counts_whatever_stands_before_it() {
    let offers = "permessage-deflate; server_max_window_bits=8, permessage-deflate; unknown, \
                  x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=12, \
                  permessage-deflate";
    assert_eq!(answer(&[offers]), with_window(12));
    assert_eq!(
        answer(&["bbf-usp-protocol; eid=\"proto\"", "permessage-deflate"]).as_deref(),
        Some(ANSWER)
    );
    assert_eq!(answer(&["", " , ,permessage-deflate,"]).as_deref(), Some(ANSWER));
}

#[test]
fn without_an_acceptable_offer_nothing_is_agreed_on() {
    for lines in [&[][..], &[""], &["permessage-bzip2"], &["permessage-deflate-2"], &["deflate"]] {
        assert_eq!(answer(lines), None, "{lines:?}");
    }
    let mut bytes = HeaderMap::new();
    bytes.insert(SEC_WEBSOCKET_EXTENSIONS, b"permessage-deflate\xff"[..].try_into().unwrap());
    assert_eq!(Deflate::accept(&bytes, 0), None);
}

/// The offers of Autobahn's cases 13.1 to 13.7.
#[test]
fn offers_of_autobahn_are_answered() {
    let takeover = "permessage-deflate; client_max_window_bits";
    let no_takeover = "permessage-deflate; client_max_window_bits; server_no_context_takeover";
    let window = |bits| format!("{takeover}; server_max_window_bits={bits}");
    let both = |bits| format!("{no_takeover}; server_max_window_bits={bits}");
    assert_eq!(answer(&[takeover]).as_deref(), Some(ANSWER));
    assert_eq!(answer(&[no_takeover]).as_deref(), Some(ANSWER));
    for bits in [9, 15] {
        assert_eq!(answer(&[&window(bits)]), with_window(bits));
        assert_eq!(answer(&[&both(bits)]), with_window(bits));
    }
    let three = [both(9), no_takeover.to_owned(), takeover.to_owned()].join(", ");
    assert_eq!(answer(&[&three]), with_window(9));
}

#[test]
fn client_takes_the_answers_that_fit_its_offer() {
    assert_eq!(Deflate::offer(), ANSWER);
    assert_eq!(Deflate::agreed(&HeaderMap::new(), 0), Ok(None));
    for parameters in [
        "server_no_context_takeover",
        "server_no_context_takeover; client_no_context_takeover",
        "client_no_context_takeover; server_no_context_takeover; server_max_window_bits=8",
        "server_no_context_takeover; server_max_window_bits=15",
    ] {
        let answer = format!("permessage-deflate; {parameters}");
        assert!(matches!(Deflate::agreed(&headers(&[&answer]), 0), Ok(Some(_))), "{answer}");
    }
}

#[test]
fn client_gives_up_a_websocket_with_any_other_answer() {
    for lines in [
        &["permessage-deflate"][..],
        &["permessage-deflate; client_no_context_takeover"],
        &["permessage-deflate; server_no_context_takeover; client_max_window_bits=10"],
        &["permessage-deflate; server_no_context_takeover; client_max_window_bits"],
        &["permessage-deflate; server_no_context_takeover; server_max_window_bits=7"],
        &["permessage-deflate; server_no_context_takeover; unknown"],
        &["permessage-bzip2"],
        &[""],
        &["permessage-deflate; server_no_context_takeover, permessage-bzip2"],
        &[ANSWER, ANSWER],
    ] {
        assert!(Deflate::agreed(&headers(lines), 0).is_err(), "{lines:?}");
    }
}
