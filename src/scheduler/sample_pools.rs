//! Samples of pools with autoscale: taken together each half minute, and saved in one write.
//!
//! What nodes measure is their machine's. Nodes that share a machine all say the same of it, so an average over a pool's
//! nodes is that of their machines, each counted as often as it has nodes of the pool.

use super::driver::Driver;
use crate::api::agent::{Sample, Traffic};
use crate::autoscale::{SAMPLE_PERIOD, Variable};
use crate::service::{self, Result, auto_scale};
use crate::store;

/// What a node measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measures {
    /// Said last.
    last: Option<Sample>,
    /// As it was when samples were last taken.
    counted: Option<Traffic>,
}

impl Driver {
    pub(super) fn measured(&mut self, node_key: i64, sample: Sample) {
        let now = self.now();
        if let Some(node) = self.nodes.get_mut(&node_key) {
            node.recent.take(&sample, now);
            node.measures.last = Some(sample);
        }
    }

    /// Takes a sample of each pool, when it is time.
    pub(super) async fn sample_pools(&mut self) -> Result<()> {
        let now = self.now();
        // A clock that was set back does not stop this.
        if self.sampled.is_some_and(|last| (0..SAMPLE_PERIOD.micros()).contains(&now.since(last).micros())) {
            return Ok(());
        }
        self.sampled = Some(now);
        let mut conn = self.cx.store.read().await?;
        let pools = store::pool::auto_scaled(&mut conn).await?;
        if pools.is_empty() {
            return Ok(());
        }
        let mut samples = auto_scale::counters(&mut conn, &pools).await?;
        drop(conn);
        for (pool, numbers) in &mut samples {
            self.add_measures(*pool, numbers);
        }
        self.cx
            .store
            .write::<_, service::Error, _>(move |conn| {
                Box::pin(async move {
                    store::pool_sample::insert(conn, now, &samples).await?;
                    Ok(store::pool_sample::forget_old(conn, now).await?)
                })
            })
            .await
    }

    /// Averages over the nodes of the pool that are here.
    fn add_measures(&mut self, pool_key: i64, numbers: &mut [Option<f64>]) {
        let nodes = self.nodes.values_mut().filter(|node| node.row.pool_key == pool_key && node.connection.is_some());
        let (mut lasts, mut deltas) = (Vec::new(), Vec::new());
        for Measures { last, counted } in nodes.map(|node| &mut node.measures) {
            let Some(last) = last.clone() else { continue };
            if let (Some(traffic), Some(before)) = (last.traffic, *counted) {
                deltas.push(since(traffic, before));
            }
            *counted = last.traffic;
            lasts.push(last);
        }
        let mut set = |variable: Variable, number: Option<f64>| numbers[variable as usize] = number;
        set(Variable::SampleNodeCount, Some(lasts.len() as f64));
        set(Variable::CpuPercent, average(&lasts, |s| (s.cpu * 1000.0).round() / 1000.0));
        set(Variable::MemoryBytes, average(&lasts, |s| s.memory_used_bytes as f64));
        let disks: Vec<u64> = lasts.iter().filter_map(|s| s.disk_used_bytes).collect();
        set(Variable::DiskBytes, average(&disks, |n| *n as f64));
        set(Variable::DiskReadBytes, average(&deltas, |t| t.disk_read_bytes as f64));
        set(Variable::DiskWriteBytes, average(&deltas, |t| t.disk_write_bytes as f64));
        set(Variable::DiskReadOps, average(&deltas, |t| t.disk_reads as f64));
        set(Variable::DiskWriteOps, average(&deltas, |t| t.disk_writes as f64));
        set(Variable::NetworkInBytes, average(&deltas, |t| t.network_in_bytes as f64));
        set(Variable::NetworkOutBytes, average(&deltas, |t| t.network_out_bytes as f64));
    }
}

fn average<T>(items: &[T], number: impl Fn(&T) -> f64) -> Option<f64> {
    let sum: f64 = items.iter().map(number).sum();
    // A thousandth is exact enough, and short to store.
    (!items.is_empty()).then(|| (sum / items.len() as f64 * 1000.0).round() / 1000.0)
}

/// A machine that was started again counts from nothing.
fn since(now: Traffic, before: Traffic) -> Traffic {
    let less = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
    Traffic {
        disk_read_bytes: less(now.disk_read_bytes, before.disk_read_bytes),
        disk_write_bytes: less(now.disk_write_bytes, before.disk_write_bytes),
        disk_reads: less(now.disk_reads, before.disk_reads),
        disk_writes: less(now.disk_writes, before.disk_writes),
        network_in_bytes: less(now.network_in_bytes, before.network_in_bytes),
        network_out_bytes: less(now.network_out_bytes, before.network_out_bytes),
    }
}
