//! Integration tests: one program, a file a resource.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by stopping there")]

mod account;
mod admin;
mod agent_endings;
mod agent_files;
mod agent_provider;
mod agent_rights;
mod agent_start_task;
mod agent_support;
mod agent_tasks;
mod arm_access;
mod arm_accounts;
mod arm_pools;
mod arm_sign_in;
mod crash;
mod isolation;
mod node_orders;
mod rest_auth;
mod rest_certificates;
mod rest_files;
mod rest_fuzz;
mod rest_job_schedules;
mod rest_jobs;
mod rest_nodes;
mod rest_pool_settings;
mod rest_pool_usage;
mod rest_pools;
mod rest_requests;
mod rest_shared_key;
mod scheduler;
mod security;
mod sign_in;
mod support;
mod tidy;
mod tls;
