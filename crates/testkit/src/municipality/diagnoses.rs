//! Diagnoses that the courses use: ICPC-2 for primary care, ICD-10 for the hospital, and the words
//! that people say.
//!
//! Codes and titles: the Directorate of Health's editions of ICPC-2 and ICD-10.

/// A diagnosis in both classifications.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// What a clinician writes.
    pub(crate) name: &'static str,
    /// ICPC-2 code and title.
    pub(crate) icpc: (&'static str, &'static str),
    /// ICD-10 code (with its point) and title, where a hospital meets this diagnosis.
    pub(crate) icd: Option<(&'static str, &'static str)>,
}

pub(crate) const HYPERTENSION: Diagnosis = Diagnosis {
    name: "Hypertensjon",
    icpc: ("K86", "Hypertensjon ukomplisert"),
    icd: Some(("I10", "Essensiell (primær) hypertensjon")),
};
pub(crate) const DIABETES_2: Diagnosis = Diagnosis {
    name: "Diabetes type 2",
    icpc: ("T90", "Diabetes type 2"),
    icd: Some(("E11.9", "Diabetes mellitus type 2 uten kompl")),
};
pub(crate) const DIABETES_1: Diagnosis = Diagnosis {
    name: "Diabetes type 1",
    icpc: ("T89", "Diabetes type 1"),
    icd: Some(("E10.9", "Diabetes mellitus type 1 uten komplikasjoner")),
};
pub(crate) const HEART_FAILURE: Diagnosis = Diagnosis {
    name: "Hjertesvikt",
    icpc: ("K77", "Hjertesvikt"),
    icd: Some(("I50.9", "Uspesifisert hjertesvikt")),
};
pub(crate) const ATRIAL_FIBRILLATION: Diagnosis = Diagnosis {
    name: "Atrieflimmer",
    icpc: ("K78", "Atrieflimmer/flutter"),
    icd: Some(("I48.9", "Uspesifisert atrieflimmer og atrieflutter")),
};
pub(crate) const ANGINA: Diagnosis = Diagnosis {
    name: "Angina pectoris",
    icpc: ("K74", "Iskemisk hjertesykdom med angina"),
    icd: Some(("I20.9", "Uspesifisert angina pectoris")),
};
pub(crate) const CORONARY: Diagnosis = Diagnosis {
    name: "Koronarsykdom",
    icpc: ("K76", "Iskemisk hjertesykdom kronisk IKA"),
    icd: Some(("I25.1", "Aterosklerotisk hjertesykdom")),
};
pub(crate) const INFARCTION: Diagnosis = Diagnosis {
    name: "Akutt hjerteinfarkt",
    icpc: ("K75", "Akutt hjerteinfarkt"),
    icd: Some(("I21.4", "Akutt subendokardialt infarkt")),
};
pub(crate) const COPD: Diagnosis = Diagnosis {
    name: "KOLS",
    icpc: ("R95", "Kronisk obstruktiv lungesykdom"),
    icd: Some(("J44.9", "Uspesifisert kronisk obstruktiv lungesykdom")),
};
pub(crate) const COPD_EXACERBATION: Diagnosis = Diagnosis {
    name: "KOLS-forverring",
    icpc: ("R95", "Kronisk obstruktiv lungesykdom"),
    icd: Some(("J44.1", "Kronisk obstruktiv lungesykdom med akutt uspes. forverring")),
};
pub(crate) const ASTHMA: Diagnosis =
    Diagnosis { name: "Astma", icpc: ("R96", "Astma"), icd: Some(("J45.9", "Uspesifisert astma")) };
pub(crate) const HYPOTHYROID: Diagnosis =
    Diagnosis { name: "Hypotyreose", icpc: ("T86", "Hypotyreose/myksødem"), icd: None };
pub(crate) const DEPRESSION: Diagnosis = Diagnosis {
    name: "Depresjon",
    icpc: ("P76", "Depressiv lidelse"),
    icd: Some(("F32.1", "Moderat depressiv episode")),
};
pub(crate) const ANXIETY: Diagnosis = Diagnosis {
    name: "Angstlidelse",
    icpc: ("P74", "Angstlidelse"),
    icd: Some(("F41.1", "Generalisert angstlidelse")),
};
pub(crate) const SCHIZOPHRENIA: Diagnosis = Diagnosis {
    name: "Schizofreni",
    icpc: ("P72", "Schizofreni"),
    icd: Some(("F20.0", "Paranoid schizofreni")),
};
pub(crate) const DEMENTIA: Diagnosis = Diagnosis {
    name: "Demens, Alzheimers sykdom",
    icpc: ("P70", "Demens"),
    icd: Some(("F00.1", "Demens ved Alzheimers sykdom med sen debut")),
};
pub(crate) const KIDNEY: Diagnosis = Diagnosis {
    name: "Kronisk nyresykdom",
    icpc: ("U99", "Urinveissykdom IKA"),
    icd: Some(("N18.3", "Kronisk nyresykdom, stadium 3")),
};
pub(crate) const OSTEOPOROSIS: Diagnosis = Diagnosis {
    name: "Osteoporose",
    icpc: ("L95", "Osteoporose"),
    icd: Some(("M81.9", "Uspesifisert osteoporose")),
};
pub(crate) const KNEE_ARTHROSIS: Diagnosis = Diagnosis {
    name: "Kneleddsartrose",
    icpc: ("L90", "Kneleddsartrose"),
    icd: Some(("M17.1", "Primær kneleddsartrose, uten opplysning om bilat. manifest.")),
};
pub(crate) const HIP_ARTHROSIS: Diagnosis = Diagnosis {
    name: "Hofteleddsartrose",
    icpc: ("L89", "Hofteleddsartrose"),
    icd: Some(("M16.1", "Annen primær hofteleddsartrose")),
};
pub(crate) const PROSTATE: Diagnosis =
    Diagnosis { name: "Prostatahyperplasi", icpc: ("Y85", "Prostatahyperplasi"), icd: None };
pub(crate) const BREAST_CANCER: Diagnosis = Diagnosis {
    name: "Brystkreft",
    icpc: ("X76", "Ondartet svulst bryst (K)"),
    icd: Some(("C50.9", "Ondartet svulst i bryst, uspesifisert")),
};
pub(crate) const PROSTATE_CANCER: Diagnosis = Diagnosis {
    name: "Prostatakreft",
    icpc: ("Y77", "Ondartet svulst prostata"),
    icd: Some(("C61", "Ondartet svulst i blærehalskjertel")),
};
pub(crate) const COLON_CANCER: Diagnosis = Diagnosis {
    name: "Tykktarmskreft",
    icpc: ("D75", "Ondartet svulst tykktarm/endetarm"),
    icd: Some(("C18.7", "Ondartet svulst i sigmoideum")),
};
pub(crate) const STROKE: Diagnosis = Diagnosis {
    name: "Hjerneslag",
    icpc: ("K90", "Hjerneslag"),
    icd: Some(("I63.9", "Uspesifisert hjerneinfarkt")),
};
pub(crate) const PARKINSON: Diagnosis = Diagnosis {
    name: "Parkinsons sykdom",
    icpc: ("N87", "Parkinsonisme"),
    icd: Some(("G20", "Parkinsons sykdom")),
};
pub(crate) const EPILEPSY: Diagnosis = Diagnosis {
    name: "Epilepsi",
    icpc: ("N88", "Epilepsi"),
    icd: Some(("G40.9", "Uspesifisert epilepsi")),
};
pub(crate) const MIGRAINE: Diagnosis =
    Diagnosis { name: "Migrene", icpc: ("N89", "Migrene"), icd: None };
pub(crate) const RHEUMATOID: Diagnosis = Diagnosis {
    name: "Revmatoid artritt",
    icpc: ("L88", "Reumatoid artritt/reumatisk sykdom"),
    icd: Some(("M05.9", "Uspesifisert seropositiv reumatoid artritt")),
};
pub(crate) const ECZEMA: Diagnosis =
    Diagnosis { name: "Atopisk eksem", icpc: ("S87", "Atopisk dermatitt/eksem"), icd: None };
pub(crate) const ADHD: Diagnosis = Diagnosis {
    name: "ADHD",
    icpc: ("P81", "Hyperkinetisk forstyrrelse"),
    icd: Some(("F90.0", "Forstyrrelser av aktivitet og oppmerksomhet")),
};
pub(crate) const RHINITIS: Diagnosis =
    Diagnosis { name: "Allergisk rhinitt", icpc: ("R97", "Allergisk rhinitt"), icd: None };
pub(crate) const GOUT: Diagnosis =
    Diagnosis { name: "Urinsyregikt", icpc: ("T92", "Urinsyregikt"), icd: None };
pub(crate) const LIPIDS: Diagnosis = Diagnosis {
    name: "Hyperkolesterolemi",
    icpc: ("T93", "Lipidstoffskifte forstyrrelse"),
    icd: None,
};
pub(crate) const IRON_DEFICIENCY: Diagnosis =
    Diagnosis { name: "Jernmangelanemi", icpc: ("B80", "Jernmangelanemi"), icd: None };
pub(crate) const COLD: Diagnosis = Diagnosis {
    name: "Akutt øvre luftveisinfeksjon",
    icpc: ("R74", "Akutt øvre luftveisinfeksjon"),
    icd: None,
};
pub(crate) const TONSILLITIS: Diagnosis =
    Diagnosis { name: "Akutt tonsillitt", icpc: ("R76", "Akutt tonsillitt"), icd: None };
pub(crate) const SINUSITIS: Diagnosis =
    Diagnosis { name: "Bihulebetennelse", icpc: ("R75", "Bihulebetennelse"), icd: None };
pub(crate) const BRONCHITIS: Diagnosis =
    Diagnosis { name: "Akutt bronkitt", icpc: ("R78", "Akutt bronkitt/bronkiolitt"), icd: None };
pub(crate) const INFLUENZA: Diagnosis =
    Diagnosis { name: "Influensa", icpc: ("R80", "Influensa"), icd: None };
pub(crate) const PNEUMONIA: Diagnosis = Diagnosis {
    name: "Pneumoni",
    icpc: ("R81", "Lungebetennelse"),
    icd: Some(("J18.9", "Uspesifisert pneumoni")),
};
pub(crate) const OTITIS: Diagnosis = Diagnosis {
    name: "Akutt mellomørebetennelse",
    icpc: ("H71", "Mellomørebetennelse akutt"),
    icd: None,
};
pub(crate) const CYSTITIS: Diagnosis =
    Diagnosis { name: "Cystitt", icpc: ("U71", "Cystitt/urinveisinfeksjon IKA"), icd: None };
pub(crate) const PYELONEPHRITIS: Diagnosis = Diagnosis {
    name: "Nyrebekkenbetennelse",
    icpc: ("U70", "Nyrebekkenbetennelse"),
    icd: Some(("N10", "Akutt tubulointerstitiell nefritt og pyelonefritt")),
};
pub(crate) const GASTROENTERITIS: Diagnosis = Diagnosis {
    name: "Gastroenteritt",
    icpc: ("D73", "Gastroenteritt antatt infeksiøs"),
    icd: None,
};
pub(crate) const LOW_BACK: Diagnosis =
    Diagnosis { name: "Korsryggsmerter", icpc: ("L03", "Korsrygg symptomer/plager"), icd: None };
pub(crate) const SCIATICA: Diagnosis = Diagnosis {
    name: "Ryggsmerter med utstråling",
    icpc: ("L86", "Ryggsyndrom med smerteutstråling"),
    icd: None,
};
pub(crate) const SHOULDER: Diagnosis =
    Diagnosis { name: "Skuldersyndrom", icpc: ("L92", "Skuldersyndrom"), icd: None };
pub(crate) const ANKLE_SPRAIN: Diagnosis =
    Diagnosis { name: "Forstuet ankel", icpc: ("L77", "Forstuving/forstrekking ankel"), icd: None };
pub(crate) const MUSCLE: Diagnosis =
    Diagnosis { name: "Muskelsmerter", icpc: ("L19", "Muskel symptomer/plager IKA"), icd: None };
pub(crate) const HEADACHE: Diagnosis =
    Diagnosis { name: "Tensjonshodepine", icpc: ("N95", "Tensjonshodepine"), icd: None };
pub(crate) const VERTIGO: Diagnosis =
    Diagnosis { name: "Svimmelhet", icpc: ("N17", "Svimmelhet IKA"), icd: None };
pub(crate) const FATIGUE: Diagnosis =
    Diagnosis { name: "Slapphet", icpc: ("A04", "Slapphet/tretthet"), icd: None };
pub(crate) const SLEEP: Diagnosis =
    Diagnosis { name: "Søvnvansker", icpc: ("P06", "Søvnforstyrrelse"), icd: None };
pub(crate) const STRESS: Diagnosis = Diagnosis {
    name: "Psykisk ubalanse, livssituasjon",
    icpc: ("P02", "Psykisk ubalanse situasjonsbetinget"),
    icd: None,
};
pub(crate) const SKIN_INFECTION: Diagnosis =
    Diagnosis { name: "Hudinfeksjon", icpc: ("S76", "Hudinfeksjon IKA"), icd: None };
pub(crate) const CONTACT_DERMATITIS: Diagnosis = Diagnosis {
    name: "Kontakteksem",
    icpc: ("S88", "Kontakt-/allergisk dermatitt IKA"),
    icd: None,
};
pub(crate) const MOLE: Diagnosis =
    Diagnosis { name: "Føflekk", icpc: ("S82", "Pigmentnevus"), icd: None };
pub(crate) const WART: Diagnosis = Diagnosis { name: "Vorte", icpc: ("S03", "Vorter"), icd: None };
pub(crate) const CONJUNCTIVITIS: Diagnosis =
    Diagnosis { name: "Øyekatarr", icpc: ("F70", "Infeksiøs konjunktivitt"), icd: None };
pub(crate) const EARWAX: Diagnosis =
    Diagnosis { name: "Ørevoks", icpc: ("H81", "Ørevoks"), icd: None };
pub(crate) const WOUND: Diagnosis =
    Diagnosis { name: "Kutt", icpc: ("S18", "Åpent sår/kutt"), icd: None };
pub(crate) const WRIST_FRACTURE: Diagnosis = Diagnosis {
    name: "Håndleddsbrudd",
    icpc: ("L72", "Brudd underarm"),
    icd: Some(("S52.50", "Brudd i distal ende av radius;lukket")),
};
pub(crate) const HIP_FRACTURE: Diagnosis = Diagnosis {
    name: "Lårhalsbrudd",
    icpc: ("L75", "Brudd lårben/lårhals"),
    icd: Some(("S72.00", "Brudd i lårhals;lukket")),
};
pub(crate) const CONCUSSION: Diagnosis = Diagnosis {
    name: "Hjernerystelse",
    icpc: ("N79", "Hjernerystelse"),
    icd: Some(("S06.0", "Hjernerystelse")),
};
pub(crate) const APPENDICITIS: Diagnosis = Diagnosis {
    name: "Akutt appendisitt",
    icpc: ("D88", "Appendisitt"),
    icd: Some(("K35.8", "Akutt appendisitt, annen og uspesifisert")),
};
pub(crate) const GALLSTONES: Diagnosis = Diagnosis {
    name: "Gallesten",
    icpc: ("D98", "Galleveisbetennelse/gallestein"),
    icd: Some(("K80.2", "Gallesten uten galleblærebetennelse")),
};
pub(crate) const DYSPNOEA: Diagnosis =
    Diagnosis { name: "Tungpust", icpc: ("R02", "Kortpustethet/dyspné"), icd: None };
pub(crate) const CHEST_PAIN: Diagnosis =
    Diagnosis { name: "Brystsmerter", icpc: ("L04", "Brystkasse symptomer/plager"), icd: None };
pub(crate) const PALPITATIONS: Diagnosis =
    Diagnosis { name: "Hjertebank", icpc: ("K04", "Hjertebank"), icd: None };
pub(crate) const PREGNANCY: Diagnosis =
    Diagnosis { name: "Svangerskap", icpc: ("W78", "Svangerskap bekreftet"), icd: None };
pub(crate) const GESTATIONAL_DIABETES: Diagnosis = Diagnosis {
    name: "Svangerskapsdiabetes",
    icpc: ("W85", "Svangerskapsdiabetes"),
    icd: Some(("O24.4", "Diabetes mellitus som oppstår under svangerskap")),
};
pub(crate) const BIRTH: Diagnosis = Diagnosis {
    name: "Fødsel",
    icpc: ("W90", "Ukomplisert fødsel levendefødt barn"),
    icd: Some(("Z37.0", "Enkeltfødsel, levendefødt")),
};
pub(crate) const BORN: Diagnosis = Diagnosis {
    name: "Nyfødt",
    icpc: ("A98", "Individforebyggende tiltak"),
    icd: Some(("Z38.0", "Enkeltfødsel på sykehus")),
};
pub(crate) const CONTRACEPTION: Diagnosis =
    Diagnosis { name: "Prevensjon, p-pille", icpc: ("W11", "Prevensjon p-pille"), icd: None };
pub(crate) const SPIRAL: Diagnosis =
    Diagnosis { name: "Prevensjon, spiral", icpc: ("W12", "Prevensjon spiral"), icd: None };
pub(crate) const CERVIX_CHECK: Diagnosis =
    Diagnosis { name: "Livmorhalsprøve", icpc: ("A98", "Individforebyggende tiltak"), icd: None };
pub(crate) const KETOACIDOSIS: Diagnosis = Diagnosis {
    name: "Diabetes type 1 med ketoacidose",
    icpc: ("T89", "Diabetes type 1"),
    icd: Some(("E10.1", "Diabetes mellitus type 1 med ketoacidose")),
};
pub(crate) const CATARACT: Diagnosis = Diagnosis {
    name: "Grå stær",
    icpc: ("F92", "Grå stær/katarakt"),
    icd: Some(("H25.1", "Kjernestær hos eldre")),
};
pub(crate) const ECZEMA_HERPES: Diagnosis =
    Diagnosis { name: "Helvetesild", icpc: ("S70", "Herpes zoster"), icd: None };
pub(crate) const HEALTH_CHECK: Diagnosis =
    Diagnosis { name: "Helsekontroll", icpc: ("A98", "Individforebyggende tiltak"), icd: None };
pub(crate) const CROUP: Diagnosis =
    Diagnosis { name: "Falsk krupp", icpc: ("R77", "Akutt laryngitt/trakeitt"), icd: None };
pub(crate) const WHEEZE: Diagnosis = Diagnosis {
    name: "Obstruktiv bronkitt",
    icpc: ("R78", "Akutt bronkitt/bronkiolitt"),
    icd: Some(("J21.0", "Akutt bronkiolitt som skyldes respiratorisk syncytialvirus")),
};
pub(crate) const CHICKENPOX: Diagnosis =
    Diagnosis { name: "Vannkopper", icpc: ("A72", "Vannkopper"), icd: None };
pub(crate) const CONSTIPATION: Diagnosis =
    Diagnosis { name: "Forstoppelse", icpc: ("D12", "Forstoppelse"), icd: None };
pub(crate) const FEBRILE: Diagnosis =
    Diagnosis { name: "Feber", icpc: ("A03", "Feber"), icd: None };
pub(crate) const ACNE: Diagnosis = Diagnosis { name: "Akne", icpc: ("S96", "Akne"), icd: None };
pub(crate) const REFLUX: Diagnosis =
    Diagnosis { name: "Refluks", icpc: ("D84", "Spiserørssykdom"), icd: None };
pub(crate) const CARE: Diagnosis = Diagnosis {
    name: "Nedsatt funksjonsevne",
    icpc: ("A28", "Redusert funksjonsevne IKA"),
    icd: None,
};
pub(crate) const DENTAL_CHECK: Diagnosis =
    Diagnosis { name: "Tannundersøkelse", icpc: ("D82", "Tenner/tannkjøtt sykdom"), icd: None };
