//! The cases. Each file is one question.

pub mod away;
pub mod bulk;
pub mod callers;
pub mod cold;
pub mod invalidation;
pub mod payments;
pub mod polling;
pub mod stampede;
pub mod throughput;
pub mod warming;
