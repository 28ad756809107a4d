//! The cost and the outcome of a read, a write and a renewal, on a Redis in memory with a clock
//! that is moved.

mod bulk;
mod certificates;
mod compare;
mod outages;
mod parts;
mod reads;
mod servers;
mod shop;
mod sights;
mod waiting;
mod writes;

use crate::shop::now;
use cache_logic::memory::Memory;

#[test]
fn the_memory_keeps_the_contract() {
    for (check, outcome) in now(cache_logic::contract::run(&Memory::default())) {
        assert_eq!(outcome, Ok(()), "{check}");
    }
}
