//! Schemas found out, written down, and tables read with them.

use super::*;
use crate::error::{ErrorKind, Problem};

fn table(text: &str) -> Table {
    Table::from_csv("t.csv", text.as_bytes()).unwrap()
}

#[test]
fn columns_are_matched_by_name() {
    let schema = Schema::infer(&table("a,b,y\n1,2,0\n3,4,1\n"), "y", None).unwrap();
    let other = table("y,b,extra,a\n1,20,text,10\n0,40,,30\n");
    let data = schema.encode(&other).unwrap();
    assert_eq!(data.features().as_slice(), [10.0, 20.0, 30.0, 40.0]);
    assert_eq!(data.labels(), [true, false]);
}

#[test]
fn missing_columns_are_named() {
    let schema = Schema::infer(&table("age,b,y\n1,2,0\n3,4,1\n"), "y", None).unwrap();
    let error = schema.encode(&table("Age,y\n1,0\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv: columns of the model not in the table: \"age\" (did you mean \"Age\"?), \"b\"; the table has \"Age\", \"y\""
    );
    assert!(schema.encode_features(&table("age,b\n1,0\n")).is_ok());
    assert!(schema.encode(&table("age,b\n1,0\n")).is_err());
}

#[test]
fn rows_without_label_are_left_out_with_whatever_is_wrong_in_them() {
    let file = table("x,y\n1,a\nabc,\n3,b\n4,NA\n");
    let schema = Schema::infer(&file, "y", None).unwrap();
    let data = schema.encode(&file).unwrap();
    assert_eq!(data.features().as_slice(), [1.0, 3.0]);
    assert_eq!(
        (data.rows_without_label(), data.row_number(1), data.line(1)),
        (2, 3, Some(4))
    );
    assert!(schema.encode_features(&file).is_err());
    let error = schema.encode(&table("x,y\n1,\n2,\n")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoLabels { rows: 2, .. }));
}

#[test]
fn cells_that_are_no_numbers_are_listed_by_column() {
    let file = table("x,y,z\n1,a,inf\nabc,b,2\ndef,a,\n7,b,3\n");
    let error = Schema::infer(&file, "y", None).unwrap_err();
    let ErrorKind::BadCells(columns) = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(columns.len(), 1);
    assert_eq!(
        columns[0].first,
        [(3, "abc".to_owned()), (4, "def".to_owned())]
    );
    let options = SchemaOptions {
        categorical: vec!["x".into()],
        ..SchemaOptions::default()
    };
    let schema = Schema::infer_with(&file, "y", &options).unwrap().schema;
    let error = schema.encode(&file).unwrap_err();
    let ErrorKind::BadCells(columns) = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(
        (columns[0].problem, &*columns[0].name),
        (Problem::Infinite, "z")
    );
}

#[test]
fn columns_are_what_they_look_like_or_what_is_said() {
    let text = "n,b,c,d,id,e,code,y\n1,yes,red,2024-01-02,u1,,1,0\n2.5,no,blue,2024-02-03,u2,,2,1\n,YES,red,2024-03-04,u3,,1,0\n4,no,green,,u4,,2,1\n";
    let file = table(text);
    let kinds = |options: &SchemaOptions| -> Vec<(String, &'static str)> {
        let schema = Schema::infer_with(&file, "y", options).unwrap().schema;
        schema
            .features()
            .iter()
            .map(|feature| (feature.name.clone(), feature.kind.name()))
            .collect()
    };
    let pair = |name: &str, kind| (name.to_owned(), kind);
    let expected = [
        pair("n", "numeric"),
        pair("b", "boolean"),
        pair("c", "categorical"),
        pair("d", "date"),
        pair("code", "numeric"),
    ];
    assert_eq!(kinds(&SchemaOptions::default()), expected);
    let notes: Vec<String> = Schema::infer_with(&file, "y", &SchemaOptions::default())
        .unwrap()
        .notes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        notes[0].starts_with("column \"id\" has a text of its own in every row"),
        "{notes:?}"
    );
    assert!(
        notes[1].starts_with("column \"e\" has no value in any row"),
        "{notes:?}"
    );
    assert!(
        notes[2].contains("2 values missing") && notes[2].contains("\"n\", \"d\""),
        "{notes:?}"
    );
    let options = SchemaOptions {
        ignore: vec!["b".into(), "d".into()],
        categorical: vec!["code".into(), "id".into()],
        ..SchemaOptions::default()
    };
    let expected = [
        pair("n", "numeric"),
        pair("c", "categorical"),
        pair("id", "categorical"),
        pair("code", "categorical"),
    ];
    assert_eq!(kinds(&options), expected);
    let data = Schema::infer_with(&file, "y", &options)
        .unwrap()
        .schema
        .encode(&file)
        .unwrap();
    assert_eq!(data.levels(1), ["red", "blue", "green"]);
    assert_eq!(data.levels(3), ["1", "2"]);
    assert!(data.features()[(0, 2)].is_nan());
    let wrong = |options: SchemaOptions| Schema::infer_with(&file, "y", &options).unwrap_err();
    assert!(matches!(
        wrong(SchemaOptions {
            numeric: vec!["x".into()],
            ..SchemaOptions::default()
        })
        .kind(),
        ErrorKind::UnknownColumn { .. }
    ));
    let options = SchemaOptions {
        numeric: vec!["c".into()],
        ..SchemaOptions::default()
    };
    let schema = Schema::infer_with(&file, "y", &options).unwrap().schema;
    assert!(schema.encode(&file).is_err());
}

#[test]
fn a_file_says_what_columns_are() {
    let file = table("g,d,x,y\nlow,1,5,0\nhigh,2,6,1\nlow,1,7,0\nmid,2,8,1\n");
    let declare = |kind: &str, levels: &[&str]| {
        let column = SchemaColumn {
            name: "g".into(),
            kind: kind.into(),
            levels: levels.iter().map(|&level| level.to_owned()).collect(),
        };
        let file = SchemaFile {
            columns: vec![column],
            ..SchemaFile::default()
        };
        SchemaOptions {
            file: Some(file),
            ..SchemaOptions::default()
        }
    };
    let schema = |options| Schema::infer_with(&file, "y", &options).map(|inferred| inferred.schema);
    let ordinal = schema(declare("ordinal", &["low", "mid", "high"])).unwrap();
    let row: Vec<f64> = ordinal
        .encode(&file)
        .unwrap()
        .features()
        .row(0)
        .iter()
        .copied()
        .collect();
    assert_eq!(row, [0.0, 2.0, 0.0, 1.0]);
    let unknown = ordinal
        .encode_features(&table("g,d,x\nhuge,1,1\n"))
        .unwrap_err();
    assert!(
        unknown
            .to_string()
            .contains("\"huge\" is none of the levels"),
        "{unknown}"
    );
    let written = SchemaFile::of(&ordinal, &file);
    assert_eq!(
        schema(SchemaOptions {
            file: Some(written),
            ..SchemaOptions::default()
        })
        .unwrap(),
        ordinal
    );
    for wrong in [
        declare("ordinal", &["low"]),
        declare("date", &[]),
        declare("number", &[]),
    ] {
        assert!(matches!(
            schema(wrong).unwrap_err().kind(),
            ErrorKind::Declared { .. }
        ));
    }
    assert!(
        schema(declare("boolean", &[]))
            .unwrap()
            .encode(&file)
            .is_err()
    );
}

#[test]
fn without_a_header_columns_are_matched_by_position() {
    let train = table("1,a,5\n2,b,6\n3,a,7\n4,b,5\n");
    assert!(!train.has_header());
    let schema = Schema::infer(&train, "c2", None).unwrap();
    let features = |text: &str| {
        schema
            .encode_features(&table(text))
            .map(|data| data.features().as_slice().to_vec())
    };
    assert_eq!(features("9,x,8\n9,y,7\n").unwrap(), [9.0, 8.0, 9.0, 7.0]);
    // Without the target, which stood between the two.
    assert_eq!(features("9.5,8\n9.5,7\n").unwrap(), [9.5, 8.0, 9.5, 7.0]);
    assert_eq!(features("p,q,r\n9.5,x,8\n").unwrap(), [9.5, 8.0]);
    assert_eq!(features("c3,c1\n8,9\n").unwrap(), [9.0, 8.0]);
    assert!(features("1.5\n2\n").is_err());
    let named = Schema::infer(&table("u,y,v\n1,a,5\n2,b,6\n"), "y", None).unwrap();
    let bare = table("1.5,a,5\n2,b,6\n");
    assert_eq!(
        named.encode(&bare).unwrap().features().as_slice(),
        [1.5, 5.0, 2.0, 6.0]
    );
    assert_eq!(named.target_in(&bare).unwrap(), "c2");
}

#[test]
fn a_positive_label_can_be_set_against_the_rest() {
    let file = table("x,y\n1,a\n2,b\n3,c\n4,a\n");
    let schema = Schema::infer(&file, "y", Some("a")).unwrap();
    assert_eq!(
        (schema.labels().of(true), schema.labels().of(false)),
        ("a", "not a")
    );
    assert_eq!(
        schema.encode(&file).unwrap().labels(),
        [true, false, false, true]
    );
    assert_eq!(
        schema.encode(&table("x,y\n1,z\n2,a\n")).unwrap().labels(),
        [false, true]
    );
    assert!(matches!(
        Schema::infer(&file, "y", Some("z")).unwrap_err().kind(),
        ErrorKind::UnknownPositive { .. }
    ));
    assert!(matches!(
        Schema::infer(&file, "y", None).unwrap_err().kind(),
        ErrorKind::ManyLabels { .. }
    ));
}

#[test]
fn labels_can_be_mapped() {
    let schema = Schema::infer(&table("x,y\n1,>50K\n2,<=50K\n"), "y", None).unwrap();
    let mut test = table("x,y\n1, >50K.\n2, <=50K.\n3,>50K\n");
    let pairs =
        [(">50K.", ">50K"), ("<=50K.", "<=50K")].map(|(from, to)| (from.to_owned(), to.to_owned()));
    assert_eq!(test.map_labels("y", &pairs).unwrap(), 2);
    assert_eq!(schema.encode(&test).unwrap().labels(), [true, false, true]);
}

#[test]
fn rows_with_bad_cells_are_left_out_if_asked() {
    let options = crate::CsvOptions {
        on_bad: crate::OnBad::Skip,
        ..Default::default()
    };
    let text = "x,y\n1,a\nabc,b\n3,b\ninf,a\n5,a\n6,\n";
    let file = Table::from_csv_with("t.csv", text.as_bytes(), &options).unwrap();
    let data = Schema::infer(&file, "y", None)
        .unwrap()
        .encode(&file)
        .unwrap();
    assert_eq!(data.features().as_slice(), [1.0, 3.0, 5.0]);
    assert_eq!(
        (
            data.rows_with_bad_cells(),
            data.rows_without_label(),
            data.line(1)
        ),
        (2, 1, Some(4))
    );
}

#[test]
fn a_table_that_is_not_needed_gives_its_memory() {
    for text in [
        "y,a,b\na,1,2\nb,3,4\n,5,6\na,,8\n",
        "a,b,y\n1,007,a\n3,x,b\n1,x,a\n",
        "b,y\n1,a\n2,b\n3,\n",
    ] {
        let file = table(text);
        let schema = Schema::infer(&file, "y", None).unwrap();
        assert_eq!(
            schema.encode_owned(file.clone()).unwrap(),
            schema.encode(&file).unwrap()
        );
    }
}

#[test]
fn old_schemas_are_read() {
    #[derive(Serialize)]
    enum Old {
        V1 {
            features: Vec<Feature>,
            target: String,
            labels: (String, String),
        },
    }
    let features = vec![Feature {
        name: "a".into(),
        kind: FeatureKind::Numeric,
    }];
    let old = Old::V1 {
        features,
        target: "y".into(),
        labels: ("no".into(), "yes".into()),
    };
    let text = serde_json::to_string(&old).unwrap();
    let schema: Schema = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (
            schema.target(),
            schema.labels().of(true),
            schema.has_header()
        ),
        ("y", "yes", true)
    );
    assert_eq!(
        schema.encode(&table("a,y\n1,no\n2,yes\n")).unwrap().len(),
        2
    );
}

#[test]
fn what_is_stored_is_checked() {
    let schema = Schema::infer(&table("a,b,y\n1,2,no\n3,4,yes\n"), "y", None).unwrap();
    let text = serde_json::to_string(&schema).unwrap();
    assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), schema);
    for (from, to) in [
        ("\"b\"", "\"a\""),
        ("\"target\":\"y\"", "\"target\":\"a\""),
        ("yes", "no"),
    ] {
        let wrong = text.replace(from, to);
        assert_ne!(wrong, text);
        assert!(serde_json::from_str::<Schema>(&wrong).is_err(), "{wrong}");
    }
}

fn kinds(text: &str) -> Vec<&'static str> {
    let schema = Schema::infer(&table(text), "y", None).unwrap();
    schema
        .features()
        .iter()
        .map(|feature| feature.kind.name())
        .collect()
}

fn problems(text: &str) -> Vec<(Problem, usize)> {
    let error = Schema::infer(&table(text), "y", None).unwrap_err();
    let ErrorKind::BadCells(columns) = error.kind() else {
        panic!("{error}")
    };
    columns
        .iter()
        .map(|column| (column.problem, column.count))
        .collect()
}

#[test]
fn truth_is_spelled_in_words_and_digits() {
    let csv = "a,b,y\ntrue,1,0\n1,no,1\nfalse,0,0\n0,1,1\n";
    assert_eq!(kinds(csv), ["boolean", "boolean"]);
    let file = table(csv);
    let data = Schema::infer(&file, "y", None)
        .unwrap()
        .encode(&file)
        .unwrap();
    assert_eq!(data.features().as_slice(), [1., 1., 1., 0., 0., 0., 0., 1.]);
    // 2 is neither.
    assert_eq!(problems("a,y\ntrue,0\n2,1\n0,0\n"), [(Problem::Text, 1)]);
    assert_eq!(kinds("a,y\nyes,0\nno,1\n2,0\nyes,1\n"), ["categorical"]);
}

#[test]
fn texts_that_are_nearly_numbers_or_dates_are_no_names() {
    let csv = "a;y\n1,234;0\n5,678;1\n1,234;0\n";
    assert_eq!(problems(csv), [(Problem::OtherMarks, 3)]);
    assert_eq!(problems("a,y\n$5,0\n$6,1\n$5,0\n"), [(Problem::Sign, 3)]);
    assert_eq!(
        problems("a,y\n5%,0\n6%,1\nfree,0\n7,1\n"),
        [(Problem::Sign, 2), (Problem::Text, 1)]
    );
    let dates = "a,y\n2024-01-01,0\n2024-02-30,1\nsoon,0\n2024-03-01,1\n2024-03-02,1\n20240303,0\n";
    assert_eq!(problems(dates), [(Problem::NotDate, 3)]);
    // Half of them is most; less is a column of names with some dates.
    assert_eq!(
        problems("a,y\n2024-01-01,0\n2/1/2024,1\n"),
        [(Problem::NotDate, 1)]
    );
    assert_eq!(
        kinds("a,y\n2024-01-01,0\nsoon,1\nlater,0\nsoon,1\n"),
        ["categorical"]
    );
    // What is said counts.
    let options = SchemaOptions {
        categorical: vec!["a".into()],
        ..SchemaOptions::default()
    };
    for csv in [csv, dates] {
        assert!(Schema::infer_with(&table(csv), "y", &options).is_ok());
    }
    // In new rows as well.
    let schema = Schema::infer(&table("a,y\n1,0\n2,1\n"), "y", None).unwrap();
    let error = schema.encode_features(&table("a\n5%\n")).unwrap_err();
    assert!(
        error.to_string().contains("a sign that numbers don't have"),
        "{error}"
    );
}

#[test]
fn names_that_are_one_number_are_not_constant() {
    let file = table("z,y\n00501,0\n501,1\n00501,0\n");
    let options = SchemaOptions {
        categorical: vec!["z".into()],
        ..SchemaOptions::default()
    };
    let inferred = Schema::infer_with(&file, "y", &options).unwrap();
    assert_eq!(inferred.notes, []);
    let same = table("z,y\n00501,0\n00501,1\n");
    let inferred = Schema::infer_with(&same, "y", &options).unwrap();
    assert_eq!(inferred.notes, [ColumnNote::Constant(vec!["z".into()])]);
}

#[test]
fn a_column_is_declared_once_and_is_there() {
    let file = table("a,b,y\n1,2,0\n3,4,1\n");
    let error = |change: fn(&mut SchemaOptions)| {
        let mut options = SchemaOptions::default();
        change(&mut options);
        Schema::infer_with(&file, "y", &options)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error(|options| options.ignore = vec!["y".into()]),
        "t.csv: column \"y\": it is to be the target and ignored; it can't be both"
    );
    assert!(
        error(|options| {
            options.numeric = vec!["a".into()];
            options.categorical = vec!["b".into(), "a".into()];
        })
        .contains("categorical and numeric")
    );
    let column = |name: &str, kind: &str, levels: &[&str]| SchemaColumn {
        name: name.to_owned(),
        kind: kind.to_owned(),
        levels: levels.iter().map(|&level| level.to_owned()).collect(),
    };
    let with = |columns: Vec<SchemaColumn>| SchemaOptions {
        file: Some(SchemaFile {
            target: "y".to_owned(),
            positive: Some("0".to_owned()),
            columns,
            ..SchemaFile::default()
        }),
        ..SchemaOptions::default()
    };
    for (columns, part) in [
        (
            vec![column("aa", "ignore", &[])],
            "no column \"aa\"; did you mean \"a\"?",
        ),
        (
            vec![column("a", "numeric", &[]), column("a", "ignore", &[])],
            "twice",
        ),
        (vec![column("a", "numeric", &["1", "3"])], "levels"),
    ] {
        let error = Schema::infer_with(&file, "y", &with(columns)).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    // The positive label of the file is one of its target's.
    let inferred = Schema::infer_with(&file, "b", &with(Vec::new())).unwrap();
    assert_eq!(inferred.schema.labels().positive, "4");
    let inferred = Schema::infer_with(&file, "y", &with(Vec::new())).unwrap();
    assert_eq!(inferred.schema.labels().positive, "0");
}

#[test]
fn a_name_of_several_columns_is_no_target() {
    let renamed = |text: &str| {
        let options = crate::CsvOptions {
            names: crate::Names::Rename,
            ..crate::CsvOptions::default()
        };
        Table::from_csv_with("t.csv", text.as_bytes(), &options).unwrap()
    };
    let file = renamed("y,x,y\n1,2,0\n3,4,1\n");
    let error = file.target(Some("y")).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::AmbiguousColumn { .. }),
        "{error}"
    );
    assert!(file.clone().weighted_by("y").is_err());
    // By its number or its new name it is one of them.
    assert_eq!(file.target(Some("1")).unwrap(), Some("y"));
    assert_eq!(file.target(Some("y_2")).unwrap(), Some("y_2"));
    assert_eq!(file.target(Some("x")).unwrap(), Some("x"));
    let by_number = Schema::infer(&file, "y", None).unwrap();
    assert!(by_number.encode(&file).is_ok());
    // A model of one such column can't tell which it is in another table.
    let schema = Schema::infer(&table("x,y\n2,0\n4,1\n"), "y", None).unwrap();
    assert!(schema.encode(&file).is_err() && schema.encode_features(&file).is_ok());
}
