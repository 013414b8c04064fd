//! The programs of the guide's chapter on frameworks. Each module is what the chapter shows, and
//! `tests` runs them.

pub mod axum_router;
pub mod hyper_loop;
pub mod poem_endpoint;
pub mod salvo_router;
pub mod tower_stack;
pub mod warp_filter;
