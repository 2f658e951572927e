//! What several subjects are tested with: an account made by hand, a stage that plays the program on it without
//! terminal and network, what must hold for every screen, and a terminal for the built binary.

pub mod account;
pub mod driver;
<<<<<<< HEAD
pub mod painted;
#[cfg(unix)]
pub mod pty;
pub mod stage;
=======
pub mod wire;
>>>>>>> 107a064 (contract: one suite for the simulated account and two independent servers)
