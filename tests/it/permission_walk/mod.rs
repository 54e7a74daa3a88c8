//! Every route of every face, called by everybody who could call. What is expected follows from `domain::permission` and
//! from where a role holds (`support::people`); the tables here say only which permission an operation takes, and an operation
//! that no table knows fails the test.

mod data_plane;
mod management;
mod portal;
mod storage;
