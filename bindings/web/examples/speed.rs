//! Microseconds for an epoch, natively: `cargo run --profile native --example speed`. `node tests/speed.mjs`
//! measures the same in WebAssembly.

use std::time::Instant;

use ann_web::Engine;

/// Requests that open a lab, and the number of epochs that are measured: those of `tests/speed.mjs`.
const LABS: [(&str, usize); 3] = [
    (r#"{"do":"open","data":{"name":"doughnut"},"network":{"hidden":[{"units":3}]}}"#, 3000),
    (r#"{"do":"open","data":{"name":"iris"},"network":{"hidden":[{"units":5},{"units":10},{"units":5}]}}"#, 2000),
    (
        r#"{"do":"open","data":{"name":"doughnut"},"network":{"hidden":[{"units":64,"activation":"tanh"},{"units":64,"activation":"tanh"}]}}"#,
        200,
    ),
];

fn main() {
    let mut engine = Engine::default();
    for (open, epochs) in LABS {
        let mut ask = |request: &str| engine.call(request.as_bytes(), Vec::new()).expect("the requests are right");
        ask(open);
        let step = format!(r#"{{"do":"step","epochs":{epochs}}}"#);
        // The first steps bring everything into the caches.
        ask(&step);
        let best = (0..5).map(|_| {
            let begin = Instant::now();
            ask(&step);
            begin.elapsed().as_secs_f64() * 1e6 / epochs as f64
        });
        println!("native {:.2} us", best.fold(f64::INFINITY, f64::min));
    }
}
