"""What a script learns when it is refused: the exit code and Batch's code in the message."""

from collections.abc import Callable

from support.azure_cli import Az, Refused
from support.server import Account

Refusing = Callable[..., Refused]


def test_what_is_not_there_is_not_found(az: Az, refused: Refusing) -> None:
    found = refused(az, "job show", "--job-id", "none")
    # The CLI's own code for what is missing.
    assert (found.exit_code, "(JobNotFound) The specified job does not exist." in found.message) == (3, True), found
    assert refused(az, "pool show", "--pool-id", "none").exit_code == 3


def test_what_is_there_already_exists(az: Az, refused: Refusing) -> None:
    az("job create", "--id", "job", "--pool-id", "pool")
    again = refused(az, "job create", "--id", "job", "--pool-id", "pool")
    assert (again.exit_code, "(JobExists)" in again.message) == (1, True), again


def test_a_filter_that_is_none_is_explained(az: Az, refused: Refusing) -> None:
    wrong = refused(az, "pool list", "--filter", "colour eq 'red'")
    assert wrong.exit_code == 1 and "(InvalidQueryParameterValue)" in wrong.message
    assert "`colour` is none of the properties of this list" in wrong.message


def test_a_wrong_key_is_refused(account: Account, refused: Refusing, az: Az) -> None:
    wrong = refused(az, "pool list", "--account-key", "d3Jvbmc=", "--account-name", account.name)
    assert wrong.exit_code == 1 and "(AuthenticationFailed)" in wrong.message


def test_a_change_of_what_has_changed_is_refused(az: Az, refused: Refusing) -> None:
    az("job create", "--id", "job", "--pool-id", "pool")
    old = az("job show", "--job-id", "job", "--query", "eTag")
    az("job set", "--job-id", "job", "--priority", "1", "--if-match", old)
    late = refused(az, "job set", "--job-id", "job", "--priority", "2", "--if-match", old)
    assert late.exit_code == 1 and "(ConditionNotMet)" in late.message


def test_a_property_that_is_no_good_is_named(az: Az, refused: Refusing) -> None:
    wrong = refused(az, "job create", "--id", "a b", "--pool-id", "pool")
    assert wrong.exit_code == 1 and "(InvalidPropertyValue)" in wrong.message
    assert "PropertyName: id" in wrong.message, wrong
