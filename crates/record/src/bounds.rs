//! What the scopes of an app's token leave of what its user may see and do.
//!
//! A resource is within bounds when one scope word allows what is asked, on the resource's type, in
//! the word's context, and the resource fits the word's search parameters. What the rules hide stays
//! hidden: this only takes away. Not here: the grammar (`access::scopes`), the rules (`sight`).
//! Standard: SMART App Launch 2.2, "Scopes and Launch Context",
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>

use std::sync::{Arc, Mutex, PoisonError};

use akson_access::scopes::{Context, Permission, Scope, Scopes};
use akson_access::{Actor, Standing};
use akson_base::{Instant, Kind, Problem};
use akson_fhir::definitions::{Definitions, ResourceType};
use akson_store::Store;
use akson_store::engine::Snapshot;
use akson_store::facets::Facets;
use akson_store::keys::{self, NO_PATIENT, PatientNumber, ResourceKey};
use akson_store::reads::Stored;
use akson_store::search::Filter;
use rustc_hash::FxHashMap;

use crate::interactions::type_name;
use crate::sight::{Judge, is_of_house, may_name_patients};

/// What is asked: any of these permissions will do.
pub(crate) type Asked = &'static [Permission];

/// Read, vread, the history of one resource.
pub(crate) const READ: Asked = &[Permission::Read];
/// Search, the history of a type, `$everything`.
pub(crate) const SEARCH: Asked = &[Permission::Search];
/// To find what is to be changed: whoever may do anything with a resource may know that it is there.
pub(crate) const ANY: Asked =
    &[Permission::Read, Permission::Update, Permission::Delete, Permission::Search];

/// Checks that every search parameter of these scopes exists and can be judged on a resource by
/// itself. To be asked before scopes are granted; a token with others is refused.
///
/// # Errors
/// `REC-070`, `Invalid`, naming the scope and what is wrong.
pub fn check_scopes(scopes: &Scopes) -> Result<(), Problem> {
    let narrowed = scopes.words().iter().filter(|word| word.query().is_some());
    for word in narrowed {
        let definitions = Definitions::r4();
        for of in definitions.resource_types().filter(|of| word.is_of(type_name(*of))) {
            filter(word, of, Instant(0))?;
        }
    }
    Ok(())
}

fn filter(word: &Scope, of: ResourceType, now: Instant) -> Result<Option<Filter>, Problem> {
    let Some(query) = word.query() else { return Ok(None) };
    Filter::parse(of, query, now).map(Some).map_err(|problem| {
        let head = word.text().split('?').next().unwrap_or_default();
        let text = format!("The scope \"{head}?…\" cannot be enforced: {}", problem.for_caller);
        Problem::new(Kind::Invalid, "REC-070", text)
    })
}

/// The refusal when no scope speaks of what is asked, whatever resource it is.
pub(crate) fn insufficient(of: Option<ResourceType>, asked: Asked) -> Problem {
    let letters: Vec<String> = asked.iter().map(|p| p.letter().to_string()).collect();
    let what = of.map_or("everything", type_name);
    let text = format!(
        "insufficient_scope: no scope of the access token lets it do this ({}) with {what}.",
        letters.join(" or ")
    );
    Problem::new(Kind::Refused, "REC-071", text)
}

/// The scopes of one token, during one request.
pub(crate) struct Bounds {
    scopes: Arc<Scopes>,
    /// The contexts that say something for this actor, besides the patient's.
    own: Option<Context>,
    launch: Option<PatientNumber>,
    now: Instant,
    /// The words on each type, understood when the type is first met.
    rules: Mutex<FxHashMap<ResourceType, Arc<[Rule]>>>,
    /// Whether current resources fit the search parameters of words (by number).
    fitting: Mutex<FxHashMap<(ResourceKey, usize), bool>>,
}

struct Rule {
    /// Of the scopes' words.
    number: usize,
    is_of_launch: bool,
    filter: Option<Filter>,
}

/// What is judged.
struct Judged<'a> {
    key: ResourceKey,
    whole: &'a dyn Snapshot,
    /// Whether it belongs to the patient in the launch context.
    is_of_launch: &'a dyn Fn() -> Result<bool, Problem>,
    /// Whether it fits a word's search parameters.
    fits: &'a dyn Fn(usize, &Filter) -> Result<bool, Problem>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bounds {
    /// The bounds of an actor; `None` for one without scopes.
    pub(crate) fn of(actor: &Actor, store: &Store, now: Instant) -> Result<Option<Self>, Problem> {
        let Some(scopes) = &actor.scopes else { return Ok(None) };
        let own = match &actor.standing {
            Standing::Personnel(_) | Standing::Citizen(_) => Some(Context::User),
            Standing::System(_) => Some(Context::System),
            Standing::Open | Standing::Operator => None,
        };
        let launch = match scopes.patient() {
            Some(id) => store.patient_number(store.snapshot().as_ref(), id)?,
            None => None,
        };
        Ok(Some(Self {
            scopes: Arc::clone(scopes),
            own,
            launch,
            now,
            rules: Mutex::default(),
            fitting: Mutex::default(),
        }))
    }

    /// The words that say something for this actor.
    fn words(&self) -> impl Iterator<Item = (usize, &Scope)> {
        let counts = |context| context == Context::Patient || Some(context) == self.own;
        self.scopes.words().iter().enumerate().filter(move |(_, word)| counts(word.context()))
    }

    /// Whether any word allows what is asked, on some resource of the type (of any type, without).
    pub(crate) fn speaks_of(&self, of: Option<ResourceType>, asked: Asked) -> bool {
        let name = of.map(type_name);
        self.words().any(|(_, word)| {
            name.is_none_or(|name| word.is_of(name)) && asked.iter().any(|p| word.permits(*p))
        })
    }

    /// Whether any word reaches this patient.
    pub(crate) fn reaches(&self, patient: PatientNumber) -> bool {
        let is_launch = self.launch == Some(patient);
        self.words().any(|(_, word)| word.context() != Context::Patient || is_launch)
    }

    /// Whether a word allows what is asked on all of the type that is this patient's.
    pub(crate) fn covers_all(
        &self,
        of: ResourceType,
        asked: Asked,
        patient: PatientNumber,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        let key = ResourceKey::new(patient, of, 0);
        let is_of_launch = || Ok(self.launch == Some(patient));
        let judged = Judged { key, whole, is_of_launch: &is_of_launch, fits: &|_, _| Ok(false) };
        Ok(self.word(asked, &judged)?.is_some())
    }

    fn rules(&self, of: ResourceType, whole: &dyn Snapshot) -> Result<Arc<[Rule]>, Problem> {
        if let Some(known) = lock(&self.rules).get(&of) {
            return Ok(Arc::clone(known));
        }
        let name = type_name(of);
        let mut rules = Vec::new();
        for (number, word) in self.words().filter(|(_, word)| word.is_of(name)) {
            let is_of_launch = word.context() == Context::Patient;
            let filter =
                filter(word, of, self.now)?.map(|filter| filter.bound(whole)).transpose()?;
            rules.push(Rule { number, is_of_launch, filter });
        }
        // A word without search parameters decides faster than one with.
        rules.sort_by_key(|rule| rule.filter.is_some());
        let rules: Arc<[Rule]> = rules.into();
        lock(&self.rules).insert(of, Arc::clone(&rules));
        Ok(rules)
    }

    /// The first word that allows what is asked.
    fn word(&self, asked: Asked, judged: &Judged<'_>) -> Result<Option<&Scope>, Problem> {
        let mut of_launch = None;
        for rule in self.rules(judged.key.resource_type(), judged.whole)?.iter() {
            let Some(word) = self.scopes.words().get(rule.number) else { continue };
            if !asked.iter().any(|permission| word.permits(*permission)) {
                continue;
            }
            if rule.is_of_launch {
                let known = match of_launch {
                    Some(known) => known,
                    None => (judged.is_of_launch)()?,
                };
                of_launch = Some(known);
                if !known {
                    continue;
                }
            }
            let fits = match &rule.filter {
                None => true,
                Some(filter) => (judged.fits)(rule.number, filter)?,
            };
            if fits {
                return Ok(Some(word));
            }
        }
        Ok(None)
    }
}

impl Judge {
    /// Whether the caller's scopes allow what is asked on a resource as it stands in `whole`.
    pub(crate) fn is_within(
        &self,
        key: ResourceKey,
        asked: Asked,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        match &self.bounds {
            None => Ok(true),
            Some(bounds) => Ok(self.word_for(bounds, key, asked, whole)?.is_some()),
        }
    }

    /// The scope word that allows it, when there are scopes and one does.
    pub(crate) fn word_that_allows(
        &self,
        key: ResourceKey,
        asked: Asked,
        whole: &dyn Snapshot,
    ) -> Result<Option<String>, Problem> {
        let Some(bounds) = &self.bounds else { return Ok(None) };
        let word = self.word_for(bounds, key, asked, whole)?;
        Ok(word.map(|word| word.text().to_string()))
    }

    fn word_for<'b>(
        &self,
        bounds: &'b Bounds,
        key: ResourceKey,
        asked: Asked,
        whole: &dyn Snapshot,
    ) -> Result<Option<&'b Scope>, Problem> {
        let fits = |number: usize, filter: &Filter| {
            if let Some(known) = lock(&bounds.fitting).get(&(key, number)) {
                return Ok(*known);
            }
            // What is deleted has no search values: it fits none.
            let bytes = whole.get(&keys::facets(key))?;
            let fits = fits(filter, key, bytes.as_deref());
            lock(&bounds.fitting).insert((key, number), fits);
            Ok(fits)
        };
        let is_of_launch = || self.is_of_launch(bounds, key, whole);
        bounds.word(asked, &Judged { key, whole, is_of_launch: &is_of_launch, fits: &fits })
    }

    /// Whether a resource belongs to the patient in the launch context; what is of the house and
    /// speaks of nobody belongs to everybody.
    fn is_of_launch(
        &self,
        bounds: &Bounds,
        key: ResourceKey,
        whole: &dyn Snapshot,
    ) -> Result<bool, Problem> {
        if key.patient() != NO_PATIENT {
            return Ok(bounds.launch == Some(key.patient()));
        }
        let of = key.resource_type();
        if is_of_house(crate::sight::class(of)) && !may_name_patients(of) {
            return Ok(true);
        }
        let Some(patients) = self.spoken_of(key, whole)? else { return Ok(false) };
        if patients.is_empty() {
            return Ok(is_of_house(crate::sight::class(of)));
        }
        Ok(patients.iter().all(|patient| bounds.launch == Some(*patient)))
    }

    /// Whether the scopes allow a version of what they allow as it stands now: by its own content.
    pub(crate) fn version_is_within(&self, stored: &Stored, asked: Asked) -> Result<bool, Problem> {
        let Some(bounds) = &self.bounds else { return Ok(true) };
        let facets = self.store.facets_of_version(stored)?;
        let whole = self.store.snapshot();
        let whole = whole.as_ref();
        let is_of_launch = || {
            let is_now = self.is_of_launch(bounds, stored.key, whole)?;
            Ok(is_now && (stored.deleted || self.names_launch_alone(bounds, stored)?))
        };
        let fits = |_, filter: &Filter| Ok(fits(filter, stored.key, facets.as_deref()));
        let key = stored.key;
        let judged = Judged { key, whole, is_of_launch: &is_of_launch, fits: &fits };
        Ok(bounds.word(asked, &judged)?.is_some())
    }

    /// Whether a version names no patient but the one in the launch context as its own.
    fn names_launch_alone(&self, bounds: &Bounds, stored: &Stored) -> Result<bool, Problem> {
        let resource = crate::searching::parse_stored(&stored.json)?;
        let is_owned = stored.key.patient() != NO_PATIENT;
        let of = stored.key.resource_type();
        let named = self.store.patients_in(of, &stored.id, &resource, is_owned);
        Ok(named.iter().all(|id| bounds.scopes.patient() == Some(id)))
    }

    /// Whether the scopes allow what is asked on content that is to be stored at this key;
    /// `subjects` are ids of the patients of whom it speaks, outside every patient's range.
    pub(crate) fn content_is_within(
        &self,
        key: ResourceKey,
        facets: &[u8],
        subjects: &[String],
        asked: Asked,
    ) -> Result<bool, Problem> {
        let Some(bounds) = &self.bounds else { return Ok(true) };
        let whole = self.store.snapshot();
        let is_of_launch = || {
            if key.patient() != NO_PATIENT {
                return Ok(bounds.launch == Some(key.patient()));
            }
            let is_named =
                !subjects.is_empty() || is_of_house(crate::sight::class(key.resource_type()));
            Ok(is_named && subjects.iter().all(|id| bounds.scopes.patient() == Some(id)))
        };
        let fits = |_, filter: &Filter| Ok(fits(filter, key, Some(facets)));
        let whole = whole.as_ref();
        let judged = Judged { key, whole, is_of_launch: &is_of_launch, fits: &fits };
        Ok(bounds.word(asked, &judged)?.is_some())
    }
}

fn fits(filter: &Filter, key: ResourceKey, facets: Option<&[u8]>) -> bool {
    facets.and_then(Facets::of).is_some_and(|facets| filter.fits(key, &facets))
}
