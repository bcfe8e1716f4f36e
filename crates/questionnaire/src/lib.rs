//! Forms: what a Questionnaire asks, what of it is shown, what is calculated and pre-filled, and what
//! the answers become.
//!
//! Not here: pages (`web`) and what may be stored by whom (`record`). No I/O.
//! Standard: <https://hl7.org/fhir/R4/questionnaire.html>, and of Structured Data Capture 3.0.0
//! (<https://hl7.org/fhir/uv/sdc/STU3/>) the extensions that are named where they are read.
