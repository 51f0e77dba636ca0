//! Ranks that are threads, which send messages to each other: a job without MPI.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::Ranks;

/// Runs `work` on each rank of a job, and returns the results in their order.
pub fn together<T: Send>(size: usize, work: impl Fn(&Thread) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let running: Vec<_> = Thread::job(size)
            .into_iter()
            .map(|rank| {
                scope.spawn({
                    let work = &work;
                    move || work(&rank)
                })
            })
            .collect();
        running.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

/// A rank that is a thread. It has a channel to and from each of the others.
#[derive(Debug)]
pub struct Thread {
    rank: usize,
    to: Vec<Sender<Vec<f64>>>,
    from: Vec<Mutex<Receiver<Vec<f64>>>>,
}

impl Thread {
    fn job(size: usize) -> Vec<Self> {
        let mut ranks: Vec<Self> =
            (0..size).map(|rank| Self { rank, to: Vec::new(), from: Vec::new() }).collect();
        for from in 0..size {
            for to in 0..size {
                let (sender, receiver) = channel();
                ranks[from].to.push(sender);
                ranks[to].from.push(Mutex::new(receiver));
            }
        }
        ranks
    }
}

impl Ranks for Thread {
    fn rank(&self) -> usize {
        self.rank
    }
    fn size(&self) -> usize {
        self.to.len()
    }
    fn send(&self, numbers: &[f64], to: usize) {
        self.to[to].send(numbers.to_vec()).unwrap();
    }
    fn receive(&self, numbers: &mut [f64], from: usize) {
        numbers.copy_from_slice(&self.from[from].lock().unwrap().recv().unwrap());
    }
    fn broadcast(&self, numbers: &mut [f64], root: usize) {
        if self.rank == root {
            (0..self.size()).filter(|&to| to != root).for_each(|to| self.send(numbers, to));
        } else {
            self.receive(numbers, root);
        }
    }
}
