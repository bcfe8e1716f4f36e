//! A token whose signature is the provider's: form, algorithm, type and key, in this order.
//!
//! For access tokens, ID tokens and logout tokens alike; there is no other check of a signature.
//! Not here: what its claims must be (`claims`, `logins::id_token`).
//! Standard: RFC 7515 section 5.2, RFC 8725

use std::sync::Arc;

use super::algorithm::Algorithm;
use super::claims::Claims;
use super::denial::Denial;
use super::jws::{Jws, quoted};
use super::provider::Provider;

/// What a token must be before its claims are believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) bytes_max: usize,
    pub(crate) algorithms: &'a [Algorithm],
    /// Media types that `typ` may be, their `application/` left out.
    pub(crate) types: &'a [&'a str],
    /// Whether `typ` may be left out.
    pub(crate) may_lack_type: bool,
}

impl Signed<'_> {
    /// The claims of a token that this provider signed, and the algorithm that it was signed with.
    pub(crate) async fn verify(
        &self,
        token: &str,
        provider: &Arc<Provider>,
    ) -> Result<(Claims, Algorithm), Denial> {
        let jws = Jws::parse(token, self.bytes_max)
            .map_err(|reason| Denial::token("IDN-003", format!("The token {reason}.")))?;
        let algorithm = Algorithm::of_name(&jws.header.alg);
        let algorithm = algorithm.filter(|own| self.algorithms.contains(own));
        let Some(algorithm) = algorithm else {
            let names = Algorithm::names(self.algorithms, ", ");
            let text = format!("The token's alg is not accepted. It must be one of {names}.");
            return Err(
                Denial::token("IDN-004", text).with_log(format!("alg {}", quoted(&jws.header.alg)))
            );
        };
        let lacks_type = self.may_lack_type && jws.header.typ.is_none();
        if !lacks_type && !self.types.iter().any(|name| jws.is_type(name)) {
            let text = match self.types {
                [only] => format!("The token's typ is not {only}."),
                _ => format!("The token's typ is neither {}.", self.types.join(" nor ")),
            };
            return Err(Denial::token("IDN-005", text));
        }
        let key = provider.key(jws.header.kid.as_deref(), algorithm).await?;
        if !jws.signed_by(&key, algorithm) {
            let text = "The token's signature does not hold.";
            let fits = if key.fits(algorithm) { "" } else { "; the key is not for it" };
            return Err(
                Denial::token("IDN-007", text).with_log(format!("alg {}{fits}", algorithm.name()))
            );
        }
        Ok((Claims(jws.claims), algorithm))
    }
}
