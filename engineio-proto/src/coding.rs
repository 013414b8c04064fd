//! The compression that the client of a poll understands.

/// A content coding of poll answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new coding must be written by whoever compresses")]
pub enum Coding {
    /// gzip, RFC 1952.
    Gzip,
    /// deflate in its zlib wrapping, RFC 1950.
    Deflate,
}

impl Coding {
    /// The name in `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The coding that the value of an `Accept-Encoding` header prefers.
    ///
    /// The greatest quality wins; between equals, a coding that is named goes
    /// before one that `*` stands for, then the header's order, then gzip. A
    /// quality of 0 forbids (RFC 9110, section 12.5.3).
    pub fn negotiate(accept: &str) -> Option<Self> {
        let mut named: [Option<Offer>; 2] = [None; 2];
        let mut rest: Option<Offer> = None;
        for (place, item) in accept.split(',').enumerate() {
            let mut parts = item.split(';');
            let name = parts.next().unwrap_or("").trim();
            let offer = Offer { quality: quality(parts), place };
            let slot = if name.eq_ignore_ascii_case("gzip") {
                &mut named[0]
            } else if name.eq_ignore_ascii_case("deflate") {
                &mut named[1]
            } else if name == "*" {
                &mut rest
            } else {
                continue;
            };
            slot.get_or_insert(offer);
        }
        let [gzip, deflate] = named.map(|named| (named.or(rest), named.is_some()));
        let rank = |(offer, exact): (Option<Offer>, bool)| {
            let offer = offer.filter(|offer| offer.quality > 0)?;
            Some((offer.quality, exact, core::cmp::Reverse(offer.place)))
        };
        match (rank(gzip), rank(deflate)) {
            (None, None) => None,
            (gzip, deflate) if gzip >= deflate => Some(Self::Gzip),
            _ => Some(Self::Deflate),
        }
    }
}

/// One item of the header.
#[derive(Clone, Copy)]
struct Offer {
    /// In thousandths.
    quality: u16,
    place: usize,
}

/// The `q` among an item's parameters, in thousandths: 1,000 when it isn't
/// there, 0 when it makes no sense.
fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    for parameter in parameters {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("q") {
            return thousandths(value.trim()).unwrap_or(0);
        }
    }
    1000
}

/// `0.5` as 500. RFC 9110 allows three decimals and nothing above 1.
fn thousandths(value: &str) -> Option<u16> {
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    let mut sum = whole.parse::<u16>().ok()?.checked_mul(1000)?;
    let mut unit = 100;
    for digit in decimals.chars() {
        sum = sum.checked_add(u16::try_from(digit.to_digit(10)?).ok()? * unit)?;
        unit /= 10;
    }
    (sum <= 1000).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::Coding::{self, Deflate, Gzip};

    #[test]
    fn client_chooses_as_with_the_reference_server() {
        for (accept, coding) in [
            ("gzip, deflate", Some(Gzip)),
            ("deflate, gzip", Some(Deflate)),
            ("*", Some(Gzip)),
            ("identity;q=1, gzip;q=0.5", Some(Gzip)),
            ("GZIP", Some(Gzip)),
            ("gzip;q=0.2, deflate;q=0.8, br", Some(Deflate)),
            ("*, deflate", Some(Deflate)),
            ("gzip;q=0, *", Some(Deflate)),
            ("", None),
            ("br", None),
            ("gzip;q=0", None),
            ("*;q=0", None),
            ("gzip;q=nonsense", None),
            ("gzip;q=1.5", None),
        ] {
            assert_eq!(Coding::negotiate(accept), coding, "{accept:?}");
        }
    }
}
