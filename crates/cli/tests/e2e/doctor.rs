//! `chainrule doctor`.

use crate::harness::{Folder, table};

/// Rows of two numbers and a label that depends on both, none twice.
fn clean() -> String {
    let mut csv = String::from("a,b,y\n");
    for i in 0..300_u32 {
        let (a, b) = (i * 7919 % 307, i * 104_729 % 311);
        let noise = i.wrapping_mul(2_654_435_761) >> 23;
        csv += &format!(
            "{a}.5,{b}.25,{}\n",
            if a + b + noise > 560 { "yes" } else { "no" }
        );
    }
    csv
}

#[test]
fn a_clean_table_gets_one_line() {
    let folder = Folder::new();
    folder.write("t.csv", clean());
    let run = folder.ok("doctor t.csv --target y --strict");
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    assert!(
        run.stdout
            .contains("300 rows, 3 columns (2 numeric, 1 boolean); target \"y\"")
            && run.stdout.contains("nothing found"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.is_empty());
    assert!(
        folder
            .ok("doctor t.csv")
            .stdout
            .contains("name the --target")
    );
    let json = folder.json("doctor t.csv --target y --json --strict");
    assert_eq!(
        (&json["rows"], &json["findings"], &json["is_exact"]),
        (&300.into(), &serde_json::json!([]), &true.into())
    );
    assert_eq!(json["columns"][0]["kind"], "numeric");
    assert_eq!(folder.names(), ["t.csv"]);
}

#[test]
fn findings_have_codes_and_strict_an_exit_code() {
    let folder = Folder::new();
    folder.write("t.csv", clean() + "1,2\n0.5,0.25,no\n");
    let run = folder.ok("doctor t.csv --target y");
    for part in [
        "error    bad-rows",
        "line 302: 2 fields",
        "duplicate-rows",
        "→ ",
        "1 error, 1 warning",
    ] {
        assert!(run.stdout.contains(part), "{part:?} in {}", run.stdout);
    }
    let run = folder.line("doctor t.csv --target y --strict --json");
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stderr, "error: 2 findings in t.csv\n");
    let json = run.json();
    assert_eq!(
        (
            &json["findings"][0]["code"],
            &json["findings"][0]["severity"]
        ),
        (&"bad-rows".into(), &"error".into())
    );
    assert_eq!(json["findings"][0]["lines"], serde_json::json!([302]));
    folder.ok("doctor t.csv --target y --strict --allow bad-rows,duplicate-rows");
    let piped = folder.with_input(
        "doctor - --target y --json",
        (clean() + "1,2\n0.5,0.25,no\n").as_bytes(),
    );
    assert_eq!(piped.json()["findings"], json["findings"]);
    for line in [
        "doctor",
        "doctor t.csv --target z",
        "doctor t.csv --target y --positive nosuch",
        "doctor t.csv --allow nosuch",
        "doctor - --test -",
    ] {
        folder.fails(2, line);
    }
    folder.fails(1, "doctor none.csv");
    folder.write("empty.csv", "");
    folder.fails(1, "doctor empty.csv");
}

#[test]
fn rows_to_test_on_are_compared() {
    let folder = Folder::new();
    folder.write("t.csv", clean());
    folder.ok("split t.csv --target y --validation 0");
    folder.ok("doctor t.train.csv --target y --test t.test.csv --strict");
    let json = folder.json("doctor t.csv --target y --test t.test.csv --json");
    assert_eq!(
        (&json["findings"][0]["code"], &json["findings"][0]["count"]),
        (&"test-overlap".into(), &60.into())
    );
    folder.write("u.csv", table(40, "no", "YES!"));
    let json = folder.json("doctor t.csv --target y --test u.csv --json --allow test-overlap");
    assert_eq!(json["findings"][0]["code"], "test-labels");
}
