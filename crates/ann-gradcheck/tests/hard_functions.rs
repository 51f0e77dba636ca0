//! Functions that are hard to differentiate by their values: steep, narrow, tiny, huge, noisy, or ending near
//! the point.
//!
//! Of each: a right gradient is never blamed, and a wrong one never passes.

use ann_gradcheck::{Config, Report, Verdict, check_gradient};

/// A function of one number, its derivative, and where they are compared.
struct Curve {
    name: String,
    f: Box<dyn Fn(f64) -> f64>,
    derivative: Box<dyn Fn(f64) -> f64>,
    at: f64,
}

fn curve(
    name: impl Into<String>,
    at: f64,
    f: impl Fn(f64) -> f64 + 'static,
    derivative: impl Fn(f64) -> f64 + 'static,
) -> Curve {
    Curve { name: name.into(), f: Box::new(f), derivative: Box::new(derivative), at }
}

/// Steep or narrow, and smooth where they are asked.
fn steep() -> Vec<Curve> {
    let mut curves = Vec::new();
    for k in [1e2, 1e3, 1e4, 1e5, 1e6] {
        curves.push(curve(
            format!("exp {k:e} x"),
            1.0 / k,
            move |x| (k * x).exp(),
            move |x| k * (k * x).exp(),
        ));
        curves.push(curve(
            format!("tanh {k:e} x"),
            0.3 / k,
            move |x| (k * x).tanh(),
            move |x| k / (k * x).cosh().powi(2),
        ));
        curves.push(curve(
            format!("tanh {k:e} (x - 1)"),
            1.0 + 0.4 / k,
            move |x| (k * (x - 1.0)).tanh(),
            move |x| k / (k * (x - 1.0)).cosh().powi(2),
        ));
        curves.push(curve(format!("sin {k:e} x"), 0.3, move |x| (k * x).sin(), move |x| k * (k * x).cos()));
        curves.push(curve(format!("1/x at 1/{k:e}"), 1.0 / k, |x| 1.0 / x, |x| -1.0 / (x * x)));
        curves.push(curve(format!("ln x at 1/{k:e}"), 1.0 / k, f64::ln, f64::recip));
        curves.push(curve(format!("root x at 1/{k:e}"), 1.0 / k, f64::sqrt, |x| 0.5 / x.sqrt()));
        let place = |c: f64| move |x: f64| k * (x - c);
        let z = place(1.0);
        curves.push(curve(
            format!("peak of width 1/{k:e}"),
            1.0 + 0.5 / k,
            move |x| (-z(x) * z(x)).exp(),
            move |x| -2.0 * k * z(x) * (-z(x) * z(x)).exp(),
        ));
        // Symmetric differences with larger steps see nothing of this one, nor does their mean.
        curves.push(curve(
            format!("wave of width 1/{k:e}"),
            1.0,
            move |x| z(x) * (-z(x) * z(x)).exp(),
            move |x| k * (1.0 - 2.0 * z(x) * z(x)) * (-z(x) * z(x)).exp(),
        ));
        let z = place(0.25);
        curves.push(curve(
            format!("pole at a distance of 1/{k:e}"),
            0.25 + 1.0 / k,
            move |x| 1.0 / z(x),
            move |x| -k / (z(x) * z(x)),
        ));
        curves.push(curve(
            format!("|x| with its kink at a distance of 1/{k:e}"),
            0.25 + 1.0 / k,
            move |x| (x - 0.25).abs(),
            move |x| (x - 0.25).signum(),
        ));
    }
    curves
}

/// What may be wrong with an entry.
const MISTAKES: [(&str, f64); 6] = [
    ("zero", 0.0),
    ("sign", -1.0),
    ("ten times", 10.0),
    ("half", 0.5),
    ("1e-3", 1.001),
    ("1e-6", 1.0 + 1e-6),
];

#[test]
fn steep_functions_alone() {
    for Curve { name, f, derivative, at } in steep() {
        let check = |factor: f64| {
            let gradient = |p: &[f64], out: &mut [f64]| out[0] = factor * derivative(p[0]);
            check_gradient(|p| f(p[0]), gradient, &[at], &Config::default()).expect("it is finite")
        };
        assert_eq!(check(1.0).verdict(), Verdict::Pass, "{name}: {}", check(1.0));
        for (mistake, factor) in MISTAKES {
            assert_eq!(check(factor).verdict(), Verdict::Fail, "{name}, {mistake}: {}", check(factor));
        }
    }
}

#[test]
fn a_steep_entry_among_ordinary_ones() {
    for Curve { name, f, derivative, at } in steep() {
        // It comes first, in the middle, and last of twenty: a majority of 95% hides nothing.
        for place in [0, 9, 19] {
            let value = |p: &[f64]| {
                let ordinary = |(i, x): (usize, &f64)| if i == place { 0.0 } else { (x + i as f64).sin() };
                p.iter().enumerate().map(ordinary).sum::<f64>() + f(p[place])
            };
            let check = |factor: f64| {
                let gradient = |p: &[f64], out: &mut [f64]| {
                    out.iter_mut().zip(p).enumerate().for_each(|(i, (g, x))| *g = (x + i as f64).cos());
                    out[place] = factor * derivative(p[place]);
                };
                let mut point = [0.3; 20];
                point[place] = at;
                check_gradient(value, gradient, &point, &Config::default()).expect("it is finite")
            };
            let right = check(1.0);
            // Values of 1e6 hide the last digits of entries of size 1, which is said.
            assert!(
                right.verdict() < Verdict::Fail && !right.unjudged().contains(&place),
                "{name} at {place}: {right}"
            );
            for (mistake, factor) in MISTAKES {
                let report = check(factor);
                assert_eq!(report.verdict(), Verdict::Fail, "{name} at {place}, {mistake}: {report}");
                let blamed: Vec<usize> = report.findings().iter().map(|finding| finding.index).collect();
                assert_eq!(blamed, [place], "{name}, {mistake}: {report}");
            }
        }
    }
}

/// Σ vᵢ sin(pᵢ/sᵢ + i), right or with one entry multiplied by a factor.
fn of_scales(sizes: &[f64], values: f64, wrong: Option<(usize, f64)>) -> Report {
    let value = |p: &[f64]| {
        let term = |(i, (p, s)): (usize, (&f64, &f64))| (p / s + i as f64).sin();
        values * p.iter().zip(sizes).enumerate().map(term).sum::<f64>()
    };
    let gradient = |p: &[f64], out: &mut [f64]| {
        for (i, (p, s)) in p.iter().zip(sizes).enumerate() {
            out[i] = values / s * (p / s + i as f64).cos();
        }
        if let Some((index, factor)) = wrong {
            out[index] *= factor;
        }
    };
    let point: Vec<f64> = sizes.iter().map(|s| 1.1 * s).collect();
    check_gradient(value, gradient, &point, &Config::default()).expect("it is finite")
}

#[test]
fn nothing_depends_on_units() {
    let all: Vec<f64> = (-30..=30).step_by(6).map(|power| 10_f64.powi(power)).collect();
    let mut cases: Vec<(Vec<f64>, f64)> = all.iter().map(|&size| (vec![size; 3], 1.0)).collect();
    cases.push((all.clone(), 1.0));
    cases.extend([1e-300, 1e-250, 1e250, 1e300].map(|values| (vec![1.0; 3], values)));
    cases.extend([1e-200, 1e200].map(|values| (vec![1e-30, 1.0, 1e30], values)));
    for (sizes, values) in cases {
        let right = of_scales(&sizes, values, None);
        assert_eq!(right.verdict(), Verdict::Pass, "{sizes:?}, {values:e}: {right}");
        for index in 0..sizes.len() {
            for (mistake, factor) in MISTAKES {
                let report = of_scales(&sizes, values, Some((index, factor)));
                let name = format!("{mistake} at {index} of {sizes:?}, {values:e}");
                assert_eq!(report.verdict(), Verdict::Fail, "{name}: {report}");
                assert!(report.findings().iter().all(|finding| finding.index == index), "{name}: {report}");
            }
        }
    }
}

#[test]
fn close_to_the_smallest_number_underflow_is_no_mistake() {
    for (slope, at) in [(3e-308, 1e-3), (3e-308, 1.0), (1e-310, 0.5), (1e-300, 1e-20), (5e-324, 1.0)] {
        let check = |factor: f64| {
            check_gradient(|p| slope * p[0], |_, out| out[0] = factor * slope, &[at], &Config::default())
                .expect("it is finite")
        };
        assert!(check(1.0).verdict() < Verdict::Fail, "{slope:e} at {at:e}: {}", check(1.0));
        for (mistake, factor) in [("sign", -1.0), ("ten times", 10.0), ("zero", 0.0)] {
            assert_ne!(check(factor).verdict(), Verdict::Pass, "{slope:e} at {at:e}, {mistake}");
        }
    }
}

#[test]
fn parameters_at_zero_have_no_size_and_are_judged_all_the_same() {
    for k in [1e-9, 1.0, 1e9, 1e18, 1e30] {
        for others in [vec![], vec![1.0], vec![1e-20], vec![1e20]] {
            let sizes = others.clone();
            let value = |p: &[f64]| {
                (k * p[0] + 0.5).sin() + p[1..].iter().zip(&sizes).map(|(p, s)| (p / s).sin()).sum::<f64>()
            };
            let check = |factor: f64| {
                let gradient = |p: &[f64], out: &mut [f64]| {
                    out[0] = factor * k * (k * p[0] + 0.5).cos();
                    for ((out, p), s) in out[1..].iter_mut().zip(&p[1..]).zip(&sizes) {
                        *out = (p / s).cos() / s;
                    }
                };
                let mut point = vec![0.0];
                point.extend(&others);
                let config = Config { points: 0, ..Config::default() };
                check_gradient(value, gradient, &point, &config).expect("it is finite")
            };
            let name = format!("sin({k:e} x + 1/2) beside {others:?}");
            assert!(check(1.0).verdict() < Verdict::Fail, "{name}: {}", check(1.0));
            for (mistake, factor) in MISTAKES {
                assert_ne!(check(factor).verdict(), Verdict::Pass, "{name}, {mistake}: {}", check(factor));
            }
        }
    }
}

/// Functions that end somewhere, the range in which they may be asked, and points up to its ends.
fn with_domains() -> Vec<(Curve, std::ops::RangeInclusive<f64>)> {
    let arc = |at: f64| curve("acos", at, f64::acos, |x| -1.0 / (1.0 - x * x).sqrt());
    let mut curves = Vec::new();
    for at in [0.0, 0.95, -0.95, 0.999, 1.0 - 1e-6] {
        curves.push((arc(at), -1.0..=1.0));
    }
    for at in [1.0, 1e-3, 1e-9] {
        curves.push((curve("ln", at, f64::ln, f64::recip), f64::MIN_POSITIVE..=f64::INFINITY));
        curves.push((curve("root", at, f64::sqrt, |x| 0.5 / x.sqrt()), 0.0..=f64::INFINITY));
    }
    // At the end itself: one side is all there is.
    for at in [2.0, 3.0] {
        curves.push((curve("x²", at, |x| x * x, |x| 2.0 * x), 2.0..=3.0));
        curves.push((curve("e^x", at, f64::exp, f64::exp), 2.0..=3.0));
    }
    curves
}

#[test]
fn a_domain_is_never_left() {
    for (Curve { name, f, derivative, at }, range) in with_domains() {
        for ends_with_a_panic in [true, false] {
            let inside = |x: f64| {
                assert!(!ends_with_a_panic || range.contains(&x), "{name} was asked for {x}");
                x
            };
            // The second parameter may be anything.
            let value = |p: &[f64]| f(inside(p[0])) + p[1].sin();
            let check = |factor: f64| {
                let gradient = |p: &[f64], out: &mut [f64]| {
                    out.copy_from_slice(&[factor * derivative(inside(p[0])), p[1].cos()]);
                };
                let config =
                    Config::default().with_domain([range.clone(), f64::NEG_INFINITY..=f64::INFINITY]);
                check_gradient(value, gradient, &[at, 0.4], &config).expect("it is finite")
            };
            let right = check(1.0);
            assert_eq!(right.verdict(), Verdict::Pass, "{name} at {at}: {right}");
            for (mistake, factor) in MISTAKES {
                assert_eq!(check(factor).verdict(), Verdict::Fail, "{name} at {at}, {mistake}");
            }
        }
    }
}

#[test]
fn no_parameter_moves_farther_than_the_largest_step() {
    let at = [0.95, -3.0, 0.0];
    for entries in [1, 20_000] {
        let farthest = std::cell::Cell::new(0.0_f64);
        let value = |p: &[f64]| {
            let moved = p.iter().zip(&at).map(|(p, at)| (p - at).abs()).fold(0.0, f64::max);
            farthest.set(farthest.get().max(moved));
            p[0].acos() + p[1].sin() + p[2].exp()
        };
        let gradient = |p: &[f64], out: &mut [f64]| {
            out.copy_from_slice(&[-1.0 / (1.0 - p[0] * p[0]).sqrt(), p[1].cos(), p[2].exp()]);
        };
        let config = Config { largest_step: 0.01, entries, ..Config::default() };
        check_gradient(value, gradient, &at, &config)
            .expect("it is finite")
            .ensure_ok()
            .expect("it is right");
        // x + t is rounded.
        assert!((0.005..0.01 + 1e-15).contains(&farthest.get()), "{}", farthest.get());
    }
}

#[test]
fn functions_that_end_without_a_domain_are_judged_where_they_are_finite() {
    for (Curve { name, f, derivative, at }, range) in with_domains() {
        if at == *range.start() || at == *range.end() || name.starts_with('x') {
            continue;
        }
        let check = |factor: f64| {
            let gradient = |p: &[f64], out: &mut [f64]| out[0] = factor * derivative(p[0]);
            check_gradient(|p| f(p[0]), gradient, &[at], &Config { points: 0, ..Config::default() })
                .expect("it is finite")
        };
        assert_eq!(check(1.0).verdict(), Verdict::Pass, "{name} at {at}: {}", check(1.0));
        for (mistake, factor) in MISTAKES {
            assert_eq!(check(factor).verdict(), Verdict::Fail, "{name} at {at}, {mistake}");
        }
    }
}

/// Functions with noise, and what of their slope can be seen in spite of it.
fn noisy() -> Vec<(Curve, f64)> {
    let mut curves = vec![
        (curve("f32", 0.7, |x| f64::from((x as f32).sin()), f64::cos), 0.1),
        (curve("sum in f32", 0.7, |x| f64::from(x.sin() as f32 + 100.0), f64::cos), 0.3),
        (curve("decimals", 0.7, |x| (x.sin() * 1e6).round() / 1e6, f64::cos), 0.1),
        (curve("1e8", 0.7, |x| (1e8 + x.sin()) - 1e8, f64::cos), 1e-3),
    ];
    for offset in [1e8, -1e8, 1e10, 1e12] {
        let share = if offset > 1e11 { 1.0 } else { 1e-2 };
        curves.push((curve(format!("{offset:e} + sin"), 0.7, move |x| offset + x.sin(), f64::cos), share));
        curves.push((curve(format!("{offset:e} + x²"), 1.5, move |x| offset + x * x, |x| 2.0 * x), share));
    }
    curves
}

#[test]
fn noise_is_no_mistake_and_hides_none() {
    for (Curve { name, f, derivative, at }, visible) in noisy() {
        for count in [1, 20] {
            // The noisy function of all entries together, the mistake in the last.
            let value = |p: &[f64]| p.iter().map(|x| f(*x)).sum::<f64>();
            let check = |factor: f64| {
                let gradient = |p: &[f64], out: &mut [f64]| {
                    out.iter_mut().zip(p).for_each(|(g, x)| *g = derivative(*x));
                    out[count - 1] *= factor;
                };
                let point: Vec<f64> = (0..count).map(|i| at + 0.01 * i as f64).collect();
                check_gradient(value, gradient, &point, &Config::default()).expect("it is finite")
            };
            let right = check(1.0);
            assert!(right.verdict() < Verdict::Fail, "{count} of {name}: {right}");
            for (mistake, factor) in MISTAKES {
                let report = check(factor);
                assert_ne!(report.verdict(), Verdict::Pass, "{count} of {name}, {mistake}: {report}");
                if count == 1 && factor != 0.0 && (factor - 1.0).abs() > visible {
                    assert_eq!(report.verdict(), Verdict::Fail, "{name}, {mistake}: {report}");
                }
            }
        }
    }
}

#[test]
fn what_noise_hides_is_named_and_so_is_the_setting_that_excuses_it() {
    let value = |p: &[f64]| f64::from(p[0].sin() as f32) + 3.0 * p[1];
    let check = |factor: f64, tolerance: f64| {
        let gradient = |p: &[f64], out: &mut [f64]| out.copy_from_slice(&[factor * p[0].cos(), 3.0]);
        let config = Config { tolerance, ..Config::default() }.with_names(["angle", "length"]);
        check_gradient(value, gradient, &[0.7, 2.0], &config).expect("it is finite")
    };
    // All values are stairs, which hides the sixth digit of both derivatives.
    let report = check(1.0, 0.0);
    assert_eq!(report.verdict(), Verdict::Inconclusive, "{report}");
    assert!(report.unjudged().contains(&0), "{report}");
    let message = report.ensure_ok().unwrap_err().to_string();
    for word in ["angle", "neither right nor wrong", "noise", "`tolerance`"] {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert!(report.to_string().contains("\nneither right nor wrong: angle"), "{report}");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("it is JSON");
    assert_eq!(json["unjudged"][0], "angle");
    // A difference of the size of the noise is blamed, with a word of doubt; and excused by a tolerance.
    let wrong = (1..40).map(|i| check(1.0 + 1e-5 * 1.3_f64.powi(i), 0.0));
    let first = wrong.into_iter().find(|report| report.verdict() == Verdict::Fail).expect("3e-1 is seen");
    let message = first.ensure_ok().unwrap_err().to_string();
    for word in ["angle", "own noise", "`tolerance` of more than"] {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert_eq!(check(1.0, 0.02).verdict(), Verdict::Pass, "{}", check(1.0, 0.02));
    // Far outside of noise there is no doubt.
    let message = check(-1.0, 0.0).summary();
    assert!(message.starts_with("fail") && !message.contains("tolerance"), "{message}");
}

#[test]
fn kinks_and_stairs_at_the_point_are_no_mistake() {
    let kinks = [
        curve("|x|", 0.0, f64::abs, f64::signum),
        curve("|x - 1|", 1.0, |x| (x - 1.0).abs(), |x| (x - 1.0).signum()),
        curve("ReLU", 0.0, |x| x.max(0.0), |x| f64::from(x > 0.0)),
        curve(
            "root of |x|",
            0.0,
            |x| x.abs().sqrt(),
            |x| if x == 0.0 { 0.0 } else { 0.5 * x.signum() / x.abs().sqrt() },
        ),
    ];
    let stairs = [10.0, 1e3, 1e4, 1e6].into_iter().flat_map(|n| {
        let floor = move |x: f64| (n * x).floor() / n;
        [
            curve(format!("{n} stairs"), 0.7, floor, |_| 1.0),
            curve(format!("{n} flat stairs"), 0.7, floor, |_| 0.0),
        ]
    });
    for Curve { name, f, derivative, at } in kinks.into_iter().chain(stairs) {
        for points in [0, 5] {
            let gradient = |p: &[f64], out: &mut [f64]| out[0] = derivative(p[0]);
            let config = Config { points, ..Config::default() };
            let report = check_gradient(|p| f(p[0]), gradient, &[at], &config).expect("it is finite");
            assert!(report.verdict() < Verdict::Fail, "{name}: {report}");
        }
    }
}

#[test]
fn a_majority_hides_no_entry_that_cannot_be_judged() {
    // 99 ordinary entries, and one of 1e-13 beside values of size 1: f64 has no digits for it.
    for place in [0, 50, 99] {
        for factor in [0.0, 1.0, -1.0, 10.0] {
            let value = |p: &[f64]| {
                let term = |(i, x): (usize, &f64)| if i == place { 1e-13 * x } else { (x + i as f64).sin() };
                p.iter().enumerate().map(term).sum::<f64>()
            };
            let gradient = |p: &[f64], out: &mut [f64]| {
                out.iter_mut().zip(p).enumerate().for_each(|(i, (g, x))| *g = (x + i as f64).cos());
                out[place] = factor * 1e-13;
            };
            let config = Config { points: 2, ..Config::default() };
            let report = check_gradient(value, gradient, &[0.3; 100], &config).expect("it is finite");
            assert_eq!(report.verdict(), Verdict::Inconclusive, "{report}");
            assert_eq!((report.unjudged(), report.groups()[0].open), (&[place][..], 1), "{report}");
            assert!(report.summary().contains(&format!("θ[{place}]")), "{report}");
        }
    }
}

#[test]
fn two_mistakes_that_cancel_along_a_direction() {
    // Only directions see these two entries; along half of them +1 and −1 cancel. One direction would miss
    // every other pair.
    for seed in 0..16 {
        let value = |p: &[f64]| p.iter().map(|x| x.sin()).sum::<f64>();
        let gradient = |p: &[f64], out: &mut [f64]| {
            out.iter_mut().zip(p).for_each(|(g, x)| *g = x.cos());
            out[1_501] += 0.5;
            out[2_777] -= 0.5;
        };
        let config = Config { entries: 100, points: 0, seed, ..Config::default() };
        let report = check_gradient(value, gradient, &vec![0.3; 4_000], &config).expect("it is finite");
        assert_eq!(report.verdict(), Verdict::Fail, "seed {seed}: {report}");
        let blamed = |index: usize| report.findings().iter().any(|finding| finding.index == index);
        assert!(blamed(1_501) || blamed(2_777), "seed {seed}: {report}");
    }
}

#[test]
fn of_large_groups_parameters_of_every_unit_are_seen_along_directions() {
    // Every other of 2 000 parameters is of the size 1e-15, with derivatives of 1e15.
    let size = |i: usize| if i.is_multiple_of(2) { 1.0 } else { 1e-15 };
    for wrong in [None, Some(700), Some(701)] {
        let value = |p: &[f64]| p.iter().enumerate().map(|(i, x)| (x / size(i)).sin()).sum::<f64>();
        let gradient = |p: &[f64], out: &mut [f64]| {
            out.iter_mut().zip(p).enumerate().for_each(|(i, (g, x))| *g = (x / size(i)).cos() / size(i));
            if let Some(wrong) = wrong {
                out[wrong] *= 1.01;
            }
        };
        let config = Config { entries: 100, points: 0, ..Config::default() };
        let point: Vec<f64> = (0..2_000).map(|i| 0.3 * size(i)).collect();
        let report = check_gradient(value, gradient, &point, &config).expect("it is finite");
        let blamed: Vec<usize> = report.findings().iter().map(|finding| finding.index).collect();
        assert_eq!(blamed, wrong.into_iter().collect::<Vec<_>>(), "{report}");
    }
}

/// Values that are rounded, beside a parameter so small that they do not change where differences look.
#[test]
fn right_gradients_of_rounded_values_are_not_blamed() {
    type Rounded = fn(f64) -> f64;
    let roundings: [Rounded; 3] =
        [|v| (v * 1e3).round() / 1e3, |v| (v * 1e4).round() / 1e4, |v| f64::from(v as f32)];
    for (number, rounded) in roundings.into_iter().enumerate() {
        for small in (0..100).map(|i| 1e-4 * 1.06_f64.powi(i)) {
            let at = [1.1, small];
            let exp = check_gradient(
                |p| rounded(p[0].exp() + p[1].exp()),
                |p, g| g.iter_mut().zip(p).for_each(|(g, p)| *g = p.exp()),
                &at,
                &Config::default(),
            );
            let squares = check_gradient(
                |p| rounded(p[0] * p[0] + p[1] * p[1]),
                |p, g| g.iter_mut().zip(p).for_each(|(g, p)| *g = 2.0 * p),
                &at,
                &Config::default(),
            );
            for report in [exp.unwrap(), squares.unwrap()] {
                assert!(report.verdict() < Verdict::Fail, "{number}, {small}: {report}");
            }
        }
    }
}

#[test]
fn a_flat_piece_before_a_jump_of_another_slope_excuses_nothing() {
    // Constant up to a jump of 1 at 3 that no slope of 5, or downwards, makes.
    for claimed in [5.0, -0.1] {
        let report = check_gradient(
            |p| p[0] + f64::from(u8::from(p[1] > 3.0)),
            |_, g| g.copy_from_slice(&[1.0, claimed]),
            &[2.0, 0.5],
            &Config::default(),
        );
        assert_eq!(report.as_ref().unwrap().verdict(), Verdict::Fail, "{}", report.unwrap());
    }
}

#[test]
fn what_is_unknown_at_the_point_given_is_named() {
    // At 1 neither the kink of |x − 1| nor the end of √(x − 1) has a derivative, and no claim about it is
    // right.
    type Pair = (fn(f64) -> f64, fn(f64) -> f64);
    let functions: [Pair; 4] = [
        (|x| (x - 1.0).abs(), |x| if x == 1.0 { 5.0 } else { (x - 1.0).signum() }),
        (
            |x| (1.0 - x).max(0.0),
            |x| {
                if x > 1.0 {
                    0.0
                } else if x == 1.0 {
                    1.0
                } else {
                    -1.0
                }
            },
        ),
        (
            |x| (x - 1.0).abs().powf(1.2),
            |x| {
                if x == 1.0 { 7.0 } else { 1.2 * (x - 1.0).abs().powf(0.2).copysign(x - 1.0) }
            },
        ),
        (|x| (x - 1.0).sqrt(), |x| if x == 1.0 { 3.0 } else { 0.5 / (x - 1.0).sqrt() }),
    ];
    for (number, (f, derivative)) in functions.into_iter().enumerate() {
        let gradient = |p: &[f64], g: &mut [f64]| g[0] = derivative(p[0]);
        let report = check_gradient(|p| f(p[0]), gradient, &[1.0], &Config::default()).unwrap();
        assert_ne!(report.verdict(), Verdict::Pass, "{number}: {report}");
        assert!(report.verdict() == Verdict::Fail || report.unjudged() == [0], "{number}: {report}");
    }
}

#[test]
fn differences_stay_in_the_domain() {
    // 0.158 − 0.1 is rounded to a number below 0.058.
    let start = 0.058;
    let config = Config { step: 0.1, ..Config::default() }.with_domain([start..=10.0]);
    let value = |p: &[f64]| {
        assert!(p[0] >= start, "called at {:e}", p[0]);
        p[0].exp()
    };
    check_gradient(value, |p, g| g[0] = p[0].exp(), &[0.158], &config).unwrap().ensure_ok().unwrap();
}
