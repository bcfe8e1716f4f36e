//! The forms that come along, answered: the score of every one at its lowest, its highest and at each
//! border between two meanings, and what it says then.

use akson_base::Instant;
use akson_questionnaire::shipped::SHIPPED;
use akson_questionnaire::{Answer, Answers, Item, Kind, Live, Questionnaire, Surroundings};
use serde_json::Value;

fn form(name: &str) -> Questionnaire {
    let json =
        SHIPPED.iter().find(|json| json.contains(&format!("Questionnaire/{name}\""))).unwrap();
    Questionnaire::parse(&serde_json::from_str::<Value>(json).unwrap()).unwrap()
}

fn path(items: &[Item], link: &str, above: &str) -> Option<String> {
    items.iter().enumerate().find_map(|(number, item)| {
        let own = format!("{above}{number}");
        if item.link_id == link { Some(own) } else { path(&item.items, link, &format!("{own}.0.")) }
    })
}

/// Answers one question: an option by its code, or what is typed.
fn answer(form: &Questionnaire, answers: &mut Answers, link: &str, said: &str) {
    let path = path(&form.items, link, "").unwrap_or_else(|| panic!("no {link}"));
    let (item, node) = answers.node_mut(form, &path).unwrap();
    let is_it = |option: &&akson_questionnaire::AnswerOption| matches!(&option.value, Answer::Coding(coding) if coding.code == said);
    let option = item.options.iter().find(is_it);
    let value = match option {
        Some(option) => option.value.clone(),
        None => Answer::typed(item, said).unwrap_or_else(|| panic!("{link} is not {said}")),
    };
    node.answer(item, vec![value]);
}

/// Answers every choice below the top with the option that counts so much, or the nearest.
fn all(form: &Questionnaire, answers: &mut Answers, points: u32) {
    for item in form.all() {
        if item.kind != Kind::Choice || item.options.is_empty() {
            continue;
        }
        let weighed = |option: &&akson_questionnaire::AnswerOption| {
            let Answer::Coding(coding) = &option.value else { return None };
            coding.weight.as_ref().and_then(|weight| weight.digits().parse::<u32>().ok())
        };
        let best = item.options.iter().filter(|option| weighed(option).is_some());
        let Some(best) = best.min_by_key(|option| weighed(option).unwrap().abs_diff(points)) else {
            continue;
        };
        let at = path(&form.items, &item.link_id, "").unwrap();
        let (item, node) = answers.node_mut(form, &at).unwrap();
        node.answer(item, vec![best.value.clone()]);
    }
}

/// The score, and the texts that are shown with it.
fn told(live: &Live<'_>, score: &str) -> (Option<i64>, Vec<String>) {
    let number = |answer: &Answer| {
        let Answer::Integer(number) = answer else { panic!("{score} is no whole number") };
        i64::from(*number)
    };
    let mut shown = Vec::new();
    live.walk(&mut |one| {
        if one.item.kind == Kind::Display
            && one.item.link_id.starts_with(score.split("-score").next().unwrap())
        {
            shown.push(one.item.text.clone());
        }
    });
    (live.answer(score).map(number), shown)
}

fn now() -> Surroundings {
    Surroundings::at(Instant(1_790_000_000_000))
}

/// Answers a form and asserts its score and the start of one text that is shown.
fn check(name: &str, base: u32, said: &[(&str, &str)], score: &str, expected: i64, text: &str) {
    let form = form(name);
    let mut answers = Answers::empty(&form);
    all(&form, &mut answers, base);
    for (link, value) in said {
        answer(&form, &mut answers, link, value);
    }
    let live = form.evaluate(&mut answers, &now());
    let (number, shown) = told(&live, score);
    assert_eq!(number, Some(expected), "{name} {said:?}: {:?}", live.all_findings());
    assert!(shown.iter().any(|one| one.starts_with(text)), "{name} {expected}: {shown:?}");
    let others = shown.iter().filter(|one| one.starts_with(|c: char| c.is_ascii_digit())).count();
    assert_eq!(others, 1, "one meaning at a time: {name} {expected}: {shown:?}");
}

/// So many of PHQ-9's or GAD-7's questions answered with the most, and one with the rest.
fn thirds(links: &[String], score: usize) -> Vec<(&str, &'static str)> {
    const CODES: [&str; 4] = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"];
    let mut left = score;
    let mut said = Vec::new();
    for link in links {
        let points = left.min(3);
        left -= points;
        said.push((link.as_str(), CODES[points]));
    }
    said
}

#[test]
fn phq_9_and_gad_7_count_and_mean_what_their_authors_say() {
    let phq: Vec<String> = (1..=9).map(|n| format!("phq9-{n}")).collect();
    for (score, text) in [
        (0, "0–4"),
        (4, "0–4"),
        (5, "5–9"),
        (9, "5–9"),
        (10, "10–14"),
        (14, "10–14"),
        (15, "15–19"),
        (19, "15–19"),
        (20, "20–27"),
        (27, "20–27"),
    ] {
        check("phq-9", 0, &thirds(&phq, score), "phq9-score", score as i64, text);
    }
    let gad: Vec<String> = (1..=7).map(|n| format!("gad7-{n}")).collect();
    for (score, text) in [
        (0, "0–4"),
        (4, "0–4"),
        (5, "5–9"),
        (9, "5–9"),
        (10, "10–14"),
        (14, "10–14"),
        (15, "15–21"),
        (21, "15–21"),
    ] {
        check("gad-7", 0, &thirds(&gad, score), "gad7-score", score as i64, text);
    }
}

#[test]
fn thoughts_of_death_are_told_whatever_the_sum() {
    let form = form("phq-9");
    let mut answers = Answers::empty(&form);
    all(&form, &mut answers, 0);
    let warned =
        |live: &Live<'_>| told(live, "phq9-score").1.iter().any(|t| t.contains("selvmord"));
    assert!(!warned(&form.evaluate(&mut answers, &now())));
    answer(&form, &mut answers, "phq9-9", "LA6569-3");
    assert!(warned(&form.evaluate(&mut answers, &now())));
}

#[test]
fn a_score_waits_for_the_last_answer() {
    for name in ["phq-9", "gad-7", "4at", "stratify", "mst", "barthel", "audit-c", "news2"] {
        let form = form(name);
        let mut answers = Answers::empty(&form);
        let live = form.evaluate(&mut answers, &now());
        assert!(
            live.all_findings().iter().all(|f| f.code == "required"),
            "{name}: {:?}",
            live.all_findings()
        );
        assert!(live.scores().is_empty(), "{name}: {:?}", live.scores());
    }
    let form = form("gad-7");
    let mut answers = Answers::empty(&form);
    all(&form, &mut answers, 1);
    assert_eq!(form.evaluate(&mut answers, &now()).scores().len(), 1);
    let at = path(&form.items, "gad7-7", "").unwrap();
    let (item, node) = answers.node_mut(&form, &at).unwrap();
    node.answer(item, Vec::new());
    assert!(form.evaluate(&mut answers, &now()).scores().is_empty(), "six of seven");
}

#[test]
fn four_at_counts() {
    for (said, score, text) in [
        (&[][..], 0, "0:"),
        (&[("4at-1", "mild")], 0, "0:"),
        (&[("4at-2", "one")], 1, "1–3"),
        (&[("4at-2", "one"), ("4at-3", "untestable")], 3, "1–3"),
        (&[("4at-4", "yes")], 4, "4 eller mer"),
        (&[("4at-2", "more"), ("4at-3", "untestable")], 4, "4 eller mer"),
        (
            &[("4at-1", "abnormal"), ("4at-2", "more"), ("4at-3", "untestable"), ("4at-4", "yes")],
            12,
            "4 eller mer",
        ),
    ] {
        check("4at", 0, said, "4at-score", score, text);
    }
}

#[test]
fn stratify_counts_moving_when_its_sum_is_three_or_four() {
    let still = ("stratify-transfer", "0");
    let sums = [
        ("0", "0", 0),
        ("2", "0", 0),
        ("3", "0", 1),
        ("1", "2", 1),
        ("2", "2", 1),
        ("1", "3", 1),
        ("2", "3", 0),
        ("3", "3", 0),
    ];
    for (transfer, mobility, point) in sums {
        let said = [("stratify-transfer", transfer), ("stratify-mobility", mobility)];
        check("stratify", 0, &said, "stratify-score", point, "0–1");
    }
    let yes = |n: usize| -> Vec<(&str, &str)> {
        let all = ["stratify-1", "stratify-2", "stratify-3", "stratify-4"];
        let answered = all.iter().take(n).map(|link| (*link, "yes"));
        answered.chain([still, ("stratify-mobility", "0")]).collect()
    };
    for (n, text) in [(0, "0–1"), (1, "0–1"), (2, "2 eller mer"), (4, "2 eller mer")] {
        check("stratify", 0, &yes(n), "stratify-score", n as i64, text);
    }
    let mut worst = yes(4);
    worst.push(("stratify-transfer", "3"));
    check("stratify", 0, &worst, "stratify-score", 5, "2 eller mer");
}

#[test]
fn mst_counts_kilos_only_of_those_who_lost_weight() {
    for (said, score, text) in [
        (&[("mst-1", "no"), ("mst-2", "no")][..], 0, "0–1"),
        (&[("mst-1", "no"), ("mst-2", "yes")], 1, "0–1"),
        (&[("mst-1", "yes"), ("mst-1-kg", "1-5"), ("mst-2", "no")], 1, "0–1"),
        (&[("mst-1", "yes"), ("mst-1-kg", "1-5"), ("mst-2", "yes")], 2, "2 eller mer"),
        (&[("mst-1", "unknown"), ("mst-2", "no")], 2, "2 eller mer"),
        (&[("mst-1", "yes"), ("mst-1-kg", "unknown"), ("mst-2", "no")], 2, "2 eller mer"),
        (&[("mst-1", "yes"), ("mst-1-kg", "11-15"), ("mst-2", "no")], 3, "2 eller mer"),
        (&[("mst-1", "yes"), ("mst-1-kg", "over-15"), ("mst-2", "yes")], 5, "2 eller mer"),
        // What was answered before the weight was corrected counts no longer.
        (&[("mst-1-kg", "over-15"), ("mst-1", "no"), ("mst-2", "no")], 0, "0–1"),
    ] {
        check("mst", 0, said, "mst-score", score, text);
    }
    let form = form("mst");
    let mut answers = Answers::empty(&form);
    answer(&form, &mut answers, "mst-1", "yes");
    answer(&form, &mut answers, "mst-2", "yes");
    assert!(
        form.evaluate(&mut answers, &now()).scores().is_empty(),
        "how many kilos is not answered"
    );
}

#[test]
fn barthel_counts_from_nothing_to_twenty() {
    let up = [
        "bowels", "bladder", "toilet", "feeding", "dressing", "stairs", "transfer", "mobility",
        "grooming", "bathing",
    ];
    let most = [2, 2, 2, 2, 2, 2, 3, 3, 1, 1];
    for (score, text) in [
        (0, "0–4"),
        (4, "0–4"),
        (5, "5–9"),
        (9, "5–9"),
        (10, "10–14"),
        (14, "10–14"),
        (15, "15–19"),
        (19, "15–19"),
        (20, "20:"),
    ] {
        let mut left = score;
        let links: Vec<(String, String)> = up
            .iter()
            .zip(most)
            .map(|(name, most)| {
                let points = left.min(most);
                left -= points;
                (format!("barthel-{name}"), points.to_string())
            })
            .collect();
        let said: Vec<(&str, &str)> =
            links.iter().map(|(link, code)| (link.as_str(), code.as_str())).collect();
        check("barthel", 0, &said, "barthel-score", score, text);
    }
}

#[test]
fn audit_c_ends_after_the_first_question_for_those_who_never_drink() {
    let form = form("audit-c");
    let mut answers = Answers::empty(&form);
    answer(&form, &mut answers, "auditc-1", "0");
    let live = form.evaluate(&mut answers, &now());
    assert_eq!(told(&live, "auditc-score").0, Some(0));
    assert!(live.faults().is_empty(), "{:?}", live.faults());
    for (said, score, text) in [
        ([("auditc-1", "1"), ("auditc-2", "0"), ("auditc-3", "1")], 2, "0–2"),
        ([("auditc-1", "2"), ("auditc-2", "0"), ("auditc-3", "1")], 3, "3:"),
        ([("auditc-1", "2"), ("auditc-2", "1"), ("auditc-3", "1")], 4, "4–7"),
        ([("auditc-1", "4"), ("auditc-2", "2"), ("auditc-3", "1")], 7, "4–7"),
        ([("auditc-1", "4"), ("auditc-2", "2"), ("auditc-3", "2")], 8, "8–12"),
        ([("auditc-1", "4"), ("auditc-2", "4"), ("auditc-3", "4")], 12, "8–12"),
    ] {
        check("audit-c", 1, &said, "auditc-score", score, text);
    }
}

#[test]
fn iplos_counts_areas_and_leaves_out_what_is_not_relevant() {
    let form = form("iplos");
    for (code, some, large) in
        [("1", 0, 0), ("2", 0, 0), ("3", 15, 0), ("4", 0, 15), ("5", 0, 15), ("9", 0, 0)]
    {
        let mut answers = Answers::empty(&form);
        for item in form.all() {
            if item.kind == Kind::Choice {
                answer(&form, &mut answers, &item.link_id, code);
            }
        }
        let live = form.evaluate(&mut answers, &now());
        assert!(live.faults().is_empty(), "{code}: {:?}", live.faults());
        assert_eq!(live.answer("iplos-some"), Some(&Answer::Integer(some)), "{code}");
        assert_eq!(live.answer("iplos-large"), Some(&Answer::Integer(large)), "{code}");
    }
}

const NEWS: [(&str, &str); 8] = [
    ("news2-respiration", "16"),
    ("news2-scale", "1"),
    ("news2-saturation", "97"),
    ("news2-oxygen", "air"),
    ("news2-systolic", "130"),
    ("news2-pulse", "72"),
    ("news2-mind", "A"),
    ("news2-temperature", "37,0"),
];

fn news(changed: &[(&str, &str)]) -> (Option<i64>, Vec<String>) {
    let form = form("news2");
    let mut answers = Answers::empty(&form);
    for (link, said) in NEWS.iter().chain(changed) {
        answer(&form, &mut answers, link, said);
    }
    let live = form.evaluate(&mut answers, &now());
    assert!(live.faults().is_empty(), "{changed:?}: {:?}", live.faults());
    let (score, shown) = told(&live, "news2-score");
    (score, shown.into_iter().filter(|one| one.starts_with(|c: char| c.is_ascii_digit())).collect())
}

#[test]
fn news_2_asks_for_what_its_score_and_a_single_three_ask_for() {
    for (changed, score, text) in [
        (&[][..], 0, "0:"),
        (&[("news2-pulse", "100")], 1, "1–4"),
        (&[("news2-respiration", "22"), ("news2-systolic", "100")], 4, "1–4"),
        (&[("news2-systolic", "88")], 3, "3 poeng"),
        (&[("news2-systolic", "88"), ("news2-pulse", "100")], 4, "3 poeng"),
        (&[("news2-oxygen", "oxygen"), ("news2-respiration", "25")], 5, "5–6"),
        (
            &[("news2-oxygen", "oxygen"), ("news2-respiration", "25"), ("news2-pulse", "100")],
            6,
            "5–6",
        ),
        (
            &[("news2-oxygen", "oxygen"), ("news2-respiration", "25"), ("news2-saturation", "92")],
            7,
            "7 eller mer",
        ),
        (
            &[
                ("news2-respiration", "30"),
                ("news2-saturation", "80"),
                ("news2-oxygen", "oxygen"),
                ("news2-systolic", "80"),
                ("news2-pulse", "140"),
                ("news2-mind", "U"),
                ("news2-temperature", "34,0"),
            ],
            20,
            "7 eller mer",
        ),
    ] {
        let (told, shown) = news(changed);
        assert_eq!(told, Some(score), "{changed:?}");
        assert!(shown.len() == 1 && shown[0].starts_with(text), "{changed:?}: {shown:?}");
    }
}

/// Values and their points, at each border of the Royal College of Physicians' table.
const NEWS_2: [(&str, &[(&str, i64)]); 5] = [
    (
        "news2-respiration",
        &[("8", 3), ("9", 1), ("11", 1), ("12", 0), ("20", 0), ("21", 2), ("24", 2), ("25", 3)],
    ),
    ("news2-saturation", &[("91", 3), ("92", 2), ("93", 2), ("94", 1), ("95", 1), ("96", 0)]),
    (
        "news2-systolic",
        &[
            ("90", 3),
            ("91", 2),
            ("100", 2),
            ("101", 1),
            ("110", 1),
            ("111", 0),
            ("219", 0),
            ("220", 3),
        ],
    ),
    (
        "news2-pulse",
        &[
            ("40", 3),
            ("41", 1),
            ("50", 1),
            ("51", 0),
            ("90", 0),
            ("91", 1),
            ("110", 1),
            ("111", 2),
            ("130", 2),
            ("131", 3),
        ],
    ),
    (
        "news2-temperature",
        &[
            ("35,0", 3),
            ("35,1", 1),
            ("36,0", 1),
            ("36,1", 0),
            ("38,0", 0),
            ("38,1", 1),
            ("39,0", 1),
            ("39,1", 2),
        ],
    ),
];

#[test]
fn news_2_has_the_points_of_the_royal_colleges_table() {
    for (link, all) in NEWS_2 {
        for (value, points) in all {
            assert_eq!(news(&[(link, value)]).0, Some(*points), "{link} {value}");
        }
    }
    for (value, gas, points) in [
        ("83", "air", 3),
        ("84", "air", 2),
        ("85", "air", 2),
        ("86", "air", 1),
        ("87", "air", 1),
        ("88", "air", 0),
        ("92", "air", 0),
        ("93", "air", 0),
        ("97", "air", 0),
        ("92", "oxygen", 0),
        ("93", "oxygen", 1),
        ("94", "oxygen", 1),
        ("95", "oxygen", 2),
        ("96", "oxygen", 2),
        ("97", "oxygen", 3),
    ] {
        let said = [("news2-scale", "2"), ("news2-saturation", value), ("news2-oxygen", gas)];
        let oxygen = if gas == "oxygen" { 2 } else { 0 };
        assert_eq!(news(&said).0, Some(points + oxygen), "scale 2 {value} {gas}");
    }
}

#[test]
fn the_citizens_form_asks_on_when_there_is_something_to_ask() {
    let form = form("before-consultation");
    let mut answers = Answers::empty(&form);
    answer(&form, &mut answers, "why", "Hodepine");
    let live = form.evaluate(&mut answers, &now());
    assert!(live.faults().is_empty(), "only one question must be answered: {:?}", live.faults());
    let asked = |live: &Live<'_>, link: &str| {
        let mut found = false;
        live.walk(&mut |one| found |= one.item.link_id == link);
        found
    };
    for link in ["pain-strength", "medicine", "allergy-what", "language"] {
        assert!(!asked(&live, link), "{link}");
    }
    for link in ["pain", "takes", "allergy", "interpreter"] {
        answer(&form, &mut answers, link, "true");
    }
    let live = form.evaluate(&mut answers, &now());
    for link in ["pain-strength", "medicine", "medicine-name", "allergy-what", "language"] {
        assert!(asked(&live, link), "{link}");
    }
    let missing: Vec<&str> = live.faults().iter().map(|fault| fault.link_id.as_str()).collect();
    assert!(missing.contains(&"language"), "{missing:?}");
}
