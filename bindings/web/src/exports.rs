//! What the host calls. The only file with `unsafe`: the attribute that gives a function its name for the
//! host. No function here takes a pointer; the host gets addresses of buffers that the engine owns.

use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

use crate::engine::{Answer, CONTRACT, Engine};
use crate::error::{Code, Error};
use crate::limits;

/// The engine and its buffers.
#[derive(Default)]
struct Desk {
    engine: Engine,
    /// What the host writes: request, attachment.
    rooms: [Vec<u8>; 2],
    /// What it reads: an answer as text, numbers, a file.
    text: Vec<u8>,
    numbers: Vec<f64>,
    file: Vec<u8>,
    /// Whether a call has begun and not ended.
    is_busy: bool,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

/// Apart from the desk, which a panic leaves borrowed.
static PANIC: Mutex<Vec<u8>> = Mutex::new(Vec::new());

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
    with_desk(std::ptr::null_mut(), |desk| {
        let Some(room) = desk.rooms.get_mut(slot) else { return std::ptr::null_mut() };
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
    with_desk(Code::Ended as u32, |desk| {
        if desk.is_busy {
            return Code::Ended as u32;
        }
        desk.is_busy = true;
        std::panic::set_hook(Box::new(|panic| {
            let mut message = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
            *message = panic.to_string().into_bytes();
        }));
        let [request, attachment] = std::mem::take(&mut desk.rooms);
        let answered = desk.engine.call(&request, attachment);
        let (code, answer) = match answered {
            Ok(answer) => (0, answer),
            Err(error) => (error.code as u32, Answer::from(Error::answer(&error))),
        };
        desk.text = answer.json.into_bytes();
        (desk.numbers, desk.file) = (answer.numbers, answer.file);
        desk.is_busy = false;
        code
    })
}

/// Address of what the last call made: text (0), numbers (1), file (2); or of the message of a panic (3).
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
    let lines = match crate::bits::fingerprints(1) {
        Ok(found) => found.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect(),
        Err(error) => error.to_string(),
    };
    with_desk((), |desk| desk.text = lines.into_bytes());
}

fn of_slot<T>(slot: u32, read: impl Fn(*const u8, usize) -> T) -> T {
    if slot == 3 {
        let message = PANIC.lock().unwrap_or_else(PoisonError::into_inner);
        return read(message.as_ptr(), message.len());
    }
    let nothing = read(std::ptr::dangling(), 0);
    with_desk(nothing, |desk| match slot {
        0 => read(desk.text.as_ptr(), desk.text.len()),
        1 => read(desk.numbers.as_ptr().cast(), size_of_val(&desk.numbers[..])),
        2 => read(desk.file.as_ptr(), desk.file.len()),
        _ => read(std::ptr::dangling(), 0),
    })
}

/// `otherwise`, if a panic has left the desk borrowed.
fn with_desk<T>(otherwise: T, work: impl FnOnce(&mut Desk) -> T) -> T {
    DESK.with(|desk| match desk.try_borrow_mut() {
        Ok(mut desk) => work(&mut desk),
        Err(_) => otherwise,
    })
}
