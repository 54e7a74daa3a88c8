//! Where a new job runs, as typed: a pool that is there, or one that is made for it.

use crate::api::{self, AutoPoolSpecification, PoolInformation, PoolLifetimeOption, VmSize};
use crate::domain::auto_pool::LONGEST_PREFIX;
use crate::domain::ids::PoolId;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::job::JobForm;
use crate::portal::pages::pool::PoolForm;
use crate::portal::pages::typed::{Problem, form};

/// The job names a pool.
pub const POOL: &str = "pool";
/// A pool is made for the job.
pub const OWN: &str = "own";

const AUTO: &str = "poolInfo.autoPoolSpecification";

form! {
    PlaceForm, PlaceFields {
        /// [`POOL`] or [`OWN`].
        kind: String,
        prefix: String,
        /// One of [`PoolLifetimeOption`].
        lifetime: String,
        keep_alive: bool,
    }
}

impl Default for PlaceForm {
    fn default() -> Self {
        PlaceForm {
            kind: POOL.to_owned(),
            prefix: String::new(),
            lifetime: PoolLifetimeOption::Job.to_string(),
            keep_alive: false,
        }
    }
}

impl PlaceForm {
    pub fn is_own(&self) -> bool {
        self.kind == OWN
    }

    /// The body that `make` makes of the job, with this place in it.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn put<T>(
        &self,
        job: JobForm,
        pool: impl FnOnce() -> PoolForm,
        sizes: &[VmSize],
        make: impl FnOnce(&JobForm) -> Result<T, FieldErrors>,
        set: impl FnOnce(&mut T, PoolInformation),
    ) -> Result<T, FieldErrors> {
        if !self.is_own() {
            return make(&job);
        }
        let mut errors = FieldErrors::default();
        let own = PoolInformation {
            pool_id: None,
            auto_pool_specification: Some(AutoPoolSpecification {
                auto_pool_id_prefix: errors.take(&format!("{AUTO}.autoPoolIdPrefix"), prefix(&self.prefix)).flatten(),
                pool_lifetime_option: self.lifetime.parse().unwrap_or(PoolLifetimeOption::Job),
                keep_alive: Some(self.keep_alive),
                pool: specification(pool(), sizes, &mut errors).map(Box::new),
            }),
        };
        // A pool's name that fits is not complained about.
        match make(&JobForm { pool: "own".to_owned(), ..job }) {
            Ok(mut made) => {
                set(&mut made, own);
                errors.or(made)
            }
            Err(found) => {
                errors.extend(found);
                Err(errors)
            }
        }
    }
}

/// The settings of the pool; it is named when it is made.
fn specification(pool: PoolForm, sizes: &[VmSize], errors: &mut FieldErrors) -> Option<api::PoolSpecification> {
    match (PoolForm { id: "own".to_owned(), display_name: String::new(), ..pool }).to_create(sizes) {
        Ok(pool) => Some(api::PoolSpecification { id: String::new(), ..pool }),
        Err(found) => {
            errors.extend(found);
            None
        }
    }
}

fn prefix(text: &str) -> Result<Option<String>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let fits = text.len() <= LONGEST_PREFIX && text.parse::<PoolId>().is_ok();
    if fits { Ok(Some(text.to_owned())) } else { Err(msg::AUTO_POOL_PREFIX_WRONG.into()) }
}

/// The server names the settings of the pool below the job's; the fields here do as on a pool's form.
pub fn as_named_here(mut error: api::Error) -> api::Error {
    for value in error.values.iter_mut().filter(|value| value.key == "PropertyName") {
        if let Some(name) = value.value.strip_prefix(AUTO).and_then(|rest| rest.strip_prefix(".pool.")) {
            value.value = name.to_owned();
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> Vec<VmSize> {
        vec![VmSize { name: "local_2".into(), cores: 2, memory_mib: 8192, native: true }]
    }

    fn own() -> PlaceForm {
        PlaceForm { kind: OWN.into(), prefix: "p".into(), ..PlaceForm::default() }
    }

    fn put(place: &PlaceForm, pool: PoolForm) -> Result<api::JobCreate, FieldErrors> {
        let job = JobForm { id: "j".into(), pool: "shared".into(), ..JobForm::default() };
        place.put(job, || pool, &sizes(), JobForm::to_create, |job, info| job.pool_info = info)
    }

    fn pool() -> PoolForm {
        PoolForm { vm_size: "local_2".into(), ..PoolForm::default() }
    }

    #[test]
    fn a_job_names_a_pool_or_describes_its_own() {
        let shared = put(&PlaceForm::default(), PoolForm::default()).unwrap();
        assert_eq!(shared.pool_info, PoolInformation::of_pool("shared"));
        let job = put(&own(), pool()).unwrap();
        assert_eq!(job.pool_info.pool_id, None);
        let auto = job.pool_info.auto_pool_specification.as_ref().unwrap();
        assert_eq!((auto.auto_pool_id_prefix.as_deref(), auto.keep_alive), (Some("p"), Some(false)));
        assert_eq!(auto.pool.as_ref().unwrap().target_dedicated_nodes, Some(1));
        assert_eq!(crate::domain::check::job_create(&job), Ok(()));
    }

    #[test]
    fn errors_of_the_pool_and_of_the_job_stand_together() {
        let errors = put(&PlaceForm { prefix: "a b".into(), ..own() }, PoolForm::default()).unwrap_err();
        assert!(errors.of("vmSize").is_some());
        assert!(errors.of("poolInfo.autoPoolSpecification.autoPoolIdPrefix").is_some());
        assert!(errors.of("poolInfo.poolId").is_none());
    }

    #[test]
    fn what_the_server_says_of_the_pool_stands_at_its_field() {
        let error = as_named_here(api::Error::invalid_property(&format!("{AUTO}.pool.vmSize"), "", ""));
        assert_eq!(error.value("PropertyName"), Some("vmSize"));
        let error = as_named_here(api::Error::invalid_property(&format!("{AUTO}.autoPoolIdPrefix"), "", ""));
        assert_eq!(error.value("PropertyName"), Some("poolInfo.autoPoolSpecification.autoPoolIdPrefix"));
    }
}
