//! Ctrl-C and a polite kill: the first asks a training to stop after its step, the second stops at once.

use crate::failure::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The exit code of a program that was interrupted: 128 + the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// From now on a file that grows over the limit of the shell (`ulimit -f`) is an error of the write, which is told, and not a signal that ends
/// the program without a word.
///
/// # Errors
/// If the system refuses.
pub fn tell_full_files() -> Result<(), Failure> {
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default())
        .map_err(|error| Failure::bad(format!("cannot listen for signals: {error}")))?;
    Ok(())
}

/// Whether somebody wants the training to stop.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on signals are counted instead of ending the program at once. A hang-up keeps its meaning: `nohup` relies on it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn listen() -> Result<Interrupt, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the one that stops looks at the flag before the other one sets it.
            flag::register_conditional_shutdown(signal, INTERRUPTED, asked.clone())
                .and_then(|_| flag::register(signal, asked.clone()))
                .map_err(|error| Failure::bad(format!("cannot listen for Ctrl-C: {error}")))?;
        }
        Ok(Interrupt(asked))
    }

    /// True from the first signal on.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
