//! Given and family names by culture and time of birth.
//!
//! Common names in Norway, put together at random: nobody real is meant. Sámi names and the
//! largest immigrant groups have their own tables.

use super::people::Sex;
use super::random::Random;

/// Where a family's names come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Culture {
    Norwegian,
    Sami,
    Polish,
    Somali,
    Arabic,
    Ukrainian,
    Eritrean,
    Vietnamese,
    Pakistani,
}

const WOMEN_BEFORE_1950: [&str; 32] = [
    "Ingrid",
    "Solveig",
    "Astrid",
    "Gerd",
    "Ruth",
    "Aslaug",
    "Gudrun",
    "Borghild",
    "Inger",
    "Bjørg",
    "Else",
    "Randi",
    "Marit",
    "Liv",
    "Kari",
    "Berit",
    "Reidun",
    "Aud",
    "Synnøve",
    "Målfrid",
    "Torbjørg",
    "Eldbjørg",
    "Signe",
    "Magnhild",
    "Åse",
    "Sigrid",
    "Jorunn",
    "Wenche",
    "Turid",
    "Anna",
    "Edith",
    "Olaug",
];
const WOMEN_BEFORE_1980: [&str; 36] = [
    "Anne",
    "Kari",
    "Marianne",
    "Hilde",
    "Nina",
    "Tone",
    "Bente",
    "Anita",
    "Heidi",
    "Elin",
    "Grete",
    "Monica",
    "Trine",
    "Siv",
    "Lise",
    "Mona",
    "Gro",
    "Merete",
    "Ann Kristin",
    "Ellen",
    "Hege",
    "Linda",
    "Wenche",
    "Unni",
    "Torill",
    "Eva",
    "Kristin",
    "Line",
    "Cathrine",
    "Gunn",
    "Rita",
    "Anne Grete",
    "Vigdis",
    "Laila",
    "Sissel",
    "Ragnhild",
];
const WOMEN_BEFORE_2005: [&str; 36] = [
    "Ida", "Silje", "Camilla", "Stine", "Marte", "Kristine", "Maria", "Ingvild", "Thea", "Julie",
    "Emilie", "Hanna", "Martine", "Karoline", "Malin", "Helene", "Oda", "Guro", "Andrea", "Vilde",
    "Synne", "Ane", "Tonje", "Ragnhild", "Marthe", "Sunniva", "Maren", "Amalie", "Hedda", "Tiril",
    "Eline", "Mathilde", "Sigrid", "Susanne", "Victoria", "Nora",
];
const GIRLS: [&str; 32] = [
    "Nora", "Emma", "Olivia", "Ella", "Sofie", "Maja", "Ada", "Sara", "Ingrid", "Astrid", "Frida",
    "Selma", "Leah", "Alma", "Hedda", "Iben", "Live", "Tuva", "Mia", "Amalie", "Eline", "Jenny",
    "Solveig", "Signe", "Tiril", "Aurora", "Mille", "Anna", "Agnes", "Oda", "Vilde", "Ylva",
];
const MEN_BEFORE_1950: [&str; 32] = [
    "Arne", "Kåre", "Odd", "Per", "Olav", "Leif", "Rolf", "Knut", "Egil", "Gunnar", "Harald",
    "Einar", "Asbjørn", "Sverre", "Birger", "Magne", "Torleif", "Reidar", "Oddvar", "Ivar",
    "Sigurd", "Kjell", "Arvid", "Bjarne", "Finn", "Øivind", "Trygve", "Johannes", "Ola", "Helge",
    "Håkon", "Alf",
];
const MEN_BEFORE_1980: [&str; 36] = [
    "Jan",
    "Bjørn",
    "Svein",
    "Terje",
    "Geir",
    "Morten",
    "Tor",
    "Rune",
    "Øyvind",
    "Frode",
    "Tom",
    "Stein",
    "Trond",
    "Arild",
    "Roger",
    "Pål",
    "Kjetil",
    "Vidar",
    "Jarle",
    "Ole",
    "Dag",
    "Steinar",
    "Ketil",
    "Espen",
    "Lars",
    "Jan Erik",
    "Roar",
    "Asle",
    "Thomas",
    "Anders",
    "Erik",
    "Harald",
    "Gunnar",
    "Ivar",
    "Sigbjørn",
    "Bård",
];
const MEN_BEFORE_2005: [&str; 36] = [
    "Martin",
    "Kristian",
    "Andreas",
    "Daniel",
    "Marius",
    "Sondre",
    "Henrik",
    "Magnus",
    "Eirik",
    "Jonas",
    "Sindre",
    "Mathias",
    "Håkon",
    "Simen",
    "Even",
    "Fredrik",
    "Joakim",
    "Vegard",
    "Stian",
    "Ole Martin",
    "Jørgen",
    "Alexander",
    "Tobias",
    "Mats",
    "Petter",
    "Sivert",
    "Aksel",
    "Eivind",
    "Lars",
    "Emil",
    "Adrian",
    "Sander",
    "Torstein",
    "Audun",
    "Kristoffer",
    "Erlend",
];
const BOYS: [&str; 32] = [
    "Jakob", "Emil", "Noah", "Oliver", "William", "Lukas", "Oskar", "Filip", "Aksel", "Isak",
    "Elias", "Kasper", "Theo", "Håkon", "Magnus", "Olav", "Johannes", "Ludvig", "Sverre", "Odin",
    "Alfred", "Mikkel", "Birk", "Tobias", "Ulrik", "Peder", "Sigurd", "Matheo", "Jonas", "Even",
    "Iver", "Trym",
];
const FAMILIES: [&str; 84] = [
    "Hansen",
    "Johansen",
    "Olsen",
    "Larsen",
    "Andersen",
    "Pedersen",
    "Nilsen",
    "Kristiansen",
    "Jensen",
    "Karlsen",
    "Johnsen",
    "Pettersen",
    "Eriksen",
    "Berg",
    "Haugen",
    "Hagen",
    "Johannessen",
    "Andreassen",
    "Jacobsen",
    "Dahl",
    "Halvorsen",
    "Henriksen",
    "Lund",
    "Sørensen",
    "Jørgensen",
    "Moen",
    "Gundersen",
    "Iversen",
    "Strand",
    "Solberg",
    "Svendsen",
    "Eide",
    "Knutsen",
    "Martinsen",
    "Paulsen",
    "Bakken",
    "Kristoffersen",
    "Mathisen",
    "Lie",
    "Amundsen",
    "Tveit",
    "Rasmussen",
    "Solheim",
    "Lunde",
    "Berge",
    "Moe",
    "Nygård",
    "Bakke",
    "Kristensen",
    "Fredriksen",
    "Holm",
    "Lien",
    "Hauge",
    "Christensen",
    "Andresen",
    "Nielsen",
    "Knudsen",
    "Evensen",
    "Sæther",
    "Aas",
    "Hanssen",
    "Myhre",
    "Haugland",
    "Thomassen",
    "Simonsen",
    "Sivertsen",
    "Berntsen",
    "Myklebust",
    "Danielsen",
    "Arnesen",
    "Rønning",
    "Sandvik",
    "Næss",
    "Vik",
    "Fjeld",
    "Tangen",
    "Hovland",
    "Sunde",
    "Brekke",
    "Nes",
    "Ødegård",
    "Aune",
    "Skogen",
    "Engen",
];

const SAMI_WOMEN: [&str; 14] = [
    "Elle",
    "Máret",
    "Inger Anne",
    "Biret",
    "Ánne",
    "Risten",
    "Sárá",
    "Elen",
    "Káre",
    "Láilá",
    "Ragnhild",
    "Ellen Marit",
    "Ravna",
    "Inga",
];
const SAMI_MEN: [&str; 14] = [
    "Nils",
    "Mihkkal",
    "Áilu",
    "Ante",
    "Jovnna",
    "Niillas",
    "Máhtte",
    "Piera",
    "Aslak",
    "Isak",
    "Per Ante",
    "Mikkel",
    "Ole Henrik",
    "Klemet",
];
const SAMI_FAMILIES: [&str; 12] = [
    "Eira",
    "Sara",
    "Gaup",
    "Hætta",
    "Utsi",
    "Somby",
    "Bongo",
    "Valkeapää",
    "Buljo",
    "Skum",
    "Turi",
    "Oskal",
];
const POLISH: (&[&str], &[&str], &[&str]) = (
    &["Agnieszka", "Katarzyna", "Magdalena", "Joanna", "Zofia", "Maja", "Ewa", "Aleksandra"],
    &["Piotr", "Krzysztof", "Tomasz", "Jakub", "Michał", "Paweł", "Szymon", "Marek"],
    &["Kowalczyk", "Nowak", "Wiśniewski", "Wójcik", "Kamiński", "Zieliński", "Mazur"],
);
const SOMALI: (&[&str], &[&str], &[&str]) = (
    &["Hodan", "Amina", "Fadumo", "Sahra", "Ifrah", "Hibo", "Ayaan", "Nasra"],
    &["Abdi", "Mohamed", "Yusuf", "Hassan", "Liban", "Ahmed", "Khalid", "Ismail"],
    &["Hassan", "Abdi", "Warsame", "Farah", "Mohamud", "Yusuf", "Nur", "Jama"],
);
const ARABIC: (&[&str], &[&str], &[&str]) = (
    &["Rima", "Layla", "Noor", "Hala", "Mariam", "Yara", "Samar", "Dima"],
    &["Omar", "Khaled", "Ahmad", "Yazan", "Samir", "Bilal", "Karim", "Adnan"],
    &["Haddad", "Al-Khatib", "Saleh", "Mansour", "Darwish", "Nasser", "Khalil"],
);
const UKRAINIAN: (&[&str], &[&str], &[&str]) = (
    &["Oksana", "Olena", "Iryna", "Natalia", "Sofia", "Anna", "Yulia", "Daryna"],
    &["Oleksandr", "Andrii", "Dmytro", "Mykola", "Maksym", "Artem", "Serhii", "Ivan"],
    &["Kovalenko", "Shevchenko", "Bondarenko", "Tkachenko", "Kravchenko", "Melnyk"],
);
const ERITREAN: (&[&str], &[&str], &[&str]) = (
    &["Selam", "Helen", "Rahel", "Feven", "Saba", "Winta", "Semhar", "Luwam"],
    &["Filmon", "Yonas", "Tesfay", "Robel", "Samuel", "Merhawi", "Dawit", "Abel"],
    &["Tesfay", "Ghebre", "Habte", "Kidane", "Haile", "Berhane", "Tekle"],
);
const VIETNAMESE: (&[&str], &[&str], &[&str]) = (
    &["Linh", "Thi Mai", "Lan", "Kim", "Anh", "Thuy", "Emma Linh", "Hoa"],
    &["Minh", "Van Duc", "Tuan", "Khoa", "Huy", "Thanh", "Kevin", "Long"],
    &["Nguyen", "Tran", "Le", "Pham", "Huynh", "Vo"],
);
const PAKISTANI: (&[&str], &[&str], &[&str]) = (
    &["Ayesha", "Saima", "Fatima", "Zainab", "Iqra", "Hira", "Nadia", "Sana"],
    &["Imran", "Bilal", "Usman", "Hamza", "Tariq", "Adeel", "Faisal", "Zain"],
    &["Khan", "Ahmed", "Hussain", "Iqbal", "Malik", "Akhtar", "Butt"],
);

impl Culture {
    /// A culture by its share of the population.
    pub(crate) fn draw(random: &mut Random) -> Culture {
        match random.between(0, 999) {
            0..=839 => Culture::Norwegian,
            840..=879 => Culture::Sami,
            880..=909 => Culture::Polish,
            910..=924 => Culture::Somali,
            925..=944 => Culture::Arabic,
            945..=964 => Culture::Ukrainian,
            965..=979 => Culture::Eritrean,
            980..=989 => Culture::Vietnamese,
            _ => Culture::Pakistani,
        }
    }

    fn immigrant_table(
        self,
    ) -> Option<(&'static [&'static str], &'static [&'static str], Families)> {
        match self {
            Culture::Norwegian | Culture::Sami => None,
            Culture::Polish => Some(POLISH),
            Culture::Somali => Some(SOMALI),
            Culture::Arabic => Some(ARABIC),
            Culture::Ukrainian => Some(UKRAINIAN),
            Culture::Eritrean => Some(ERITREAN),
            Culture::Vietnamese => Some(VIETNAMESE),
            Culture::Pakistani => Some(PAKISTANI),
        }
    }

    /// A family name.
    pub(crate) fn family(self, random: &mut Random) -> String {
        let table: &[&str] = match self.immigrant_table() {
            Some((_, _, families)) => families,
            None if self == Culture::Sami => &SAMI_FAMILIES,
            None => &FAMILIES,
        };
        (*random.pick(table)).to_owned()
    }

    /// A given name that was common in the year of birth.
    pub(crate) fn given(self, sex: Sex, year: i32, random: &mut Random) -> String {
        let woman = sex == Sex::Female;
        let table: &[&str] = match (self.immigrant_table(), woman) {
            (Some((women, _, _)), true) => women,
            (Some((_, men, _)), false) => men,
            (None, true) if self == Culture::Sami => &SAMI_WOMEN,
            (None, false) if self == Culture::Sami => &SAMI_MEN,
            (None, true) if year < 1950 => &WOMEN_BEFORE_1950,
            (None, true) if year < 1980 => &WOMEN_BEFORE_1980,
            (None, true) if year < 2005 => &WOMEN_BEFORE_2005,
            (None, true) => &GIRLS,
            (None, false) if year < 1950 => &MEN_BEFORE_1950,
            (None, false) if year < 1980 => &MEN_BEFORE_1980,
            (None, false) if year < 2005 => &MEN_BEFORE_2005,
            (None, false) => &BOYS,
        };
        (*random.pick(table)).to_owned()
    }

    /// The language of the home: BCP-47 code and Norwegian name, and whether newcomers from there
    /// usually need an interpreter.
    pub(crate) fn language(self) -> (&'static str, &'static str) {
        match self {
            Culture::Norwegian => ("nb", "norsk bokmål"),
            Culture::Sami => ("se", "nordsamisk"),
            Culture::Polish => ("pl", "polsk"),
            Culture::Somali => ("so", "somali"),
            Culture::Arabic => ("ar", "arabisk"),
            Culture::Ukrainian => ("uk", "ukrainsk"),
            Culture::Eritrean => ("ti", "tigrinja"),
            Culture::Vietnamese => ("vi", "vietnamesisk"),
            Culture::Pakistani => ("ur", "urdu"),
        }
    }
}

type Families = &'static [&'static str];
