//! What is measured: laboratory analyses in Norwegian laboratory codes (NLK) and vital signs in
//! LOINC, each with its unit, number of decimals and reference range.
//!
//! Where NLK has no code that we could verify, the analysis is coded in LOINC.
//! Values come from `body.rs`.

use super::people::Person;

/// System of NLK.
pub(crate) const NLK: &str = "urn:oid:2.16.578.1.12.4.1.1.7280";
/// System of LOINC.
pub(crate) const LOINC: &str = "http://loinc.org";

/// A laboratory analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lab {
    Hb,
    Leukocytes,
    Platelets,
    Crp,
    Creatinine,
    Egfr,
    Potassium,
    Sodium,
    HbA1c,
    Glucose,
    Cholesterol,
    Hdl,
    Ldl,
    Tsh,
    FreeT4,
    NtProBnp,
    Inr,
    Ferritin,
    B12,
    VitaminD,
    Alat,
    Albumin,
    AlbuminCreatinine,
    Urate,
    Psa,
    Calcium,
    TroponinT,
}

/// How an analysis is reported.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// Unit as printed, and in UCUM.
    pub(crate) unit: (&'static str, &'static str),
    pub(crate) decimals: usize,
}

const fn nlk(
    code: &'static str,
    name: &'static str,
    unit: (&'static str, &'static str),
    decimals: usize,
) -> Report {
    Report { system: NLK, code, name, unit, decimals }
}

impl Lab {
    /// Code, name, unit.
    pub(crate) fn report(self) -> Report {
        match self {
            Lab::Hb => nlk("NOR05172", "B-Hemoglobin", ("g/dL", "g/dL"), 1),
            Lab::Leukocytes => nlk("NPU02593", "B-Leukocytter", ("×10⁹/L", "10*9/L"), 1),
            Lab::Platelets => nlk("NPU03568", "B-Trombocytter", ("×10⁹/L", "10*9/L"), 0),
            Lab::Crp => nlk("NPU19748", "P-CRP", ("mg/L", "mg/L"), 0),
            Lab::Creatinine => nlk("NPU04998", "P-Kreatinin", ("µmol/L", "umol/L"), 0),
            Lab::Egfr => Report {
                system: LOINC,
                code: "62238-1",
                name: "eGFR (CKD-EPI)",
                unit: ("mL/min/1,73 m²", "mL/min/{1.73_m2}"),
                decimals: 0,
            },
            Lab::Potassium => nlk("NPU03230", "P-Kalium", ("mmol/L", "mmol/L"), 1),
            Lab::Sodium => nlk("NPU03429", "P-Natrium", ("mmol/L", "mmol/L"), 0),
            Lab::HbA1c => nlk("NPU27300", "B-HbA1c", ("mmol/mol", "mmol/mol"), 0),
            Lab::Glucose => nlk("NPU02192", "P-Glukose", ("mmol/L", "mmol/L"), 1),
            Lab::Cholesterol => nlk("NPU01566", "P-Kolesterol", ("mmol/L", "mmol/L"), 1),
            Lab::Hdl => nlk("NPU01567", "P-HDL-kolesterol", ("mmol/L", "mmol/L"), 1),
            Lab::Ldl => nlk("NPU01568", "P-LDL-kolesterol", ("mmol/L", "mmol/L"), 1),
            Lab::Tsh => nlk("NPU27547", "P-TSH", ("mIE/L", "m[IU]/L"), 2),
            Lab::FreeT4 => nlk("NPU03579", "P-FT4", ("pmol/L", "pmol/L"), 0),
            Lab::NtProBnp => nlk("NPU21571", "P-NT-proBNP", ("ng/L", "ng/L"), 0),
            Lab::Inr => nlk("NPU01685", "P-INR", ("", "1"), 1),
            Lab::Ferritin => nlk("NPU19763", "P-Ferritin", ("µg/L", "ug/L"), 0),
            Lab::B12 => nlk("NPU01700", "P-Vitamin B12", ("pmol/L", "pmol/L"), 0),
            Lab::VitaminD => nlk("NPU10267", "P-25-OH-vitamin D", ("nmol/L", "nmol/L"), 0),
            Lab::Alat => nlk("NPU19651", "P-ALAT", ("U/L", "U/L"), 0),
            Lab::Albumin => nlk("NPU19673", "P-Albumin", ("g/L", "g/L"), 0),
            Lab::AlbuminCreatinine => Report {
                system: LOINC,
                code: "14585-4",
                name: "U-Albumin/kreatinin-ratio",
                unit: ("mg/mmol", "mg/mmol"),
                decimals: 1,
            },
            Lab::Urate => nlk("NPU03688", "P-Urat", ("µmol/L", "umol/L"), 0),
            Lab::Psa => nlk("NPU08669", "P-PSA", ("µg/L", "ug/L"), 1),
            Lab::Calcium => nlk("NPU01443", "P-Kalsium", ("mmol/L", "mmol/L"), 2),
            Lab::TroponinT => nlk("NPU27501", "P-Troponin T", ("ng/L", "ng/L"), 0),
        }
    }

    /// Lowest and highest expected value for this person at this age.
    pub(crate) fn range(self, person: &Person, age: i32) -> (Option<f64>, Option<f64>) {
        let woman = person.is_woman();
        let by_sex = |female: (f64, f64), male: (f64, f64)| {
            let (low, high) = if woman { female } else { male };
            (Some(low), Some(high))
        };
        match self {
            Lab::Hb if age < 12 => (Some(10.5), Some(13.5)),
            Lab::Hb => by_sex((11.7, 15.3), (13.4, 17.0)),
            Lab::Leukocytes => (Some(3.5), Some(11.0)),
            Lab::Platelets => (Some(145.0), Some(390.0)),
            Lab::Crp => (None, Some(5.0)),
            Lab::Creatinine if age < 12 => (Some(20.0), Some(60.0)),
            Lab::Creatinine => by_sex((45.0, 90.0), (60.0, 105.0)),
            Lab::Egfr => (Some(60.0), None),
            Lab::Potassium => (Some(3.6), Some(4.6)),
            Lab::Sodium => (Some(137.0), Some(145.0)),
            Lab::HbA1c => (Some(28.0), Some(40.0)),
            Lab::Glucose => (Some(4.2), Some(6.3)),
            Lab::Cholesterol => (Some(3.3), Some(if age < 50 { 6.9 } else { 7.8 })),
            Lab::Hdl => by_sex((1.0, 2.7), (0.8, 2.1)),
            Lab::Ldl => (Some(1.5), Some(if age < 50 { 4.8 } else { 5.3 })),
            Lab::Tsh => (Some(0.5), Some(3.6)),
            Lab::FreeT4 => (Some(10.0), Some(21.0)),
            Lab::NtProBnp => (None, Some(if age < 75 { 300.0 } else { 450.0 })),
            Lab::Inr => (None, Some(1.2)),
            Lab::Ferritin => by_sex((15.0, 160.0), (30.0, 383.0)),
            Lab::B12 => (Some(175.0), Some(700.0)),
            Lab::VitaminD => (Some(50.0), Some(150.0)),
            Lab::Alat => by_sex((10.0, 45.0), (10.0, 70.0)),
            Lab::Albumin => (Some(36.0), Some(48.0)),
            Lab::AlbuminCreatinine => (None, Some(3.0)),
            Lab::Urate => by_sex((155.0, 350.0), (230.0, 480.0)),
            Lab::Psa => (None, Some(if age < 60 { 3.0 } else { 4.5 })),
            Lab::Calcium => (Some(2.15), Some(2.51)),
            Lab::TroponinT => (None, Some(14.0)),
        }
    }
}

/// A bedside measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vital {
    /// Systolic and diastolic in one observation.
    Pressure,
    Pulse,
    Temperature,
    Saturation,
    Respiration,
    Weight,
    Height,
    HeadCircumference,
    BodyMassIndex,
}

impl Vital {
    /// LOINC code, Norwegian name, unit. Pressure: of the panel.
    pub(crate) fn report(self) -> Report {
        let loinc =
            |code, name, unit, decimals| Report { system: LOINC, code, name, unit, decimals };
        match self {
            Vital::Pressure => loinc("85354-9", "Blodtrykk", ("mmHg", "mm[Hg]"), 0),
            Vital::Pulse => loinc("8867-4", "Puls", ("slag/min", "/min"), 0),
            Vital::Temperature => loinc("8310-5", "Temperatur", ("°C", "Cel"), 1),
            Vital::Saturation => loinc("2708-6", "Oksygenmetning (SpO₂)", ("%", "%"), 0),
            Vital::Respiration => loinc("9279-1", "Respirasjonsfrekvens", ("/min", "/min"), 0),
            Vital::Weight => loinc("29463-7", "Vekt", ("kg", "kg"), 1),
            Vital::Height => loinc("8302-2", "Høyde", ("cm", "cm"), 1),
            Vital::HeadCircumference => loinc("9843-4", "Hodeomkrets", ("cm", "cm"), 1),
            Vital::BodyMassIndex => loinc("39156-5", "KMI", ("kg/m²", "kg/m2"), 1),
        }
    }
}

/// A score or special examination that is neither blood nor a vital sign.
#[derive(Debug)]
pub(crate) struct Score {
    pub(crate) report: Report,
    pub(crate) category: &'static str,
}

const fn score(
    code: &'static str,
    name: &'static str,
    unit: (&'static str, &'static str),
    decimals: usize,
    category: &'static str,
) -> Score {
    Score { report: Report { system: LOINC, code, name, unit, decimals }, category }
}

/// Points of nine questions on depression, 0..=27.
pub(crate) const PHQ_9: Score = score("44261-6", "PHQ-9", ("poeng", "{score}"), 0, "survey");
/// Points of the mini mental state examination, 0..=30.
pub(crate) const MMSE: Score = score("72106-8", "MMSE-NR", ("poeng", "{score}"), 0, "survey");
/// Share of the blood that the left ventricle throws out.
pub(crate) const EJECTION_FRACTION: Score =
    score("10230-1", "LVEF, ekkokardiografi", ("%", "%"), 0, "procedure");
/// Volume blown out in the first second.
pub(crate) const FEV1: Score = score("20150-9", "FEV1", ("L", "L"), 2, "procedure");
/// Ratio of that to the whole.
pub(crate) const FEV1_FVC: Score =
    score("19926-5", "FEV1/FVC", ("ratio", "{ratio}"), 2, "procedure");
/// Height of the womb over the pubic bone.
pub(crate) const FUNDAL_HEIGHT: Score =
    score("11881-0", "Symfyse-fundus-mål", ("cm", "cm"), 0, "exam");
/// Heart of the foetus.
pub(crate) const FETAL_HEART: Score =
    score("55283-6", "Fosterlyd", ("slag/min", "/min"), 0, "exam");
