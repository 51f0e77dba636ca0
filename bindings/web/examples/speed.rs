//! Microseconds for an epoch, natively: `cargo run --profile native --example speed`. `node tests/speed.mjs`
//! measures the same in WebAssembly.

use std::time::Instant;

use ann_web::Engine;

/// Data, hidden layers, and the number of epochs that are measured: those of `tests/speed.mjs`.
const LABS: [(&str, &str, usize); 3] = [
    ("doughnut", r#"[{"units":3}]"#, 200),
    ("iris", r#"[{"units":5},{"units":10},{"units":5}]"#, 100),
    ("doughnut", r#"[{"units":64,"activation":"tanh"},{"units":64,"activation":"tanh"}]"#, 4),
];

fn main() {
    let mut engine = Engine::default();
    for (data, hidden, epochs) in LABS {
        let mut ask = |request: &str| {
            engine.call(request.as_bytes(), Vec::new()).expect("the requests are right");
        };
        ask(&format!(r#"{{"do":"open","data":{{"name":"{data}"}},"network":{{"hidden":{hidden}}}}}"#));
        let step = format!(r#"{{"do":"step","epochs":{epochs}}}"#);
        // The first steps bring everything into the caches.
        ask(&step);
        let mut best = f64::INFINITY;
        // The best of many short steps, so that other programs on the machine disturb it little.
        for _ in 0..400 {
            let begin = Instant::now();
            ask(&step);
            best = best.min(begin.elapsed().as_secs_f64() * 1e6 / epochs as f64);
        }
        println!("native {best:.2} us");
    }
}
