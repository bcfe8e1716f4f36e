//! Search over a real engine, real resources and the real extractor.

mod examples;
mod guards;
mod model;
mod naive;
mod paging;
mod plans;
mod world;
