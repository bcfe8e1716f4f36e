//! How people live together: singles, couples, families with children, old couples, widows.
//!
//! Shares follow Norwegian household statistics roughly; nobody real is meant.

use super::calendar::Day;
use super::names::Culture;
use super::people::{Civil, Household, Kin, Kinship, Member, Sex};
use super::personas;
use super::places::{self, Address};
use super::random::Random;

/// Household number `number`: the scripted ones first, then by chance.
pub(crate) fn draw(number: usize, today: Day, random: &mut Random) -> Household {
    if let Some(scripted) = personas::household(number, today) {
        return scripted;
    }
    let culture = Culture::draw(random);
    let address = Address::draw(random);
    let old_world = culture == Culture::Norwegian || culture == Culture::Sami;
    let members = match random.between(0, 99) {
        0..=22 => single(today, culture, (20, 66), random),
        23..=38 if old_world => single(today, culture, (67, 98), random),
        23..=38 => family(today, culture, false, random),
        39..=53 => couple(today, culture, (24, 66), random),
        54..=68 if old_world => couple(today, culture, (67, 90), random),
        54..=68 => couple(today, culture, (24, 60), random),
        69..=93 => family(today, culture, false, random),
        _ => family(today, culture, true, random),
    };
    Household { culture, address, members, doctor: None, protected: false }
}

fn birthday(today: Day, years: i32, random: &mut Random) -> Day {
    today.plus_years(-years).plus(-random.between(0, 364))
}

fn member(
    today: Day,
    culture: Culture,
    sex: Sex,
    years: i32,
    family: &str,
    random: &mut Random,
) -> Member {
    let born = birthday(today, years, random);
    Member {
        sex,
        born,
        given: culture.given(sex, born.year(), random),
        family: family.to_owned(),
        civil: Civil::Unmarried,
        kin: Vec::new(),
        births: Vec::new(),
        phone: (years >= 10).then(|| places::phone(random)),
        persona: None,
    }
}

fn any_sex(random: &mut Random) -> Sex {
    if random.chance(0.5) { Sex::Female } else { Sex::Male }
}

/// Adult ages pull towards the younger end of the old, as in life.
fn age(low: i32, high: i32, random: &mut Random) -> i32 {
    let first = random.between(low, high);
    if low >= 67 { first.min(random.between(low, high)) } else { first }
}

fn single(
    today: Day,
    culture: Culture,
    (low, high): (i32, i32),
    random: &mut Random,
) -> Vec<Member> {
    let years = age(low, high, random);
    // Women outlive men.
    let woman = random.chance(if years > 75 { 0.68 } else { 0.48 });
    let sex = if woman { Sex::Female } else { Sex::Male };
    let family = culture.family(random);
    let mut person = member(today, culture, sex, years, &family, random);
    person.civil = match years {
        ..=34 => Civil::Unmarried,
        35..=66 if random.chance(0.5) => Civil::Divorced,
        35..=66 => Civil::Unmarried,
        _ if random.chance(0.75) => Civil::Widowed,
        _ => Civil::Divorced,
    };
    if years >= 55 && random.chance(0.85) {
        person.kin.push(grown_child(culture, &person, random));
    }
    if years < 35 && random.chance(0.6) {
        person.kin.push(parent(culture, &person, random));
    }
    if person.kin.is_empty() && random.chance(0.5) {
        person.kin.push(friend(culture, &person, random));
    }
    vec![person]
}

fn pair(today: Day, culture: Culture, ages: (i32, i32), random: &mut Random) -> (Member, Member) {
    let years = age(ages.0, ages.1, random);
    let other = (years + random.between(-5, 2)).max(20);
    let family = culture.family(random);
    let shares_name = random.chance(if years > 60 { 0.95 } else { 0.6 });
    let her_family = if shares_name { family.clone() } else { culture.family(random) };
    let mut man = member(today, culture, Sex::Male, years, &family, random);
    let mut woman = member(today, culture, Sex::Female, other, &her_family, random);
    let married = shares_name || random.chance(0.3);
    let (civil, kinship) = if married {
        (Civil::Married, Kinship::Spouse)
    } else {
        (Civil::Cohabiting, Kinship::Partner)
    };
    man.civil = civil;
    woman.civil = civil;
    man.kin.push(kin_of(&woman, kinship));
    woman.kin.push(kin_of(&man, kinship));
    (woman, man)
}

fn couple(today: Day, culture: Culture, ages: (i32, i32), random: &mut Random) -> Vec<Member> {
    let (mut woman, mut man) = pair(today, culture, ages, random);
    if ages.0 >= 67 && random.chance(0.8) {
        let child = grown_child(culture, &man, random);
        woman.kin.push(child.clone());
        man.kin.push(child);
    }
    vec![woman, man]
}

fn family(today: Day, culture: Culture, single_parent: bool, random: &mut Random) -> Vec<Member> {
    let (mut woman, mut man) = pair(today, culture, (24, 52), random);
    let mother_years = today.age(woman.born);
    let oldest = (mother_years - random.between(21, 32)).clamp(0, 18);
    let count = *random.pick(&[1, 2, 2, 2, 2, 3, 3]);
    let mut children = Vec::new();
    let mut years = oldest;
    for _ in 0..count {
        let sex = any_sex(random);
        let family = man.family.clone();
        let mut child = member(today, culture, sex, years, &family, random);
        child.kin.push(kin_of(&woman, Kinship::Mother));
        child.kin.push(kin_of(&man, Kinship::Father));
        woman.births.push(child.born);
        children.push(child);
        // Two years between siblings keeps every pregnancy apart from the one before.
        years -= random.between(2, 4);
        if years < 0 {
            break;
        }
    }
    if single_parent {
        let alone_mother = random.chance(0.8);
        let mut parent = if alone_mother { woman } else { man };
        parent.civil = Civil::Divorced;
        parent.kin.clear();
        parent.kin.push(friend(culture, &parent, random));
        man = parent;
        children.insert(0, man);
        return children;
    }
    woman.births.sort_unstable();
    let mut all = vec![woman, man];
    all.append(&mut children);
    all
}

fn kin_of(member: &Member, kinship: Kinship) -> Kin {
    Kin {
        kinship,
        given: member.given.clone(),
        family: member.family.clone(),
        phone: member.phone.clone().unwrap_or_default(),
        number: None,
    }
}

fn grown_child(culture: Culture, of: &Member, random: &mut Random) -> Kin {
    let sex = any_sex(random);
    let born = of.born.year() + random.between(22, 34);
    let family = if random.chance(0.6) { of.family.clone() } else { culture.family(random) };
    Kin {
        kinship: if sex == Sex::Female { Kinship::Daughter } else { Kinship::Son },
        given: culture.given(sex, born, random),
        family,
        phone: places::phone(random),
        number: None,
    }
}

fn parent(culture: Culture, of: &Member, random: &mut Random) -> Kin {
    let sex = any_sex(random);
    let born = of.born.year() - random.between(22, 36);
    Kin {
        kinship: if sex == Sex::Female { Kinship::Mother } else { Kinship::Father },
        given: culture.given(sex, born, random),
        family: of.family.clone(),
        phone: places::phone(random),
        number: None,
    }
}

fn friend(culture: Culture, of: &Member, random: &mut Random) -> Kin {
    let sex = any_sex(random);
    Kin {
        kinship: Kinship::Friend,
        given: culture.given(sex, of.born.year(), random),
        family: culture.family(random),
        phone: places::phone(random),
        number: None,
    }
}
