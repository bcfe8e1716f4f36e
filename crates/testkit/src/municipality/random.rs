//! A small deterministic generator of chance: xoshiro256++ seeded through splitmix64.
//!
//! Every person has a generator of their own, seeded from the town's seed and the person's place
//! in the roster, so that one chart does not depend on another. Not for secrets.
//! Source: <https://prng.di.unimi.it/>

/// One stream of chance.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: [u64; 4],
}

fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Random {
    /// A stream for one purpose: the same seed, topic and number always give the same stream.
    pub(crate) fn new(seed: u64, topic: &str, number: u64) -> Random {
        let mut mixed = seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93);
        for byte in topic.bytes() {
            mixed = mixed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
        }
        let state = std::array::from_fn(|_| splitmix(&mut mixed));
        Random { state }
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let t = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= t;
        *d = d.rotate_left(45);
        result
    }

    /// Evenly spread in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something with this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = (high - low + 1).max(1);
        low + (self.unit() * f64::from(span)) as i32
    }

    /// Evenly spread from `low` to `high`.
    pub(crate) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// Close to the normal distribution: mean 0, deviation 1, never beyond 6. A sum of twelve, so
    /// that no platform's mathematics library can change a digit.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// One of the items of a table that is not empty.
    #[expect(clippy::indexing_slicing, reason = "the index is below the length of a filled table")]
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[(self.unit() * items.len() as f64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream_and_another_seed_another() {
        let draw = |seed, topic, number| {
            let mut random = Random::new(seed, topic, number);
            (0..8).map(|_| random.next()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, "person", 7), draw(1, "person", 7));
        assert_ne!(draw(1, "person", 7), draw(2, "person", 7));
        assert_ne!(draw(1, "person", 7), draw(1, "person", 8));
        assert_ne!(draw(1, "person", 7), draw(1, "home", 7));
    }

    #[test]
    fn draws_stay_inside_their_bounds_and_reach_them() {
        let mut random = Random::new(1, "bounds", 0);
        let seen: std::collections::BTreeSet<i32> =
            (0..1000).map(|_| random.between(-2, 2)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
        let mean = (0..10_000).map(|_| random.normal()).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.05, "{mean}");
    }
}
