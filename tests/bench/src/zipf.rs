//! Which of many orders each look is for: Zipf with exponent 1, the same in every run.

/// Numbers from 0 to 1 that are the same in every run: xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The rank of the order of each of `count` looks, below `keys`. Another `seed` gives others.
pub fn sequence(keys: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut sum = 0.0;
    let cumulated: Vec<f64> = (1..=keys)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15 ^ seed);
    let rank = |_| {
        let drawn = numbers.next() * sum;
        cumulated.partition_point(|&weight| weight < drawn).min(keys - 1)
    };
    (0..count).map(rank).collect()
}
