//! End-to-end tests of the binary: what scripts rely on.

mod columns;
mod determinism;
mod doctor;
mod ending;
mod evaluate;
mod harness;
mod inspect;
mod labels;
mod manners;
mod optimization;
mod output;
mod pages;
mod predict;
mod reading;
mod real_data;
mod resume;
mod split;
mod stopped;
mod threshold;
mod train;
mod usage;
mod verify;
mod watching;
mod weights;
