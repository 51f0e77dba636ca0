//! The engine of the live page as a module of WebAssembly: what the host calls, see `ENGINE.md`.
//!
//! The only file of the engine with `unsafe`: the attribute that gives a function its name for the host. No
//! function here takes a pointer; the host gets addresses of buffers that the engine owns.

#![expect(unsafe_code, reason = "`no_mangle` is unsafe, because two functions must not have the same name")]

use std::cell::RefCell;

use ann_web::{Answer, CONTRACT, Code, Engine, Error, limits};

#[cfg(feature = "bits")]
#[path = "../../../../crates/ann-experiments/src/bits.rs"]
#[allow(missing_docs, reason = "a file of another crate")]
mod bits;

/// The engine, and the buffers that it shares with the instance.
#[derive(Default)]
struct Instance {
    engine: Engine,
    /// What the host writes: request, attachment.
    rooms: [Vec<u8>; 2],
    /// What it reads: an answer as text, numbers, a file.
    text: Vec<u8>,
    numbers: Vec<f64>,
    file: Vec<u8>,
}

thread_local! {
    static INSTANCE: RefCell<Instance> = RefCell::default();
}

/// The version of the contract.
#[unsafe(no_mangle)]
pub extern "C" fn ann_contract() -> u32 {
    CONTRACT
}

/// Room for the request (slot 0) or its attachment (slot 1).
#[unsafe(no_mangle)]
pub extern "C" fn ann_room(slot: u32, bytes: u32) -> *mut u8 {
    let most = [limits::REQUEST, limits::FILE];
    let (slot, bytes) = (slot as usize, bytes as usize);
    with_instance(std::ptr::null_mut(), |instance| {
        let Some(room) = instance.rooms.get_mut(slot) else { return std::ptr::null_mut() };
        *room = Vec::new();
        if bytes > most[slot] || room.try_reserve_exact(bytes).is_err() {
            return std::ptr::null_mut();
        }
        room.resize(bytes, 0);
        room.as_mut_ptr()
    })
}

/// Carries out the request in slot 0.
#[unsafe(no_mangle)]
pub extern "C" fn ann_call() -> u32 {
    with_instance(Code::Ended as u32, |instance| {
        let [request, attachment] = std::mem::take(&mut instance.rooms);
        let answered = instance.engine.call(&request, attachment);
        let (code, answer) = match answered {
            Ok(answer) => (0, answer),
            Err(error) => (error.code as u32, Answer::from(Error::answer(&error))),
        };
        instance.text = answer.json.into_bytes();
        (instance.numbers, instance.file) = (answer.numbers, answer.file);
        code
    })
}

/// Address of what the last call made: text (0), numbers (1), file (2).
#[unsafe(no_mangle)]
pub extern "C" fn ann_answer(slot: u32) -> *const u8 {
    of_slot(slot, |bytes, _| bytes)
}

/// Its number of bytes.
#[unsafe(no_mangle)]
pub extern "C" fn ann_answer_bytes(slot: u32) -> u32 {
    of_slot(slot, |_, bytes| u32::try_from(bytes).unwrap_or(u32::MAX))
}

/// Trains the networks of `cargo xtask bits`; slot 0 is then what its example prints.
#[cfg(feature = "bits")]
#[unsafe(no_mangle)]
pub extern "C" fn ann_bits() {
    let lines = match bits::fingerprints(1) {
        Ok(found) => found.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect(),
        Err(error) => error.to_string(),
    };
    with_instance((), |instance| instance.text = lines.into_bytes());
}

fn of_slot<T>(slot: u32, read: impl Fn(*const u8, usize) -> T) -> T {
    let nothing = read(std::ptr::dangling(), 0);
    with_instance(nothing, |instance| match slot {
        0 => read(instance.text.as_ptr(), instance.text.len()),
        1 => read(instance.numbers.as_ptr().cast(), size_of_val(&instance.numbers[..])),
        2 => read(instance.file.as_ptr(), instance.file.len()),
        _ => read(std::ptr::dangling(), 0),
    })
}

/// `otherwise`, if a panic has left the instance borrowed.
fn with_instance<T>(otherwise: T, work: impl FnOnce(&mut Instance) -> T) -> T {
    INSTANCE.with(|instance| match instance.try_borrow_mut() {
        Ok(mut instance) => work(&mut instance),
        Err(_) => otherwise,
    })
}
