use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Filter, NotAFilter> {
    Filter::parse(text, TASK_FIELDS)
}

fn refused(text: &str, at: usize, what: &str) {
    let error = parse(text).expect_err(text);
    assert_eq!(error.at, at, "{text}: {error}");
    assert!(error.what.contains(what), "{text}: {error}");
}

fn compare(field: &'static str, operator: Operator, value: Value) -> Filter {
    Filter::Compare { field, operator, value }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn filters_that_tools_send_are_read() {
    let failed = compare("executionInfo/result", Operator::Eq, text("failure"));
    let completed = compare("state", Operator::Eq, text("completed"));
    let starts = Filter::StartsWith { field: "id", prefix: "a'b".to_owned() };
    assert_eq!(parse("state eq 'completed'"), Ok(completed.clone()));
    assert_eq!(parse("(state eq 'Completed')"), Ok(completed.clone()));
    assert_eq!(parse("executionInfo/result eq 'failure'"), Ok(failed.clone()));
    assert_eq!(parse("startswith(id,'a''b')"), Ok(starts.clone()));
    assert_eq!(
        parse("executionInfo/exitCode le -3"),
        Ok(compare("executionInfo/exitCode", Operator::Le, Value::Int(-3)))
    );
    assert_eq!(
        parse("startswith(id, 'a''b') or state eq 'completed' and executionInfo/result eq 'failure'"),
        Ok(Filter::Any(vec![starts.clone(), Filter::All(vec![completed.clone(), failed.clone()])]))
    );
    assert_eq!(
        parse("(startswith(id,'a''b') or state eq 'completed') and executionInfo/result eq 'failure'"),
        Ok(Filter::All(vec![Filter::Any(vec![starts, completed]), failed]))
    );
}

#[test]
fn times_are_read_in_both_spellings() {
    let expected = compare("creationTime", Operator::Ge, Value::Time(Timestamp::from_secs(1_706_659_200)));
    assert_eq!(parse("creationTime ge DateTime'2024-01-31T00:00:00Z'"), Ok(expected.clone()));
    assert_eq!(parse("creationTime ge datetime'Wed, 31 Jan 2024 00:00:00 GMT'"), Ok(expected));
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    refused("", 1, "expected a property");
    refused("state", 6, "expected `eq`");
    refused("State eq 'active'", 1, "none of the properties");
    refused("state is 'active'", 7, "no operator");
    refused("state gt 'active'", 7, "not supported for `state`");
    refused("state eq 'sleeping'", 10, "no value of `state`");
    refused("state eq active", 10, "single quotes");
    refused("id eq 7", 7, "single quotes");
    refused("executionInfo/exitCode eq '1'", 27, "whole number");
    refused("executionInfo/exitCode eq 1.5", 27, "whole number");
    refused("creationTime gt DateTime'soon'", 17, "no date and time");
    refused("id eq 'a", 7, "not closed");
    refused("(id eq 'a'", 11, "expected `)`");
    refused("id eq 'a')", 10, "expected `and`");
    refused("id eq 'a' state eq 'active'", 11, "expected `and`");
    refused("startswith(state,'a')", 12, "not supported");
    refused("not id eq 'a'", 1, "use `ne`");
    refused("id eq 'é' ; drop", 11, "no meaning");
}

#[test]
fn length_depth_and_number_of_conditions_are_bounded() {
    let deep = format!("{}id eq 'a'{}", "(".repeat(33), ")".repeat(33));
    refused(&deep, 33, "32 deep");
    let wide = vec!["id eq 'a'"; 101].join(" or ");
    refused(&wide, wide.len() - 8, "at most 100");
    refused(&format!("id eq '{}'", "a".repeat(MAX_LENGTH)), MAX_LENGTH, "at most 4096");
}

#[test]
fn what_is_absent_is_unequal_to_everything() {
    let matches = |filter: &str| parse(filter).unwrap().matches(&|name| (name == "id").then(|| text("Task7")));
    assert!(matches("id eq 'task7'"));
    assert!(matches("startswith(id,'TASK')"));
    assert!(matches("id gt 'task6' and id lt 'TASK8'"));
    assert!(matches("executionInfo/result ne 'failure'"));
    assert!(!matches("executionInfo/exitCode lt 5"));
}

#[test]
fn a_list_in_memory_is_cut_into_slices() {
    let cut = |after: Option<&str>, limit| {
        let slice = Slice { filter: None, after: after.map(str::to_owned), limit };
        let stretch = slice.cut(["a", "b", "c"].into_iter(), |name| (*name).to_owned());
        (stretch.items, stretch.next)
    };
    assert_eq!(cut(None, 2), (vec!["a", "b"], Some("b".to_owned())));
    assert_eq!(cut(Some("b"), 2), (vec!["c"], None));
    assert_eq!(cut(None, 3), (vec!["a", "b", "c"], None));
    assert_eq!(cut(Some("x"), 3), (vec![], None));
}

fn write(filter: &Filter) -> String {
    let join = |parts: &[Filter], word: &str| {
        let parts: Vec<_> = parts.iter().map(|part| format!("({})", write(part))).collect();
        parts.join(word)
    };
    match filter {
        Filter::All(parts) => join(parts, " and "),
        Filter::Any(parts) => join(parts, " or "),
        Filter::StartsWith { field, prefix } => format!("startswith({field},'{}')", prefix.replace('\'', "''")),
        Filter::Compare { field, operator, value } => {
            let value = match value {
                Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
                Value::Time(time) => format!("DateTime'{time}'"),
                Value::Bool(flag) => flag.to_string(),
                Value::Int(number) => number.to_string(),
            };
            format!("{field} {} {value}", operator.as_str())
        }
    }
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let operator = || prop::sample::select(Operator::ALL);
    let leaf = prop_oneof![
        (operator(), "[ -~é]{0,6}").prop_map(|(o, t)| compare("id", o, Value::Text(t))),
        (operator(), any::<i64>()).prop_map(|(o, n)| compare("executionInfo/exitCode", o, Value::Int(n))),
        (operator(), 0..2_000_000_000i64).prop_map(|(o, s)| compare(
            "creationTime",
            o,
            Value::Time(Timestamp::from_secs(s))
        )),
        "[ -~]{0,6}".prop_map(|prefix| Filter::StartsWith { field: "id", prefix }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let parts = prop::collection::vec(inner, 2..4);
        prop_oneof![parts.clone().prop_map(Filter::All), parts.prop_map(Filter::Any)]
    })
}

proptest! {
    #[test]
    fn a_filter_that_is_written_reads_as_itself(filter in any_filter()) {
        prop_assert_eq!(parse(&write(&filter)), Ok(filter));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_sequence_of_its_own_words_makes_the_parser_panic(
        words in prop::collection::vec(prop::sample::select(&["(", ")", ",", "id", "eq", "and", "or", "'a'", "-1", "startswith", "DateTime'x'", "'"][..]), 0..20)
    ) {
        let _ = parse(&words.join(" "));
    }
}
