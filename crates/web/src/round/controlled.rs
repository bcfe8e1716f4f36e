//! Which medicines are controlled (prescription group A) and take a witness.
//!
//! By ATC code, since neither prescriptions nor the register of medicines carry the group in FHIR.
//! Source: FEST, reseptgruppe A (narcotics and some others), Direktoratet for medisinske produkter.

/// ATC classes whose marketed products are in group A: strong opioids, their substitutes, stimulants.
const GROUP_A: [&str; 9] =
    ["N02AA", "N02AB", "N02AC", "N02AE", "N02AX06", "N06BA", "N07BC01", "N07BC02", "N01AH"];

/// Whether a medicine of this ATC code is controlled.
pub(crate) fn is_controlled(atc: &str) -> bool {
    GROUP_A.iter().any(|class| atc.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::is_controlled;

    #[test]
    fn opioids_and_stimulants_are_controlled_and_ordinary_painkillers_are_not() {
        for atc in ["N02AA01", "N02AA05", "N02AB03", "N06BA04", "N07BC02"] {
            assert!(is_controlled(atc), "{atc}");
        }
        for atc in ["N02BE01", "N02AJ06", "N05BA04", "N02AX02", "C03CA01", ""] {
            assert!(!is_controlled(atc), "{atc}");
        }
    }
}
