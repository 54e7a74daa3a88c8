//! Samples as bytes and back. What cannot be read ends the chunk it is in; nothing that is stored makes the server fail.

use super::{N_QUANTITIES, SLOTS_PER_CHUNK, Sample, Totals, chunk};

/// Frames of samples, one for each chunk that they lie in: chunk and bytes.
pub fn write(totals: Totals, samples: &[Sample]) -> Vec<(i64, Vec<u8>)> {
    let mut frames: Vec<(i64, Vec<u8>)> = Vec::new();
    for of_chunk in samples.chunk_by(|a, b| chunk(a.slot) == chunk(b.slot)) {
        let mut out = Vec::with_capacity(16 + 12 * of_chunk.len());
        put(&mut out, of_chunk.len() as u64);
        put(&mut out, present(totals.memory_mib));
        put(&mut out, present(totals.disk_mib));
        let mut before = [0; N_QUANTITIES + 1];
        for sample in of_chunk {
            let mut now = [0; N_QUANTITIES + 1];
            now[0] = sample.slot.rem_euclid(SLOTS_PER_CHUNK);
            for (place, number) in now[1..].iter_mut().zip(sample.numbers) {
                *place = present(number) as i64;
            }
            for (now, before) in now.iter().zip(before) {
                put(&mut out, zigzag(now.wrapping_sub(before)));
            }
            before = now;
        }
        frames.push((chunk(of_chunk[0].slot), out));
    }
    frames
}

/// Calls `take` for each sample of a chunk's frames.
pub fn read(chunk: i64, frames: &[u8], mut take: impl FnMut(Totals, Sample)) {
    let mut rest = frames;
    while !rest.is_empty() {
        if read_frame(chunk, &mut rest, &mut take).is_none() {
            return;
        }
    }
}

fn read_frame(chunk: i64, rest: &mut &[u8], take: &mut impl FnMut(Totals, Sample)) -> Option<()> {
    let count = get(rest)?;
    let totals = Totals { memory_mib: absent(get(rest)?), disk_mib: absent(get(rest)?) };
    let mut now = [0i64; N_QUANTITIES + 1];
    for _ in 0..count {
        for number in &mut now {
            *number = number.wrapping_add(unzigzag(get(rest)?));
        }
        let slot = chunk.checked_mul(SLOTS_PER_CHUNK)?.checked_add(now[0])?;
        let numbers = std::array::from_fn(|quantity| absent(u64::try_from(now[quantity + 1]).unwrap_or(0)));
        take(totals, Sample { slot, numbers });
    }
    Some(())
}

/// 0 stands for what is not known.
fn present(number: Option<i64>) -> u64 {
    number.map_or(0, |number| number.clamp(0, i64::MAX - 1) as u64 + 1)
}

fn absent(number: u64) -> Option<i64> {
    number.checked_sub(1).and_then(|number| i64::try_from(number).ok())
}

/// Small numbers of either sign become small ones.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Seven bits a byte, the lowest first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn get(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(frames: &[(i64, Vec<u8>)]) -> Vec<(Totals, Sample)> {
        let mut samples = Vec::new();
        for (chunk, bytes) in frames {
            read(*chunk, bytes, |totals, sample| samples.push((totals, sample)));
        }
        samples
    }

    fn any_sample() -> impl Strategy<Value = Sample> {
        let number = prop::option::of(prop_oneof![0..2000i64, 0..i64::MAX - 1]);
        (0..100_000i64, prop::collection::vec(number, N_QUANTITIES))
            .prop_map(|(slot, numbers)| Sample { slot, numbers: numbers.try_into().unwrap() })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(samples in prop::collection::vec(any_sample(), 0..40), memory in prop::option::of(0..i64::MAX - 1)) {
            let totals = Totals { memory_mib: memory, disk_mib: None };
            let frames = write(totals, &samples);
            let expected: Vec<_> = samples.into_iter().map(|sample| (totals, sample)).collect();
            prop_assert_eq!(read_all(&frames), expected);
        }

        #[test]
        fn whatever_is_stored_can_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200), chunk in any::<i64>()) {
            let mut count = 0;
            read(chunk, &bytes, |_, _| count += 1);
            prop_assert!(count <= bytes.len());
        }
    }

    #[test]
    fn a_quiet_day_takes_few_bytes() {
        let samples: Vec<Sample> = (0..8640i64)
            .map(|slot| {
                let wave = slot * 7919 % 37;
                let numbers = [
                    Some(20 + wave),
                    Some(3000 + wave),
                    Some(90_000 + slot / 50),
                    Some(wave),
                    Some(wave * 3),
                    Some(4),
                    Some(5),
                ];
                Sample { slot, numbers }
            })
            .collect();
        let totals = Totals { memory_mib: Some(16_000), disk_mib: Some(200_000) };
        // As it is saved: six at a time.
        let bytes: usize = samples.chunks(6).flat_map(|six| write(totals, six)).map(|(_, frame)| frame.len()).sum();
        assert!(bytes < 110_000, "{bytes} bytes a day");
    }
}
