"""Job schedules at a shell."""

from collections.abc import Callable

from support.azure_cli import Az, Refused
from support.waiting import until

NIGHTLY = ["--job-schedule-id", "nightly"]


def state(az: Az) -> str:
    return az("job-schedule show", *NIGHTLY, "--query", "state")


def test_a_schedule_is_made_watched_changed_and_ended(az: Az) -> None:
    # As the portal's list of schedules shows it.
    az("job-schedule create", "--id", "nightly", "--pool-id", "pool", "--recurrence-interval", "PT1H")
    recent = ["job-schedule show", *NIGHTLY, "--query", "executionInfo.recentJob.id"]
    until("the first job", lambda: az(*recent) == "nightly:job-1")
    shown = az("job-schedule show", *NIGHTLY)
    assert (shown["state"], shown["jobSpecification"]["poolInfo"]["poolId"]) == ("active", "pool")
    assert az("job show", "--job-id", "nightly:job-1")["state"] == "active"
    az("task create", "--job-id", "nightly:job-1", "--task-id", "one", "--command-line", "/bin/true")
    assert [task["id"] for task in az("task list", "--job-id", "nightly:job-1")] == ["one"]

    az("job-schedule disable", *NIGHTLY)
    assert state(az) == "disabled"
    az("job-schedule enable", *NIGHTLY)
    az("job-schedule set", *NIGHTLY, "--start-window", "PT10M", "--recurrence-interval", "PT1H")
    changed = az("job-schedule show", *NIGHTLY)
    assert (changed["state"], changed["schedule"]["startWindow"]) == ("active", "PT10M")
    ids = az("job-schedule list", "--filter", "state eq 'active'", "--query", "[].id")
    assert ids == ["nightly"]

    az("job-schedule stop", *NIGHTLY)
    until("it completes", lambda: state(az) == "completed")
    job = az("job show", "--job-id", "nightly:job-1")
    assert (job["state"], job["executionInfo"]["terminateReason"]) == ("completed", "TerminateJobSchedule")
    assert [j["id"] for j in az("job list", "--job-schedule-id", "nightly")] == ["nightly:job-1"]
    az("job-schedule delete", *NIGHTLY, "--yes")
    until("it is gone", lambda: az("job-schedule list") == [])
    assert az("job list") == []


def test_a_schedule_is_a_body_of_rest(az: Az, refused: Callable[..., Refused]) -> None:
    schedule = {"doNotRunUntil": "2100-01-01T00:00:00Z", "recurrenceInterval": "P1D"}
    body = {"id": "nightly", "schedule": schedule, "jobSpecification": {"poolInfo": {"poolId": "pool"}, "priority": 5}}
    az.with_file("job-schedule create", body)
    shown = az("job-schedule show", *NIGHTLY)
    assert shown["executionInfo"]["nextRunTime"].startswith("2100-01-01T00:00:00")
    assert shown["jobSpecification"]["priority"] == 5
    again = refused(az, "job-schedule create", "--id", "nightly", "--pool-id", "pool", "--recurrence-interval", "PT1H")
    assert again.exit_code == 1 and "(JobScheduleExists)" in again.message
