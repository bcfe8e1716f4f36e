//! Norwegian identifiers with their check digits.
//!
//! Source: Skatteetaten's rules for fødselsnummer from 2032, Brønnøysundregistrene for
//! organisasjonsnummer. Sex and century are never derived from a number.

/// `urn:oid` of fødselsnummer.
pub const FNR: &str = "urn:oid:2.16.578.1.12.4.1.4.1";
/// `urn:oid` of D-nummer.
pub const DNR: &str = "urn:oid:2.16.578.1.12.4.1.4.2";
/// `urn:oid` of felles hjelpenummer.
pub const FHN: &str = "urn:oid:2.16.578.1.12.4.1.4.3";
/// `urn:oid` of HPR-nummer.
pub const HPR: &str = "urn:oid:2.16.578.1.12.4.1.4.4";
/// `urn:oid` of organisasjonsnummer (ENH).
pub const ORGANISATION: &str = "urn:oid:2.16.578.1.12.4.1.4.101";
/// `urn:oid` of HER-id.
pub const HER: &str = "urn:oid:2.16.578.1.12.4.1.2";

const WEIGHTS_1: [u32; 9] = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const WEIGHTS_2: [u32; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
const WEIGHTS_ORGANISATION: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];

fn digits<const N: usize>(text: &str) -> Option<[u32; N]> {
    let mut out = [0; N];
    if text.len() != N {
        return None;
    }
    for (slot, c) in out.iter_mut().zip(text.chars()) {
        *slot = c.to_digit(10)?;
    }
    Some(out)
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(d, w)| d * w).sum()
}

/// Whether eleven digits carry valid check digits by the rule in force from 2032: the first has up
/// to four valid values, the second one. Accepts fødselsnummer, D-nummer and synthetic numbers
/// (month + 40, + 65 or + 80); says nothing of the date in it.
pub fn has_person_check_digits(number: &str) -> bool {
    let Some(all) = digits::<11>(number) else {
        return false;
    };
    let [first @ .., k1, k2] = all;
    let remainder = weighted(&first, &WEIGHTS_1) % 11;
    let k1_ok = (11..=14).any(|base| {
        let value = base - remainder;
        let value = if value > 10 { value - 11 } else { value };
        value != 10 && value == k1
    });
    let [first_ten @ .., _] = all;
    let second = (11 - weighted(&first_ten, &WEIGHTS_2) % 11) % 11;
    k1_ok && second != 10 && second == k2
}

/// The `urn:oid` of the kind of number that eleven digits are: fødselsnummer, D-number (first digit
/// 4 to 7) or help number (8 or 9). `None` when the check digits are wrong.
pub fn person_number_system(number: &str) -> Option<&'static str> {
    if !has_person_check_digits(number) {
        return None;
    }
    Some(match number.as_bytes().first()? {
        b'0'..=b'3' => FNR,
        b'4'..=b'7' => DNR,
        _ => FHN,
    })
}

/// Whether it has the form of an HPR number: seven to nine digits, the first not 0. It has no check
/// digits: whether it is somebody's, only the register knows.
pub fn is_hpr_number(number: &str) -> bool {
    (7..=9).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && !number.starts_with('0')
}

/// The two check digits for nine digits by the rule before 2032, or `None` where that rule has no
/// valid number. Shape: the nine digits `DDMMYYNNN` as text.
pub fn person_check_digits(nine: &str) -> Option<[u32; 2]> {
    let first = digits::<9>(nine)?;
    let k1 = (11 - weighted(&first, &WEIGHTS_1) % 11) % 11;
    if k1 == 10 {
        return None;
    }
    let mut ten = [0; 10];
    for (slot, digit) in ten.iter_mut().zip(first.iter().chain([&k1])) {
        *slot = *digit;
    }
    let k2 = (11 - weighted(&ten, &WEIGHTS_2) % 11) % 11;
    (k2 != 10).then_some([k1, k2])
}

/// Whether nine digits are a valid organisasjonsnummer (mod 11).
pub fn is_organisation_number(number: &str) -> bool {
    let Some(all) = digits::<9>(number) else {
        return false;
    };
    let [first @ .., check] = all;
    let value = (11 - weighted(&first, &WEIGHTS_ORGANISATION) % 11) % 11;
    value != 10 && value == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_of_the_2032_rule_hold() {
        for number in ["02013299997", "02013299903", "30108299920"] {
            assert!(has_person_check_digits(number), "{number}");
        }
    }

    #[test]
    fn every_changed_digit_of_the_second_check_is_found() {
        assert!(!has_person_check_digits("02013299998"));
        assert!(!has_person_check_digits("0201329999"));
        assert!(!has_person_check_digits("0201329999x"));
    }

    #[test]
    fn generated_check_digits_are_accepted() {
        let mut made = 0;
        for n in 0..1000 {
            let nine = format!("019050{n:03}");
            if let Some([k1, k2]) = person_check_digits(&nine) {
                made += 1;
                assert!(has_person_check_digits(&format!("{nine}{k1}{k2}")));
            }
        }
        assert!(made > 700);
    }

    #[test]
    fn a_number_tells_its_kind_and_nothing_else() {
        assert_eq!(person_number_system("02013299997"), Some(FNR));
        assert_eq!(person_number_system("02013299998"), None);
        for (nine, system) in [("410190500", DNR), ("710190501", DNR), ("810190500", FHN)] {
            let Some([k1, k2]) = person_check_digits(nine) else { panic!("{nine}") };
            assert_eq!(person_number_system(&format!("{nine}{k1}{k2}")), Some(system), "{nine}");
        }
        for (number, is_one) in
            [("565501234", true), ("1234567", true), ("123456", false), ("0123456", false)]
        {
            assert_eq!(is_hpr_number(number), is_one, "{number}");
        }
    }

    #[test]
    fn organisation_numbers_are_checked() {
        assert!(is_organisation_number("974760673"));
        assert!(!is_organisation_number("974760674"));
    }
}
