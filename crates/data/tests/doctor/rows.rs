//! Rows that occur more than once, in a table or in the one to test on.

use super::*;

#[test]
fn repeats_are_found() {
    let mut rows = clean();
    rows.push(rows[10].clone());
    let repeat = only(&csv(HEADER, &rows), Code::DuplicateRows);
    assert_eq!((repeat.count, repeat.lines), (Some(1), vec![12, 402]));
    let mut other = rows[10].clone();
    other[3] = if other[3] == "yes" {
        "no".into()
    } else {
        "yes".into()
    };
    rows.pop();
    rows.push(other);
    let conflict = only(&csv(HEADER, &rows), Code::ConflictingRows);
    assert_eq!((conflict.count, conflict.lines), (Some(2), vec![12]));
    let copied = only(
        &with_column("years", |_, row| format!("{}.0", row[0])),
        Code::DuplicateColumns,
    );
    assert_eq!(copied.columns, ["age", "years"]);
}

#[test]
fn a_test_table_is_compared() {
    let rows = clean();
    let table = csv(HEADER, &rows[..300]);
    let test = |test: &str| look(&table, Some(test), &for_target("ill")).findings;
    assert_eq!(test(&csv(HEADER, &rows[300..])), []);
    // In another order of columns, without labels, and with numbers spelled otherwise.
    let mut some: Vec<Vec<String>> = rows[300..].to_vec();
    some.extend_from_slice(&rows[20..25]);
    let turned = some
        .iter()
        .map(|row| vec![row[2].clone(), format!("{}.0", row[0]), row[1].clone()]);
    let found = test(&csv("site,age,dose", &turned.collect::<Vec<_>>()));
    assert_eq!(codes(&found), [Code::TestOverlap]);
    assert_eq!(
        (found[0].count, found[0].lines.as_slice()),
        (Some(5), [102].as_slice())
    );
    let found = test("age,site,ill\n1,2,no\n");
    assert_eq!(codes(&found), [Code::TestColumns]);
    assert_eq!(found[0].columns, ["dose"]);
    let spelled = csv(HEADER, &rows[300..])
        .replace("yes", "Yes")
        .replace("site 2", "Site 2");
    let found = test(&spelled);
    assert_eq!(codes(&found), [Code::TestLabels, Code::TestLevels]);
    assert!(found[0].message.contains("\"Yes\""), "{found:?}");
    assert_eq!(found[1].columns, ["site"]);
}

#[test]
fn a_table_larger_than_what_is_kept_gives_estimates() {
    // Each row twice, in an order that parts them.
    let rows = 480_000_u64;
    let mut text = String::from("a,b,y\n");
    for i in (0..rows).chain(0..rows) {
        let a = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        text += &format!("{a},{}.5,{}\n", i % 1000, a % 2);
    }
    let found = look(&text, None, &for_target("y"));
    assert!(!found.is_exact);
    assert_eq!(found.rows as u64, 2 * rows);
    let repeats = found
        .findings
        .iter()
        .find(|finding| finding.code == Code::DuplicateRows)
        .unwrap();
    let error = repeats.count.unwrap() as f64 / rows as f64 - 1.0;
    assert!(error.abs() < 0.02, "{error}");
    assert_eq!(found.columns[1].distinct, 1000);
    assert!(!found.columns[0].distinct_is_exact);
}

#[test]
fn a_repeat_counts_whichever_label_came_first() {
    let mut rows = clean();
    let mut other = rows[10].clone();
    other[3] = if other[3] == "yes" {
        "no".into()
    } else {
        "yes".into()
    };
    rows.extend([other.clone(), other]);
    let found = findings(&csv(HEADER, &rows));
    assert_eq!(codes(&found), [Code::DuplicateRows, Code::ConflictingRows]);
    assert_eq!(
        (found[0].count, found[0].lines.as_slice()),
        (Some(1), [402, 403].as_slice())
    );
    assert_eq!(
        (found[1].count, found[1].lines.as_slice()),
        (Some(3), [12].as_slice())
    );
}

#[test]
fn every_unknown_label_counts_and_ten_are_shown() {
    let rows = clean();
    let table = csv(HEADER, &rows[..300]);
    let mut test = rows[300..].to_vec();
    (0..100)
        .filter(|at| at % 5 > 0)
        .for_each(|at| test[at][3] = format!("label {}", at % 16));
    let found = look(&table, Some(&csv(HEADER, &test)), &for_target("ill")).findings;
    assert_eq!(codes(&found), [Code::TestLabels]);
    assert_eq!(found[0].count, Some(80));
    assert!(
        found[0].message.contains(", and 6 more; known are"),
        "{}",
        found[0].message
    );
}

#[test]
fn the_tables_may_be_written_differently() {
    // Points and commas, another delimiter, another order, other spellings of the same numbers.
    let table = "a,b,ill\n".to_owned()
        + &(1..120)
            .map(|i| format!("{}.5,{}e0,{}\n", i, i * 7919 % 127, i % 2))
            .collect::<String>();
    let test = "b;a\n".to_owned()
        + &(1..=10)
            .map(|i| format!("+{};{i},50\n", i * 7919 % 127))
            .collect::<String>()
        + &(1..=30)
            .map(|i| format!("{};{i},25\n", i * 7919 % 127))
            .collect::<String>();
    let found = look(&table, Some(&test), &for_target("ill")).findings;
    assert_eq!(codes(&found), [Code::TestOverlap]);
    assert_eq!(
        (found[0].count, found[0].lines.as_slice()),
        (Some(10), [2].as_slice())
    );
}
