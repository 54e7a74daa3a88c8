//! The table of operations; a test holds it against the routes.

use super::Table;
use crate::api;

const GET: &[&str] = &["$select", "$expand"];
const LIST: &[&str] = &["$filter", "$select", "$expand", "maxresults"];
const BARE_LIST: &[&str] = &["$filter", "maxresults"];
const FILES: &[&str] = &["$filter", "maxresults", "recursive"];

pub(super) fn all(table: &mut Table) {
    pools(table);
    nodes(table);
    jobs(table);
    job_schedules(table);
    tasks(table);
    files(table);
    others(table);
}

fn pools(table: &mut Table) {
    table.add("pool_list", "GET /pools", 200, "The account's pools.").lists::<api::Pool>().query(LIST);
    table.add("pool_create", "POST /pools", 201, "Adds a pool.").takes::<api::PoolCreate>();
    table.add("pool_get", "GET /pools/{pool}", 200, "A pool.").gives::<api::Pool>().query(GET);
    table.add("pool_exists", "HEAD /pools/{pool}", 200, "Whether there is such a pool; 404 if not.");
    table.add("pool_patch", "PATCH /pools/{pool}", 200, "Changes what is given.").takes::<api::PoolPatch>();
    table.add("pool_delete", "DELETE /pools/{pool}", 202, "Deletes the pool and its nodes.");
    let about = "Sets these properties; those that are absent go back to their defaults.";
    table.add("pool_update_properties", "POST /pools/{pool}/updateproperties", 204, about).takes::<api::PoolUpdate>();
    table
        .add("pool_resize", "POST /pools/{pool}/resize", 202, "Changes the number of nodes.")
        .takes::<api::PoolResize>();
    table.add(
        "pool_stop_resize",
        "POST /pools/{pool}/stopresize",
        202,
        "Stops a resize; the nodes that are there stay.",
    );
    let about = "Takes certain nodes out of the pool.";
    table.add("pool_remove_nodes", "POST /pools/{pool}/removenodes", 202, about).takes::<api::NodeRemove>();
    let about = "Lets a formula size the pool, or changes the formula or its interval.";
    table
        .add("pool_enable_auto_scale", "POST /pools/{pool}/enableautoscale", 200, about)
        .takes::<api::PoolEnableAutoScale>();
    let about = "Turns autoscale off; the pool keeps its size.";
    table.add("pool_disable_auto_scale", "POST /pools/{pool}/disableautoscale", 200, about);
    let about = "Runs a formula on the pool as it is, and does nothing else.";
    table
        .add("pool_evaluate_auto_scale", "POST /pools/{pool}/evaluateautoscale", 200, about)
        .takes::<api::PoolEvaluateAutoScale>()
        .gives::<api::AutoScaleRun>();
    let about = "Fournil's own, not Azure's: why the pool does not become what it is to be, or cannot run the tasks that wait for it.";
    table.add("pool_waiting", "GET /pools/{pool}/waiting", 200, about).gives::<api::WaitingExplanation>();
    let about = "Core hours of each pool by half-hour.";
    table
        .add("pool_usage_metrics_list", "GET /poolusagemetrics", 200, about)
        .lists::<api::PoolUsageMetrics>()
        .query(&["$filter", "maxresults", "starttime", "endtime"]);
}

fn nodes(table: &mut Table) {
    table.add("node_list", "GET /pools/{pool}/nodes", 200, "The pool's nodes.").lists::<api::Node>().query(LIST);
    table.add("node_get", "GET /pools/{pool}/nodes/{node}", 200, "A node.").gives::<api::Node>().query(GET);
    let node = |path: &str| format!("POST /pools/{{pool}}/nodes/{{node}}/{path}");
    let about = "Starts the node's agent anew; files stay.";
    table.add("node_reboot", &node("reboot"), 202, about).takes::<api::NodeReboot>();
    let about = "As reboot, and the node's files are wiped.";
    table.add("node_reimage", &node("reimage"), 202, about).takes::<api::NodeReimage>();
    let about = "Stops the node and keeps it in the pool.";
    table.add("node_deallocate", &node("deallocate"), 202, about).takes::<api::NodeDeallocate>();
    table.add("node_start", &node("start"), 202, "Starts a node that was deallocated.");
    let about = "No task starts on the node any more.";
    table.add("node_disable_scheduling", &node("disablescheduling"), 200, about).takes::<api::NodeDisableScheduling>();
    table.add("node_enable_scheduling", &node("enablescheduling"), 200, "Tasks start on the node again.");
    let about = "Lets somebody log in to the node by SSH.";
    table.add("node_user_add", &node("users"), 201, about).takes::<api::NodeUserCreate>();
    let user = "/pools/{pool}/nodes/{node}/users/{user}";
    let about = "Replaces a user's password, key and expiry.";
    table.add("node_user_replace", &format!("PUT {user}"), 200, about).takes::<api::NodeUserReplace>();
    table.add("node_user_delete", &format!("DELETE {user}"), 200, "Removes a user and ends its sessions.");
    let about = "The address and port at which the node's users log in.";
    table
        .add("node_remote_login_settings", "GET /pools/{pool}/nodes/{node}/remoteloginsettings", 200, about)
        .gives::<api::RemoteLoginSettings>();
    let about = "Never there: nodes run Linux and have no remote desktop; answers 409.";
    table.add("node_remote_desktop", "GET /pools/{pool}/nodes/{node}/rdp", 200, about);
    let about = "Uploads what the node's agent has logged to a container.";
    table
        .add("node_upload_logs", &node("uploadbatchservicelogs"), 200, about)
        .takes::<api::NodeUploadLogs>()
        .gives::<api::NodeUploadLogsResult>();
    let about = "Always empty: nodes have no extensions of a cloud.";
    table.add("extension_list", "GET /pools/{pool}/nodes/{node}/extensions", 200, about).query(LIST);
    table.add(
        "extension_get",
        "GET /pools/{pool}/nodes/{node}/extensions/{extension}",
        200,
        "Never there; answers 404.",
    );
    table
        .add("node_counts", "GET /nodecounts", 200, "How many nodes each pool has in each state.")
        .lists::<api::PoolNodeCounts>()
        .query(BARE_LIST);
}

fn jobs(table: &mut Table) {
    table.add("job_list", "GET /jobs", 200, "The account's jobs.").lists::<api::Job>().query(LIST);
    table.add("job_create", "POST /jobs", 201, "Adds a job.").takes::<api::JobCreate>();
    table.add("job_get", "GET /jobs/{job}", 200, "A job.").gives::<api::Job>().query(GET);
    table.add("job_patch", "PATCH /jobs/{job}", 200, "Changes what is given.").takes::<api::JobPatch>();
    let about = "Sets these properties; those that are absent go back to their defaults.";
    table.add("job_update", "PUT /jobs/{job}", 200, about).takes::<api::JobUpdate>();
    table.add("job_delete", "DELETE /jobs/{job}", 202, "Deletes the job, its tasks and their files.").query(&["force"]);
    let about = "Holds the job; its running tasks go back, end, or run on.";
    table.add("job_disable", "POST /jobs/{job}/disable", 202, about).takes::<api::JobDisable>();
    table.add("job_enable", "POST /jobs/{job}/enable", 202, "Lets a disabled job go on.");
    let about = "Ends the job and its running tasks.";
    table.add("job_terminate", "POST /jobs/{job}/terminate", 202, about).takes::<api::JobTerminate>().query(&["force"]);
    let about = "How many tasks, and slots of them, are in each state.";
    table.add("job_task_counts", "GET /jobs/{job}/taskcounts", 200, about).gives::<api::TaskCountsResult>();
    let about = "Fournil's own, not Azure's: why nothing of the job goes on, and what helps.";
    table.add("job_waiting", "GET /jobs/{job}/waiting", 200, about).gives::<api::WaitingExplanation>();
    let about = "What became of the job's preparation and release tasks on each node.";
    table
        .add("job_preparation_and_release", "GET /jobs/{job}/jobpreparationandreleasetaskstatus", 200, about)
        .lists::<api::JobPreparationAndReleaseTaskStatus>()
        .query(&["$filter", "$select", "maxresults"]);
}

fn job_schedules(table: &mut Table) {
    table
        .add("job_schedule_list", "GET /jobschedules", 200, "The account's job schedules.")
        .lists::<api::JobSchedule>()
        .query(LIST);
    table.add("job_schedule_add", "POST /jobschedules", 201, "Adds a schedule.").takes::<api::JobScheduleCreate>();
    let one = |method: &str| format!("{method} /jobschedules/{{schedule}}");
    table.add("job_schedule_get", &one("GET"), 200, "A schedule.").gives::<api::JobSchedule>().query(GET);
    table.add("job_schedule_exists", &one("HEAD"), 200, "Whether there is such a schedule; 404 if not.");
    let about = "Changes what is given, for the jobs to come.";
    table.add("job_schedule_patch", &one("PATCH"), 200, about).takes::<api::JobSchedulePatch>();
    let about = "Sets these properties, for the jobs to come; those that are absent go back to their defaults.";
    table.add("job_schedule_update", &one("PUT"), 200, about).takes::<api::JobScheduleUpdate>();
    table.add("job_schedule_delete", &one("DELETE"), 202, "Deletes the schedule and its jobs.").query(&["force"]);
    let does = |what: &str| format!("POST /jobschedules/{{schedule}}/{what}");
    table.add(
        "job_schedule_disable",
        &does("disable"),
        204,
        "Makes no job until it is enabled; the one that is active goes on.",
    );
    table.add("job_schedule_enable", &does("enable"), 204, "Makes jobs again.");
    table
        .add("job_schedule_terminate", &does("terminate"), 202, "Ends the schedule and its active job.")
        .query(&["force"]);
    table
        .add("job_schedule_job_list", "GET /jobschedules/{schedule}/jobs", 200, "The jobs that the schedule made.")
        .lists::<api::Job>()
        .query(LIST);
}

fn tasks(table: &mut Table) {
    table.add("task_list", "GET /jobs/{job}/tasks", 200, "The job's tasks.").lists::<api::Task>().query(LIST);
    table.add("task_create", "POST /jobs/{job}/tasks", 201, "Adds a task.").takes::<api::TaskCreate>();
    let about = "Adds up to 100 tasks, each with an answer of its own.";
    table
        .add("task_add_collection", "POST /jobs/{job}/addtaskcollection", 200, about)
        .takes::<api::TaskAddCollection>()
        .lists::<api::TaskAddResult>();
    let one = |method: &str| format!("{method} /jobs/{{job}}/tasks/{{task}}");
    table.add("task_get", &one("GET"), 200, "A task.").gives::<api::Task>().query(GET);
    table.add("task_update", &one("PUT"), 200, "Sets the task's constraints.").takes::<api::TaskUpdate>();
    table.add("task_delete", &one("DELETE"), 200, "Deletes the task and its files; it is ended if it runs.");
    let does = |method: &str, what: &str| format!("{method} /jobs/{{job}}/tasks/{{task}}/{what}");
    table.add("task_terminate", &does("POST", "terminate"), 204, "Ends the task.");
    table.add("task_reactivate", &does("POST", "reactivate"), 204, "Lets a task that failed run again.");
    let about = "Fournil's own, not Azure's: why the task does not run yet, and what helps.";
    table.add("task_waiting", &does("GET", "waiting"), 200, about).gives::<api::WaitingExplanation>();
    let about = "The instances of a multi-instance task beside its primary; none of other tasks.";
    table
        .add("subtask_list", &does("GET", "subtasksinfo"), 200, about)
        .lists::<api::SubtaskInformation>()
        .query(&["$select"]);
}

fn files(table: &mut Table) {
    for (kind, path, what) in [
        ("task", "/jobs/{job}/tasks/{task}/files", "The files in the task's folder."),
        ("node", "/pools/{pool}/nodes/{node}/files", "The files below the node's root."),
    ] {
        table
            .add(&format!("{kind}_file_list"), &format!("GET {path}"), 200, what)
            .lists::<api::NodeFile>()
            .query(FILES);
        let one = |method: &str| format!("{method} {path}/{{*path}}");
        let about = "The file's content, or the part that the header ocp-range asks for.";
        table.add(&format!("{kind}_file_get"), &one("GET"), 200, about);
        let about = "The file's length, times and mode as headers.";
        table.add(&format!("{kind}_file_head"), &one("HEAD"), 200, about);
        let about = "Deletes the file, or a folder with all that is in it.";
        table.add(&format!("{kind}_file_delete"), &one("DELETE"), 200, about).query(&["recursive"]);
    }
}

fn others(table: &mut Table) {
    let about = "Fournil's own, not Azure's: what happened to pools, jobs and tasks, newest first, with the bodies of Batch's service log. \
         An event type can be the beginning of some, such as Task.";
    table
        .add("service_event_list", "GET /serviceevents", 200, about)
        .lists::<api::ServiceEvent>()
        .query(&["eventtype", "poolid", "jobid", "taskid", "starttime", "endtime", "maxresults"]);
    let about = "Images that pools can name. Tasks run on the machine's own system whatever image its pool names.";
    table.add("image_list", "GET /supportedimages", 200, about).query(BARE_LIST);
    let about = "Applications that have an active package. The management plane makes them.";
    table
        .add("application_list", "GET /applications", 200, about)
        .lists::<api::ApplicationSummary>()
        .query(&["maxresults"]);
    let about = "An application that has an active package.";
    table.add("application_get", "GET /applications/{application}", 200, about).gives::<api::ApplicationSummary>();
    let about = "The account's certificates, which are stored only.";
    table.add("certificate_list", "GET /certificates", 200, about).lists::<api::Certificate>().query(LIST);
    table
        .add("certificate_add", "POST /certificates", 201, "Stores a certificate; nothing is installed on nodes.")
        .takes::<api::CertificateCreate>();
}
