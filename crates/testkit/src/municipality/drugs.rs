//! Medicines by ATC code, and how they are taken.
//!
//! Substances and strengths as they are marketed in Norway; no trade names.

/// A medicine in one strength and form.
#[derive(Debug, PartialEq)]
pub(crate) struct Drug {
    pub(crate) atc: &'static str,
    pub(crate) substance: &'static str,
    pub(crate) strength: &'static str,
    pub(crate) form: &'static str,
    /// What one counts when taking it: tablett, inhalasjon, E.
    pub(crate) unit: &'static str,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rhythm {
    /// At these events of every day (codes of `event-timing`).
    At(&'static [&'static str]),
    /// At these times of every day, `07:30`.
    AtTimes(&'static [&'static str]),
    /// So many times a day.
    PerDay(i32),
    /// Once in so many weeks.
    EveryWeeks(i32),
    /// When needed, at most so many times a day.
    AsNeeded(i32),
}

/// A dosage: the words the patient reads, and the same as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dose {
    pub(crate) text: &'static str,
    pub(crate) amount: f64,
    pub(crate) rhythm: Rhythm,
}

const fn tablet(atc: &'static str, substance: &'static str, strength: &'static str) -> Drug {
    Drug { atc, substance, strength, form: "tablett", unit: "tablett" }
}

const fn inhaled(atc: &'static str, substance: &'static str, strength: &'static str) -> Drug {
    Drug { atc, substance, strength, form: "inhalasjonspulver", unit: "inhalasjon" }
}

const fn other(
    atc: &'static str,
    substance: &'static str,
    strength: &'static str,
    form: &'static str,
    unit: &'static str,
) -> Drug {
    Drug { atc, substance, strength, form, unit }
}

pub(crate) const AMLODIPINE: Drug = tablet("C08CA01", "Amlodipin", "5 mg");
pub(crate) const LOSARTAN: Drug = tablet("C09CA01", "Losartan", "50 mg");
pub(crate) const CANDESARTAN: Drug = tablet("C09CA06", "Kandesartan", "8 mg");
pub(crate) const RAMIPRIL: Drug = tablet("C09AA05", "Ramipril", "5 mg");
pub(crate) const METOPROLOL: Drug =
    other("C07AB02", "Metoprolol", "50 mg", "depottablett", "tablett");
pub(crate) const FUROSEMIDE_20: Drug = tablet("C03CA01", "Furosemid", "20 mg");
pub(crate) const FUROSEMIDE_40: Drug = tablet("C03CA01", "Furosemid", "40 mg");
pub(crate) const SPIRONOLACTONE: Drug = tablet("C03DA01", "Spironolakton", "25 mg");
pub(crate) const ATORVASTATIN: Drug = tablet("C10AA05", "Atorvastatin", "40 mg");
pub(crate) const SIMVASTATIN: Drug = tablet("C10AA01", "Simvastatin", "20 mg");
pub(crate) const APIXABAN: Drug = tablet("B01AF02", "Apiksaban", "5 mg");
pub(crate) const WARFARIN: Drug = tablet("B01AA03", "Warfarin", "2,5 mg");
pub(crate) const ASPIRIN: Drug = tablet("B01AC06", "Acetylsalisylsyre", "75 mg");
pub(crate) const CLOPIDOGREL: Drug = tablet("B01AC04", "Klopidogrel", "75 mg");
pub(crate) const NITROGLYCERIN: Drug =
    other("C01DA02", "Glyseroltrinitrat", "0,5 mg", "resoriblett", "tablett");
pub(crate) const METFORMIN: Drug = tablet("A10BA02", "Metformin", "500 mg");
pub(crate) const EMPAGLIFLOZIN: Drug = tablet("A10BK03", "Empagliflozin", "10 mg");
pub(crate) const SEMAGLUTIDE: Drug =
    other("A10BJ06", "Semaglutid", "1 mg", "injeksjonsvæske i penn", "dose");
pub(crate) const GLARGINE: Drug =
    other("A10AE04", "Insulin glargin", "100 E/ml", "injeksjonsvæske i penn", "E");
pub(crate) const ASPART: Drug =
    other("A10AB05", "Insulin aspart", "100 E/ml", "injeksjonsvæske", "E");
pub(crate) const TIOTROPIUM: Drug = inhaled("R03BB04", "Tiotropium", "18 mikrog");
pub(crate) const INDACATEROL_GLYCOPYRRONIUM: Drug =
    inhaled("R03AL04", "Indakaterol og glykopyrronium", "85/43 mikrog");
pub(crate) const BUDESONIDE_FORMOTEROL: Drug =
    inhaled("R03AK07", "Budesonid og formoterol", "160/4,5 mikrog");
pub(crate) const SALBUTAMOL: Drug =
    other("R03AC02", "Salbutamol", "0,1 mg/dose", "inhalasjonsaerosol", "inhalasjon");
pub(crate) const FLUTICASONE: Drug =
    other("R03BA05", "Flutikason", "50 mikrog/dose", "inhalasjonsaerosol", "inhalasjon");
pub(crate) const PREDNISOLONE: Drug = tablet("H02AB06", "Prednisolon", "20 mg");
pub(crate) const AMOXICILLIN: Drug = other("J01CA04", "Amoksicillin", "500 mg", "kapsel", "kapsel");
pub(crate) const DOXYCYCLINE: Drug = tablet("J01AA02", "Doksysyklin", "100 mg");
pub(crate) const PENICILLIN: Drug = tablet("J01CE02", "Fenoksymetylpenicillin", "1 g");
pub(crate) const PENICILLIN_MIXTURE: Drug =
    other("J01CE02", "Fenoksymetylpenicillin", "50 mg/ml", "mikstur", "ml");
pub(crate) const ERYTHROMYCIN: Drug = tablet("J01FA01", "Erytromycin", "500 mg");
pub(crate) const PIVMECILLINAM: Drug = tablet("J01CA08", "Pivmecillinam", "200 mg");
pub(crate) const DICLOXACILLIN: Drug =
    other("J01CF01", "Dikloksacillin", "500 mg", "kapsel", "kapsel");
pub(crate) const CIPROFLOXACIN: Drug = tablet("J01MA02", "Ciprofloksacin", "500 mg");
pub(crate) const VALACICLOVIR: Drug = tablet("J05AB11", "Valaciklovir", "500 mg");
pub(crate) const LEVOTHYROXINE_50: Drug = tablet("H03AA01", "Levotyroksin", "50 mikrog");
pub(crate) const LEVOTHYROXINE_100: Drug = tablet("H03AA01", "Levotyroksin", "100 mikrog");
pub(crate) const ESCITALOPRAM: Drug = tablet("N06AB10", "Escitalopram", "10 mg");
pub(crate) const SERTRALINE: Drug = tablet("N06AB06", "Sertralin", "50 mg");
pub(crate) const MIRTAZAPINE: Drug = tablet("N06AX11", "Mirtazapin", "15 mg");
pub(crate) const OLANZAPINE: Drug = tablet("N05AH03", "Olanzapin", "10 mg");
pub(crate) const PALIPERIDONE: Drug =
    other("N05AX13", "Paliperidon", "100 mg", "depotinjeksjon", "injeksjon");
pub(crate) const DONEPEZIL: Drug = tablet("N06DA02", "Donepezil", "10 mg");
pub(crate) const MEMANTINE: Drug = tablet("N06DX01", "Memantin", "20 mg");
pub(crate) const METHYLPHENIDATE: Drug =
    other("N06BA04", "Metylfenidat", "27 mg", "depottablett", "tablett");
pub(crate) const LEVODOPA: Drug =
    tablet("N04BA02", "Levodopa og dekarboksylasehemmer", "100/25 mg");
pub(crate) const LAMOTRIGINE: Drug = tablet("N03AX09", "Lamotrigin", "100 mg");
pub(crate) const SUMATRIPTAN: Drug = tablet("N02CC01", "Sumatriptan", "50 mg");
pub(crate) const METHOTREXATE: Drug = tablet("L04AX03", "Metotreksat", "2,5 mg");
pub(crate) const FOLIC_ACID: Drug = tablet("B03BB01", "Folsyre", "1 mg");
pub(crate) const ALENDRONATE: Drug = tablet("M05BA04", "Alendronsyre", "70 mg");
pub(crate) const CALCIUM_D: Drug =
    other("A12AX", "Kalsium og vitamin D", "500 mg/800 IE", "tyggetablett", "tablett");
pub(crate) const ALLOPURINOL: Drug = tablet("M04AA01", "Allopurinol", "100 mg");
pub(crate) const TAMSULOSIN: Drug =
    other("G04CA02", "Tamsulosin", "0,4 mg", "depotkapsel", "kapsel");
pub(crate) const LETROZOLE: Drug = tablet("L02BG04", "Letrozol", "2,5 mg");
pub(crate) const BICALUTAMIDE: Drug = tablet("L02BB03", "Bikalutamid", "150 mg");
pub(crate) const PARACETAMOL: Drug = tablet("N02BE01", "Paracetamol", "500 mg");
pub(crate) const PARACETAMOL_1G: Drug = tablet("N02BE01", "Paracetamol", "1 g");
pub(crate) const IBUPROFEN: Drug = tablet("M01AE01", "Ibuprofen", "400 mg");
pub(crate) const OXYCODONE: Drug = other("N02AA05", "Oksykodon", "5 mg", "kapsel", "kapsel");
pub(crate) const PANTOPRAZOLE: Drug =
    other("A02BC02", "Pantoprazol", "40 mg", "enterotablett", "tablett");
pub(crate) const MACROGOL: Drug =
    other("A06AD65", "Makrogol, kombinasjoner", "13,8 g", "pulver til mikstur", "dosepose");
pub(crate) const ZOPICLONE: Drug = tablet("N05CF01", "Zopiklon", "5 mg");
pub(crate) const CETIRIZINE: Drug = tablet("R06AE07", "Cetirizin", "10 mg");
pub(crate) const DESLORATADINE: Drug = tablet("R06AX27", "Desloratadin", "5 mg");
pub(crate) const HYDROCORTISONE: Drug =
    other("D07AB02", "Hydrokortisonbutyrat", "0,1 %", "krem", "påsmøring");
pub(crate) const FUSIDIC_ACID: Drug = other("D06AX01", "Fusidinsyre", "2 %", "krem", "påsmøring");
pub(crate) const CHLORAMPHENICOL: Drug =
    other("S01AA01", "Kloramfenikol", "0,5 %", "øyedråper", "dråpe");
pub(crate) const IRON: Drug = tablet("B03AA07", "Jern(II)sulfat", "100 mg");
pub(crate) const PILL: Drug =
    tablet("G03AA07", "Levonorgestrel og etinyløstradiol", "0,15/0,03 mg");
pub(crate) const EPINEPHRINE: Drug =
    other("C01CA24", "Epinefrin", "0,3 mg", "autoinjektor", "injeksjon");
pub(crate) const COD_LIVER_OIL: Drug =
    other("A11JA", "Tran, multivitamin", "5 ml", "mikstur", "ml");
pub(crate) const OMEGA_3: Drug = other("C10AX06", "Omega-3-fettsyrer", "1 g", "kapsel", "kapsel");

pub(crate) const OXYCODONE_DEPOT: Drug =
    other("N02AA05", "Oksykodon", "10 mg", "depottablett", "tablett");
pub(crate) const OXAZEPAM: Drug = tablet("N05BA04", "Oksazepam", "10 mg");
pub(crate) const LATANOPROST: Drug =
    other("S01EE01", "Latanoprost", "50 mikrog/ml", "øyedråper", "dråpe");

pub(crate) const MORNING: Dose =
    Dose { text: "1 tablett om morgenen", amount: 1.0, rhythm: Rhythm::At(&["MORN"]) };
pub(crate) const EVENING: Dose =
    Dose { text: "1 tablett om kvelden", amount: 1.0, rhythm: Rhythm::At(&["EVE"]) };
pub(crate) const TWICE: Dose =
    Dose { text: "1 tablett morgen og kveld", amount: 1.0, rhythm: Rhythm::At(&["MORN", "EVE"]) };
pub(crate) const WEEKLY: Dose =
    Dose { text: "1 tablett én gang i uken", amount: 1.0, rhythm: Rhythm::EveryWeeks(1) };
pub(crate) const INHALE_MORNING: Dose =
    Dose { text: "1 inhalasjon om morgenen", amount: 1.0, rhythm: Rhythm::At(&["MORN"]) };
pub(crate) const INHALE_TWICE: Dose = Dose {
    text: "1 inhalasjon morgen og kveld",
    amount: 1.0,
    rhythm: Rhythm::At(&["MORN", "EVE"]),
};
pub(crate) const INHALE_AS_NEEDED: Dose = Dose {
    text: "1–2 inhalasjoner ved behov, høyst 8 i døgnet",
    amount: 2.0,
    rhythm: Rhythm::AsNeeded(4),
};
pub(crate) const PAIN_AS_NEEDED: Dose = Dose {
    text: "1–2 tabletter ved behov mot smerter, høyst 8 tabletter i døgnet",
    amount: 2.0,
    rhythm: Rhythm::AsNeeded(4),
};
pub(crate) const TABLET_AS_NEEDED: Dose = Dose {
    text: "1 tablett ved behov, høyst 3 i døgnet",
    amount: 1.0,
    rhythm: Rhythm::AsNeeded(3),
};
pub(crate) const NIGHT_AS_NEEDED: Dose =
    Dose { text: "1 tablett til natten ved behov", amount: 1.0, rhythm: Rhythm::AsNeeded(1) };
pub(crate) const CREAM_TWICE: Dose = Dose {
    text: "Smøres tynt på huden morgen og kveld",
    amount: 1.0,
    rhythm: Rhythm::At(&["MORN", "EVE"]),
};
