//! That all instruction sets agree: each operation of the vectors, lane by lane and bit for bit, with the portable path, which is
//! plain arithmetic on arrays. (That the portable path is right is tested beside each part.)

use super::dispatch::{Kernel, entry};
use super::isa::Isa;
use super::lanes::{Lanes, Vector};
use crate::scalar::Scalar;

/// An operation on three vectors, of which it may ignore some.
trait Operation {
    fn value<V: Vector>(a: V, b: V, c: V) -> V;
}

/// The three operands and the results, of the same length.
struct Args<T> {
    a: Vec<T>,
    b: Vec<T>,
    c: Vec<T>,
    results: *mut T,
}

struct Apply<O>(std::marker::PhantomData<O>);

impl<T: Scalar, O: Operation> Kernel<T> for Apply<O> {
    type Args = Args<T>;

    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &Args<T>) {
        for at in (0..args.a.len()).step_by(V::COUNT) {
            // SAFETY: the lengths are equal multiples of COUNT.
            unsafe {
                let load = [&args.a, &args.b, &args.c].map(|x| V::load(x.as_ptr().add(at)));
                O::value(load[0], load[1], load[2]).store(args.results.add(at));
            }
        }
    }
}

fn results<T: Scalar, O: Operation>(isa: Isa, [a, b, c]: &[Vec<T>; 3]) -> Vec<T> {
    let mut results = vec![T::ZERO; a.len()];
    let args = Args {
        a: a.clone(),
        b: b.clone(),
        c: c.clone(),
        results: results.as_mut_ptr(),
    };
    assert_eq!(a.len() % T::LANES, 0);
    // SAFETY: four buffers of one length.
    unsafe { entry::<T, Apply<O>>(isa)(&args) };
    results
}

/// A NaN is a NaN, whatever its sign and payload.
fn same<T: Scalar>(x: T, y: T) -> bool {
    x.to_bits_u64() == y.to_bits_u64() || (x.is_nan() && y.is_nan())
}

fn check<T: Scalar, O: Operation>(name: &str, operands: &[Vec<T>; 3]) {
    let expected = results::<T, O>(Isa::Portable, operands);
    for isa in Isa::available() {
        let found = results::<T, O>(isa, operands);
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let [a, b, c] = [operands[0][i], operands[1][i], operands[2][i]];
            assert!(
                same(*found, *expected),
                "{name}({a:e}, {b:e}, {c:e}) in {}: {found:e} on {isa}, {expected:e} on portable",
                T::NAME
            );
        }
    }
}

/// Numbers at which something changes: of both signs, and with their neighbours.
fn special<T: Scalar>() -> Vec<T> {
    let tiny = T::from_bits_u64(1);
    let eps = T::EPSILON;
    let numbers = [
        0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 40.0, 64.0, 88.7, 89.0, 103.9, 104.0, 709.7,
        745.1,
    ];
    let mut all: Vec<T> = numbers.map(T::from_f64).to_vec();
    all.extend([
        tiny,
        T::MIN_POSITIVE,
        T::MAX,
        T::INFINITY,
        T::NAN,
        eps,
        eps * eps,
    ]);
    all.extend([
        T::ONE / eps,
        T::ONE / (eps + eps),
        T::from_f64(std::f64::consts::FRAC_1_SQRT_2),
    ]);
    all.extend([std::f64::consts::LN_2, 0.5 * std::f64::consts::LN_2, 0.1].map(T::from_f64));
    let neighbours =
        |x: T| [x.to_bits_u64().saturating_sub(1), x.to_bits_u64() + 1].map(T::from_bits_u64);
    all.extend(all.clone().into_iter().flat_map(neighbours));
    all.extend(all.clone().into_iter().map(|x| -x));
    all
}

/// Pairs of all special numbers, with a third that varies, and random operands: any bits, or of moderate size.
fn operands<T: Scalar>() -> [Vec<T>; 3] {
    let mut state = 7u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state ^ (state >> 29)
    };
    let special = special::<T>();
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for (i, a) in special.iter().enumerate() {
        for (j, b) in special.iter().enumerate() {
            let c = special[(i * 31 + j * 17) % special.len()];
            all.iter_mut()
                .zip([*a, *b, c])
                .for_each(|(to, x)| to.push(x));
        }
    }
    for round in 0..20_000 {
        let moderate = |bits: u64| T::from_f64((bits >> 11) as f64 / (1u64 << 49) as f64 - 8.0);
        let mut operand = || match round % 3 {
            0 => T::from_bits_u64(random() >> (64 - 8 * T::BYTES)),
            _ => moderate(random()),
        };
        let [a, b, mut c] = [operand(), operand(), operand()];
        if round % 3 == 1 {
            // a · b + c nearly cancels
            c = -(a * b);
        }
        all.iter_mut().zip([a, b, c]).for_each(|(to, x)| to.push(x));
    }
    all.map(|mut column| {
        column.truncate(column.len() / T::LANES * T::LANES);
        column
    })
}

/// Compares every listed expression of three vectors, in both types.
macro_rules! agree {
    ($test:ident: $($name:ident($a:pat, $b:pat, $c:pat) = $value:expr;)*) => {
        #[test]
        fn $test() {
            $({
                struct Case;
                impl Operation for Case {
                    #[inline(always)]
                    fn value<V: Vector>($a: V, $b: V, $c: V) -> V {
                        $value
                    }
                }
                check::<f32, Case>(stringify!($name), &operands::<f32>());
                check::<f64, Case>(stringify!($name), &operands::<f64>());
            })*
        }
    };
}

#[inline(always)]
fn one_where<V: Lanes>(mask: V::Mask) -> V {
    V::select(mask, V::splat(1.0), V::splat(0.0))
}

agree! { arithmetic_agrees:
    add(a, b, _) = a + b;
    sub(a, b, _) = a - b;
    mul(a, b, _) = a * b;
    div(a, b, _) = a / b;
    neg(a, _, _) = -a;
    mul_add(a, b, c) = a.mul_add(b, c);
    mul_add_of_negated(a, b, c) = (-a).mul_add(b, -c);
    not_contracted(a, b, c) = a * b + c;
    sqrt(a, _, _) = a.sqrt();
    abs(a, _, _) = a.abs();
    copysign(a, b, _) = a.copysign(b);
    min(a, b, _) = a.min(b);
    max(a, b, _) = a.max(b);
    floor(a, _, _) = a.floor();
    round_ties_even(a, _, _) = a.round_ties_even();
}

agree! { comparisons_agree:
    lt(a, b, _) = one_where::<V>(a.lt(b));
    le(a, b, _) = one_where::<V>(a.le(b));
    gt(a, b, _) = one_where::<V>(a.gt(b));
    ge(a, b, _) = one_where::<V>(a.ge(b));
    eq(a, b, _) = one_where::<V>(a.eq(b));
    ne(a, b, _) = one_where::<V>(a.ne(b));
    eq_self(a, _, _) = one_where::<V>(a.eq(a));
    and(a, b, c) = one_where::<V>(a.lt(b) & b.lt(c));
    or(a, b, c) = one_where::<V>(a.lt(b) | b.lt(c));
    not(a, b, _) = one_where::<V>(!a.lt(b));
    select(a, b, c) = V::select(a.lt(b), c, a);
}

agree! { bits_agree:
    and(a, b, _) = a.and(b);
    or(a, b, _) = a.or(b);
    xor(a, b, _) = a.xor(b);
    integer_add(a, b, _) = a.integer_add(b);
    integer_sub(a, b, _) = a.integer_sub(b);
    integer_to_exponent(a, _, _) = a.integer_to_exponent();
    exponent_to_integer(a, _, _) = a.exponent_to_integer();
    splat_bits(_, _, _) = V::splat_bits(0x3f80_0001);
    // which of two zeros is not defined: the sum with +0 hides it
    at_most(a, _, _) = a.at_most(V::splat(2.5)) + V::splat(0.0);
    at_least(a, _, _) = a.at_least(V::splat(0.0)) + V::splat(0.0);
    times_power_of_two(a, b, _) = {
        let bound = V::splat(1.5 * V::Scalar::EXPONENT_BIAS as f64 - 1.0);
        let b = V::select(b.eq(b), b, V::splat(0.0));
        let n = (b * V::splat(16.0)).min(bound).max(-bound).round_ties_even();
        // a number from ½ to 1½
        V::select(a.eq(a), (a - a.floor()).at_most(V::splat(1.0)) + V::splat(0.5), a).times_power_of_two(n)
    };
}

agree! { functions_agree:
    exp(a, _, _) = a.exp();
    exp_m1(a, _, _) = a.exp_m1();
    ln(a, _, _) = a.ln();
    ln_1p(a, _, _) = a.ln_1p();
    sigmoid(a, _, _) = a.sigmoid();
    tanh(a, _, _) = a.tanh();
    softplus(a, _, _) = a.softplus();
    bce_logits(a, b, _) = a.bce_logits(b);
    powf(a, b, _) = a.powf(b);
}

/// What a vector does with memory and its lanes, checked against loops over the numbers.
struct Memory;

impl<T: Scalar> Kernel<T> for Memory {
    type Args = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(_: &()) {
        assert_eq!(V::COUNT, T::LANES);
        let count = V::COUNT;
        let numbers: Vec<T> = (0..2 * count)
            .map(|i| T::from_f64(1.0 + i as f64 * 0.37))
            .collect();
        // SAFETY: each access stays within its buffer, which the assertions after it confirm.
        unsafe {
            for offset in 0..count {
                let v = V::load(numbers.as_ptr().add(offset));
                assert_eq!(v.to_array().as_ref(), &numbers[offset..offset + count]);
                assert_eq!(
                    V::from_array(v.to_array()).to_array().as_ref(),
                    v.to_array().as_ref()
                );
                let mut to = vec![T::NAN; 2 * count];
                v.store(to.as_mut_ptr().add(offset));
                assert_eq!(to[offset..offset + count], numbers[offset..offset + count]);
                assert_eq!(to.iter().filter(|x| x.is_nan()).count(), count);
            }
            for n in 0..=count {
                // a buffer of just n numbers
                let v = V::load_first(numbers[..n].to_vec().as_ptr(), n);
                let mut expected = numbers[..count].to_vec();
                expected[n..].fill(T::ZERO);
                assert_eq!(v.to_array().as_ref(), &expected[..]);
                let kept = V::load(numbers.as_ptr()).keep_first(n).to_array();
                assert_eq!(kept.as_ref(), &expected[..]);
                assert!(kept.as_ref()[n..].iter().all(|x| x.to_bits_u64() == 0));
                let infinite = V::splat(f64::NEG_INFINITY).keep_first(n).to_array();
                assert!(infinite.as_ref()[n..].iter().all(|x| x.to_bits_u64() == 0));
                let mut to = vec![T::NAN; 2 * count];
                V::load(numbers.as_ptr()).store_first(to.as_mut_ptr(), n);
                assert_eq!(to[..n], numbers[..n]);
                assert!(to[n..].iter().all(|x| x.is_nan()));
            }
            let (from_stride, to_stride) = (count + 3, count + 5);
            let block: Vec<T> = (0..count * from_stride)
                .map(|i| T::from_f64(i as f64))
                .collect();
            let mut turned = vec![T::NAN; count * to_stride];
            V::transpose(block.as_ptr(), from_stride, turned.as_mut_ptr(), to_stride);
            for i in 0..count {
                for j in 0..to_stride {
                    let found = turned[i * to_stride + j];
                    if j < count {
                        assert_eq!(found, block[j * from_stride + i], "row {i}, column {j}");
                    } else {
                        assert!(found.is_nan());
                    }
                }
            }
        }
        assert!(
            V::splat_scalar(T::from_f64(0.1))
                .to_array()
                .as_ref()
                .iter()
                .all(|x| *x == T::from_f64(0.1))
        );
        // addends of such different size that every other order gives another sum
        let mut lanes = V::splat(0.0).to_array();
        for (i, lane) in lanes.as_mut().iter_mut().enumerate() {
            *lane = T::from_f64(
                [1.0, 3e7, -7.7e-3, 1.1e16, -3e7, 0.3, -1.1e16, 13.0][i % 8] * (1.0 + i as f64),
            );
        }
        let mut tree = lanes.as_ref().to_vec();
        while tree.len() > 1 {
            let (low, high) = tree.split_at(tree.len() / 2);
            tree = low.iter().zip(high).map(|(x, y)| *x + *y).collect();
        }
        assert_eq!(
            V::from_array(lanes).reduce_tree().to_bits_u64(),
            tree[0].to_bits_u64()
        );
    }
}

#[test]
fn lanes_meet_memory_as_loops_would() {
    for isa in Isa::available() {
        // SAFETY: no arguments.
        unsafe {
            entry::<f32, Memory>(isa)(&());
            entry::<f64, Memory>(isa)(&());
        }
    }
}
