//! Search over a real engine, real resources and the real extractor.

mod examples;
mod paging;
mod world;
