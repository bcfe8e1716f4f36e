//! HTML of every page, one file per page or section. Templates only: no reading, no deciding.

pub(crate) mod accesses;
pub(crate) mod accessibility_page;
pub(crate) mod apps_page;
pub(crate) mod attorneys_page;
pub(crate) mod banner;
pub(crate) mod cautions;
pub(crate) mod chart_page;
pub(crate) mod consent_page;
pub(crate) mod contacts;
pub(crate) mod diagnoses;
pub(crate) mod document_page;
pub(crate) mod documents;
pub(crate) mod employee_page;
pub(crate) mod hiring_page;
pub(crate) mod home_page;
pub(crate) mod layout;
pub(crate) mod line_sections;
pub(crate) mod log_page;
pub(crate) mod login_page;
pub(crate) mod medication;
pub(crate) mod medicine_page;
pub(crate) mod menu;
pub(crate) mod my_apps_page;
pub(crate) mod news;
pub(crate) mod opening_page;
pub(crate) mod ordering_page;
pub(crate) mod passing_page;
pub(crate) mod people_page;
pub(crate) mod prescribing_page;
pub(crate) mod prescription_print;
pub(crate) mod privacy_page;
pub(crate) mod problem_page;
pub(crate) mod registering_page;
pub(crate) mod renewal_page;
pub(crate) mod results;
pub(crate) mod role_page;
pub(crate) mod roles_page;
pub(crate) mod search_page;
pub(crate) mod section;
pub(crate) mod step_up_page;
pub(crate) mod todo;
pub(crate) mod trend_figure;
pub(crate) mod trend_page;
pub(crate) mod wishes_page;

#[cfg(test)]
mod corpus;
