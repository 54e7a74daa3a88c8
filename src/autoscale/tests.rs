//! Cases, a line each; what must hold of any text; and what programs write.

use proptest::prelude::*;

use super::*;
use crate::api::{NodeDeallocationOption, Timestamp};

/// Friday 2027-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A sample each 30 s for ten minutes, the newest now; pending tasks are 1 to 20.
fn samples() -> Samples {
    let mut samples = Samples::default();
    for n in 1..=20 {
        let at = Timestamp::from_secs(1_800_000_000 - 30 * (20 - n));
        let mut values = vec![None; Variable::ALL.len()];
        values[Variable::PendingTasks as usize] = Some(n as f64);
        values[Variable::CurrentDedicatedNodes as usize] = Some(4.0);
        values[Variable::CpuPercent as usize] = Some(0.5);
        samples.push(at, &values);
    }
    samples
}

fn run_on(samples: &Samples, text: &str) -> Result<Outcome, Error> {
    let around = Around { now: NOW, seed: 1, dedicated: 3, low_priority: 1, most_nodes: 1000, samples };
    Formula::read(text).map(|formula| formula.run(&around))
}

fn run(text: &str) -> Result<Outcome, Error> {
    run_on(&samples(), text)
}

/// The expression has this value.
#[track_caller]
fn check(expression: &str, expected: &str) {
    let outcome = run(&format!("x = {expression};")).unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(outcome.error, None, "{expression}");
    let found = outcome.variables.iter().find(|(name, _)| name == "x").map(|(_, value)| value.as_str());
    assert_eq!(found, Some(expected), "{expression}");
}

/// The formula is refused, or its run fails, there and so.
#[track_caller]
fn check_error(text: &str, line: u32, column: u32, words: &str) {
    let error = match run(text) {
        Err(error) => error,
        Ok(outcome) => outcome.error.unwrap_or_else(|| panic!("{text}: no error, but {:?}", outcome.variables)),
    };
    assert_eq!(error.at, Position { line, column }, "{text}: {error}");
    assert!(error.problem.to_string().contains(words), "{text}: {error}");
}

#[test]
fn every_row_of_the_table_of_operators_is_there() {
    check("1 + 2 * 3 - 4 / 2", "5");
    check("(1 + 2) * 3", "9");
    check("10 - 2 - 3", "5");
    check("2 * TimeInterval_Minute", "PT2M");
    check("TimeInterval_Minute * 2", "PT2M");
    check("TimeInterval_Hour / 4", "PT15M");
    check("$PendingTasks.GetSample(3) + 1", "[19,20,21]");
    check("$PendingTasks.GetSample(2) * $PendingTasks.GetSample(2)", "[361,400]");
    check("$PendingTasks.GetSample(2) / 2", "[9.5,10]");
    check("100 - $PendingTasks.GetSample(2)", "[81,80]");
    check("TimeInterval_Hour + TimeInterval_Minute", "PT1H1M");
    check("TimeInterval_Hour - TimeInterval_Minute", "PT59M");
    check("TimeInterval_Hour + time()", "2027-01-15T09:00:00Z");
    check("time() + TimeInterval_Hour", "2027-01-15T09:00:00Z");
    check("time() - TimeInterval_Day", "2027-01-14T08:00:00Z");
    check("time() - time(\"2027-01-15T07:58:30Z\")", "PT1M30S");
    check("-3", "-3");
    check("2 * -3", "-6");
    check("-TimeInterval_Minute", "-PT1M");
    check("!0 + !5 + !!7", "2");
    check("1 < 2", "1");
    check("(1 <= 1) + (1 == 1) + (2 >= 1) + (2 > 1) + (1 != 2)", "5");
    check("\"a\" < \"b\"", "1");
    check("'a' == \"a\"", "1");
    check("TimeInterval_Hour == 60 * TimeInterval_Minute", "1");
    check("time() > time('2026-12-31')", "1");
    check("1 && 0 || 1", "1");
    check("0 && (1 / 0)", "0");
    check("1 || (1 / 0)", "1");
    check("1 ? 2 : 3", "2");
    check("0 ? 1 : 0 ? 2 : 3", "3");
    check("1 < 2 == 1", "1");
    check("1e3 + .5 + 2.", "1002.5");
}

#[test]
fn functions_take_doubles_and_vectors_mixed() {
    check("avg(1, 2, 6)", "3");
    check("avg($PendingTasks.GetSample(2), 0)", "13");
    check("len($PendingTasks.GetSample(4), 1)", "5");
    check("max(0, $PendingTasks.GetSample(1))", "20");
    check("min($PendingTasks.GetSample(5))", "16");
    check("norm(3, 4)", "5");
    check("range(3, 9, 5)", "6");
    check("round(std(2, 4, 4, 4, 5, 5, 7, 9) * 1000)", "2138");
    check("std(5)", "0");
    check("sum($PendingTasks.GetSample(20))", "210");
    check("lg(8)", "3");
    check("ln(1)", "0");
    check("log(1000)", "3");
    check("ceil(1.2) + floor(1.8) + round(2.5)", "6");
    check("round(-0.2)", "0");
    check("floor($PendingTasks.GetSample(2) / 2)", "[9,10]");
    check("ceil(0.5, 1.5)", "[1,2]");
    check("percentile($PendingTasks.GetSample(20), 50)", "10");
    check("percentile($PendingTasks.GetSample(20), 0)", "1");
    check("percentile($PendingTasks.GetSample(20), 100)", "20");
    check("val($PendingTasks.GetSample(3), 0)", "18");
    check("rand() >= 0 && rand() < 1 && rand() != rand()", "1");
    check("sum($RunningTasks.GetSample(5))", "0");
}

#[test]
fn times_are_utc_and_weeks_begin_on_monday() {
    check("time()", "2027-01-15T08:00:00Z");
    check("time(\"2027-01-15T08:00:00.805Z\")", "2027-01-15T08:00:00.805000Z");
    check("time(\"Fri, 15 Jan 2027 08:00:00 GMT\") == time()", "1");
    check("time().year * 10000 + time().month * 100 + time().day", "20270115");
    check("time().hour", "8");
    check("time('2027-01-31T02:03:04').minute * 100 + time('2027-01-31T02:03:04').second", "304");
    check("time().weekday", "5");
    check("time('2027-01-17').weekday", "7");
    check("time('2027-01-18').weekday", "1");
    check("TimeInterval_Zero", "PT0S");
    for (name, seconds) in [("Second", 1), ("Minute", 60), ("Hour", 3600), ("Day", 86_400), ("Week", 604_800)] {
        check(&format!("{seconds} * TimeInterval_Second == TimeInterval_{name}"), "1");
    }
    check("10 * TimeInterval_100ns == TimeInterval_Microsecond", "1");
    check("1000 * TimeInterval_Microsecond == TimeInterval_Millisecond", "1");
    check("365 * TimeInterval_Day == TimeInterval_Year", "1");
}

#[test]
fn samples_are_asked_for_by_number_and_by_time() {
    check("$PendingTasks.GetSample(1)", "[20]");
    check("len($PendingTasks.GetSample(99))", "20");
    check("len($PendingTasks.GetSample(0))", "0");
    check("$PendingTasks.GetSample(TimeInterval_Minute)", "[18,19,20]");
    check("$PendingTasks.GetSample(TimeInterval_Minute * 2, TimeInterval_Minute)", "[16,17,18]");
    check("$PendingTasks.GetSample(time() - TimeInterval_Minute, time())", "[18,19,20]");
    check("$PendingTasks.GetSample(TimeInterval_Minute, 100)", "[18,19,20]");
    check("$PendingTasks.GetSample(TimeInterval_Minute * 2, TimeInterval_Minute, 100)", "[16,17,18]");
    check("$PendingTasks.GetSamplePercent(TimeInterval_Minute * 5)", "100");
    check("$PendingTasks.GetSamplePercent(TimeInterval_Minute * 20)", "50");
    check("$PendingTasks.GetSamplePercent(TimeInterval_Minute * 20, TimeInterval_Minute * 15)", "0");
    check("$PendingTasks.GetSamplePeriod()", "PT30S");
    check("$PendingTasks.Count()", "20");
    check("$PendingTasks.HistoryBeginTime()", "2027-01-15T07:50:30Z");
    check("$ActiveTasks.HistoryBeginTime() == time()", "1");
    check("$CurrentDedicatedNodes * 1.5", "6");
    check("$CurrentDedicatedNodes.GetSample(1)", "[4]");
    check("$CPUPercent.GetSample(1)", "[0.5]");
    check("$WallClockSeconds.Count()", "0");
    check_error("x = $PendingTasks.GetSample(TimeInterval_Hour, 70);", 1, 19, "$PendingTasks wanted 70%, received 16%");
    check_error("x = avg($RunningTasks.GetSample(1));", 1, 5, "avg of no values");
    check_error("x = $UsableNodeCount + 1;", 1, 5, "$UsableNodeCount of no values");
}

#[test]
fn targets_are_whole_numbers_between_none_and_the_most() {
    let check = |text: &str, expected: (i64, i64)| {
        let outcome = run(text).unwrap();
        assert_eq!(((outcome.dedicated, outcome.low_priority), outcome.error), (expected, None), "{text}");
    };
    check("$TargetDedicatedNodes = 2.9; $TargetLowPriorityNodes = -5;", (2, 0));
    check("$TargetDedicatedNodes = 1e300;", (1000, 1));
    check("$TargetDedicated = 7", (7, 1));
    check("$TargetDedicatedNodes = $TargetDedicatedNodes * 2 + $TargetLowPriorityNodes;", (7, 1));
    check("$TargetDedicatedNodes = 1; $TargetDedicatedNodes = 2;", (2, 1));
    check("$TargetDedicatedNodes = 5; stop(); $TargetDedicatedNodes = 9;", (5, 1));
    check("$TargetDedicatedNodes = 5; $TargetDedicatedNodes = 1 ? stop() : 9;", (5, 1));
    check("x = 1; x = x + 1; $TargetDedicatedNodes = x;", (2, 1));
}

#[test]
fn results_are_batchs_variables_and_then_the_users() {
    let outcome =
        run("$b = 2; a = $PendingTasks.GetSample(2); // two\n$NodeDeallocationOption = taskcompletion; $b = 3;");
    let outcome = outcome.unwrap();
    let expected =
        "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=1;$NodeDeallocationOption=taskcompletion;$b=3;a=[19,20]";
    assert_eq!(outcome.results(), expected);
    assert_eq!(outcome.deallocation, NodeDeallocationOption::TaskCompletion);
    let halted = run("a = 1; stop(); b = 2;").unwrap();
    assert!(halted.results().ends_with(";a=1"), "what was not reached is not there: {}", halted.results());
    let long = run("a = ceil($PendingTasks.GetSample(20)); a = ceil(a,a,a,a,a,a); x = 1e300; y = 0.0000001;").unwrap();
    assert!(long.results().ends_with(",…];x=1e300;y=1e-7"), "{}", long.results());
}

#[test]
fn every_error_has_its_place() {
    check_error("", 1, 1, "sets nothing");
    check_error(" // nothing\n ;;", 1, 1, "sets nothing");
    check_error("x = 1;\n  y = @;", 2, 7, "@");
    check_error("x = \"abc;", 1, 5, "does not end");
    check_error("x = 1e999;", 1, 5, "1e999 is not a number");
    check_error("x = (1 + 2;", 1, 11, ") is expected, and there is ;");
    check_error("x = 1 y = 2;", 1, 7, "; is expected, and there is y");
    check_error("x = ;", 1, 5, "a value is expected");
    check_error("x = 1 +", 1, 8, "a value is expected");
    check_error("$TargetDedicatedNodes == 1;", 1, 1, "a statement is expected");
    check_error("= 3;", 1, 1, "a statement is expected");
    check_error("$PendingTasks.GetSample(1);", 1, 1, "a statement is expected");
    check_error("x = y;", 1, 5, "y is not known");
    check_error("x = x + 1;", 1, 5, "x is not known");
    check_error("x = $activetasks.GetSample(1);", 1, 5, "$activetasks is not known");
    check_error("x = median(1);", 1, 5, "no function median");
    check_error("x = $PendingTasks.GetSamples(1);", 1, 19, "no member GetSamples");
    check_error("x = time().century;", 1, 12, "no member century");
    check_error("$PendingTasks = 1;", 1, 1, "$PendingTasks cannot be set");
    check_error("TimeInterval_Day = 1;", 1, 1, "cannot be set");
    check_error("requeue = 1;", 1, 1, "cannot be set");
    check_error("x = $PendingTasks + 1;", 1, 5, "GetSample");
    check_error("x = val(1);", 1, 5, "val takes 2 arguments");
    check_error("x = $PendingTasks.GetSample();", 1, 19, "GetSample takes 1–3 arguments");
    check_error("x = max();", 1, 5, "takes ≥ 1");
    check_error("$NodeDeallocationOption = \"later\";", 1, 27, "none of requeue");
    check_error("$NodeDeallocationOption = 1;", 1, 27, "a string is expected, and this is a double");
    check_error("$TargetDedicatedNodes = requeue;", 1, 25, "a double is expected, and this is a string");
    check_error("$TargetDedicatedNodes = $PendingTasks.GetSample(1);", 1, 39, "a double is expected");
    check_error("x = 1;\nx = 1 + time();", 2, 7, "+ has no meaning for a double and a timestamp");
    check_error("x = TimeInterval_Day / TimeInterval_Hour;", 1, 22, "/ has no meaning");
    check_error("x = $PendingTasks.GetSample(2) > 1;", 1, 32, "> has no meaning");
    check_error("x = $PendingTasks.GetSample(2) + $PendingTasks.GetSample(3);", 1, 32, "2 and 3");
    check_error("x = 1 / 0;", 1, 7, "division by zero");
    check_error("x = TimeInterval_Day / 0;", 1, 22, "division by zero");
    check_error("x = $PendingTasks.GetSample(2) / 0;", 1, 32, "division by zero");
    check_error("x = 1e308 * 10;", 1, 11, "no number");
    check_error("x = ln(0);", 1, 5, "no number");
    check_error("x = TimeInterval_Year * 1e9;", 1, 23, "no number");
    check_error("x = time() + TimeInterval_Year * 9000;", 1, 12, "no number");
    check_error("x = max(time());", 1, 5, "a doubleVec is expected, and this is a timestamp");
    check_error("x = time(\"soon\");", 1, 5, "\"soon\" is not a time");
    check_error("x = val($PendingTasks.GetSample(2), 2);", 1, 5, "has 2 numbers, and number 2");
    check_error("x = \"a\" ? 1 : 2;", 1, 5, "a double is expected");
    check_error("x = time().hour.minute;", 1, 17, "a timestamp is expected");
    check_error("x = 3.hour;", 1, 7, "a timestamp is expected");
    check_error("x = 1 ? 2;", 1, 10, ": is expected");
    check_error("é = 1; y = é + z;", 1, 16, "z is not known");
}

#[test]
fn what_would_take_long_or_much_memory_is_refused() {
    check_error(&"x".repeat(LONGEST + 1), 1, 1, "8193");
    check_error(&"x=1;".repeat(MOST_STATEMENTS + 1), 1, 401, "at most 100 statements");
    for (open, close) in [("(", ")"), ("-", ""), ("!", ""), ("1?1:", ""), ("1?", ":1"), ("max(", ")")] {
        let deep = format!("x = {}1{};", open.repeat(900), close.repeat(900));
        assert_eq!(run(&deep).unwrap_err().problem, Problem::TooDeep, "{open}");
    }
    assert_eq!(run(&format!("x = 1{};", "+1".repeat(2000))).unwrap_err().problem, Problem::TooDeep);
    let doubled = format!("x = $PendingTasks.GetSample(20); {}", "x = ceil(x, x);".repeat(80));
    assert_eq!(run(&doubled).unwrap().error.unwrap().problem, Problem::TooLargeVector);
    let grown = format!("x = $PendingTasks.GetSample(20); {}", "x = ceil(x, x);".repeat(10));
    let busy = format!("{grown} y = {}0;", "len(x) - len(x) < 1 && ".repeat(90));
    assert_eq!(run(&busy).unwrap().error.unwrap().problem, Problem::TooMuchWork);
}

/// What users of Batch write, in formulas of our own.
#[test]
fn usual_formulas_give_what_their_authors_mean() {
    let pending = "
        // Follow the waiting tasks, once there are samples enough.
        $share = $PendingTasks.GetSamplePercent(5 * TimeInterval_Minute);
        $tasks = $share < 70 ? max(0, $PendingTasks.GetSample(1))
                             : max($PendingTasks.GetSample(1), avg($PendingTasks.GetSample(5 * TimeInterval_Minute)));
        $TargetDedicatedNodes = min(10, $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes / 2));
        $NodeDeallocationOption = taskcompletion;";
    let on = |samples: &Samples, text: &str| run_on(samples, text).unwrap();
    assert_eq!(on(&samples(), pending).dedicated, 10);
    let none = on(&Samples::default(), pending);
    assert_eq!((none.dedicated, none.error), (1, None), "half of 3 where nothing is known");

    let hours = "
        $now = time();
        $isWorkTime = $now.hour >= 8 && $now.hour < 18 && $now.weekday <= 5;
        $TargetDedicatedNodes = $isWorkTime ? 20:10;";
    assert_eq!(on(&samples(), hours).dedicated, 20);

    let busy = "$TargetDedicatedNodes = min($CPUPercent.GetSample(TimeInterval_Minute * 5)) > 0.7 ?
        $CurrentDedicatedNodes * 1.1 : $CurrentDedicatedNodes - 1;";
    assert_eq!(on(&samples(), busy).dedicated, 3);

    let warm_up = "
        lifespan = time() - time(\"Fri, 15 Jan 2027 07:55:00 GMT\");
        startup = TimeInterval_Minute * 10;
        $TargetDedicatedNodes = lifespan < startup ? 4 :
            (max($RunningTasks.GetSample(startup, 50), $ActiveTasks.GetSample(startup, 50)) == 0 ? 0 : $TargetDedicatedNodes);";
    assert_eq!(on(&Samples::default(), warm_up).dedicated, 4);
    assert_eq!(on(&samples(), "$TargetDedicated=0").results().split(';').next(), Some("$TargetDedicatedNodes=0"));
}

/// Makes texts that are nearly formulas.
fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "x",
        "y",
        "$TargetDedicatedNodes",
        "$TargetLowPriorityNodes",
        "$NodeDeallocationOption",
        "requeue",
        "$PendingTasks",
        "$CurrentDedicatedNodes",
        ".GetSample(",
        ".GetSamplePercent(",
        ".Count()",
        ".hour",
        "TimeInterval_Minute",
        "time(",
        "time()",
        "\"2027-01-01T00:00:00+99999999999999\"",
        "1",
        "0",
        "-",
        "1e300",
        "0.5",
        "+",
        "*",
        "/",
        "<",
        "==",
        "&&",
        "||",
        "!",
        "?",
        ":",
        "(",
        ")",
        ",",
        ";",
        "=",
        "x = ",
        "max(",
        "val(",
        "percentile(",
        "round(",
        "rand()",
        "stop()",
        " ",
        "\n",
    ])
}

fn holds(text: &str) -> Result<(), TestCaseError> {
    let Ok(outcome) = run(text) else { return Ok(()) };
    prop_assert!((0..=1000).contains(&outcome.dedicated) && (0..=1000).contains(&outcome.low_priority));
    prop_assert!(!outcome.results().contains("NaN") && !outcome.results().contains("inf"), "{}", outcome.results());
    Ok(())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,80}") {
        holds(&text)?;
    }

    #[test]
    fn no_sequence_of_tokens_makes_it_panic(tokens in prop::collection::vec(token(), 0..60)) {
        holds(&tokens.concat())?;
    }

    #[test]
    fn no_expression_gives_a_target_that_is_none(
        a in any::<f64>(), b in any::<f64>(), sign in prop::sample::select(vec!["+", "-", "*", "/", "<", "&&"]),
        function in prop::sample::select(vec!["avg", "std", "lg", "round", "norm", "range", "sum", "ln"]),
    ) {
        // Debug writes no infinity that the language reads, so these are refused, and that is well.
        holds(&format!("$TargetDedicatedNodes = {a:?} {sign} {b:?}; x = {function}({a:?}); $TargetLowPriorityNodes = x;"))?;
    }

    #[test]
    fn the_same_arguments_give_the_same_result(seed in any::<u64>()) {
        let formula = Formula::read("x = rand(); $TargetDedicatedNodes = 10 * rand();").unwrap();
        let samples = Samples::default();
        let around = Around { now: NOW, seed, dedicated: 0, low_priority: 0, most_nodes: 5, samples: &samples };
        prop_assert_eq!(formula.run(&around), formula.run(&around));
    }
}
