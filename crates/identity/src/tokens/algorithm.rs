//! The signature algorithms that are ever accepted. Not among them, by design: `none`, and HMAC,
//! whose key would be a public one.
//!
//! Standard: RFC 7518 section 3.1

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
};

/// A signature algorithm with a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the standard's own names")]
pub enum Algorithm {
    Ps256,
    Ps384,
    Ps512,
    Rs256,
    Rs384,
    Es256,
    Es384,
}

impl Algorithm {
    /// All, the strongest habits first.
    pub const ALL: [Self; 7] =
        [Self::Ps256, Self::Ps384, Self::Ps512, Self::Es256, Self::Es384, Self::Rs256, Self::Rs384];

    /// As `alg` says it: `PS256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
        }
    }

    /// The algorithm of this name; names are compared letter by letter.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Names of several, with a character between.
    pub(crate) fn names(algorithms: &[Self], between: &str) -> String {
        algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(between)
    }

    /// How it is computed, and so what kind of key it goes with.
    pub(crate) fn family(self) -> Family {
        match self {
            Self::Ps256 => Family::Rsa(&RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Family::Rsa(&RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Family::Rsa(&RSA_PSS_2048_8192_SHA512),
            Self::Rs256 => Family::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Family::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Self::Es256 => Family::Ec(Curve::P256, &ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Family::Ec(Curve::P384, &ECDSA_P384_SHA384_FIXED),
        }
    }
}

/// What kind of key an algorithm goes with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Family {
    Rsa(&'static RsaParameters),
    Ec(Curve, &'static EcdsaVerificationAlgorithm),
}

/// A curve of elliptic-curve keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

impl Curve {
    /// As `crv` says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// Of one coordinate.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}
